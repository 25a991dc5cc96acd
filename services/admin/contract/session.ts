import Type, { type Static } from 'typebox';

export const RoleSchema = Type.Enum(['owner', 'admin'], { description: 'Other roles have no access.' });

export const SignInSchema = Type.Object(
  {
    email: Type.String({ minLength: 3, maxLength: 254 }),
    password: Type.String({ minLength: 1, maxLength: 1_024 }),
  },
  { $id: 'SignIn', additionalProperties: false },
);

/** Who is signed in. */
export const SessionSchema = Type.Object(
  {
    user: Type.Object(
      { id: Type.String(), name: Type.String(), email: Type.String(), role: RoleSchema },
      { additionalProperties: false },
    ),
    company: Type.Object({ id: Type.String(), name: Type.String() }, { additionalProperties: false }),
    via: Type.Enum(['session', 'jwt', 'token']),
    csrfToken: Type.Union([Type.String(), Type.Null()], {
      description: 'To be sent as x-csrf-token with every change that a session cookie authenticates; null otherwise.',
    }),
    expiresAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { $id: 'Session', additionalProperties: false },
);

/** How one signs in here, for a console that nobody has signed in to yet. */
export const SignInMethodSchema = Type.Object(
  { authentication: Type.Enum(['local', 'jwt']) },
  { $id: 'SignInMethod', additionalProperties: false },
);

export const ApiTokenSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    prefix: Type.String({ description: 'The beginning of the token, to recognise it by.' }),
    createdAt: Type.String({ format: 'date-time' }),
    createdBy: Type.String(),
    expiresAt: Type.String({ format: 'date-time' }),
    lastUsedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { $id: 'ApiToken', additionalProperties: false },
);

export const ApiTokenListSchema = Type.Object(
  { items: Type.Array(ApiTokenSchema) },
  { $id: 'ApiTokenList', additionalProperties: false },
);

export const NewApiTokenSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '^\\P{Cc}+$' }),
    expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 730, description: '90 when absent.' })),
  },
  { $id: 'NewApiToken', additionalProperties: false },
);

export const CreatedApiTokenSchema = Type.Object(
  {
    token: Type.String({ description: 'Shown this once. Sent as "authorization: Bearer …".' }),
    details: ApiTokenSchema,
  },
  { $id: 'CreatedApiToken', additionalProperties: false },
);

export type Role = Static<typeof RoleSchema>;
export type SignIn = Static<typeof SignInSchema>;
export type Session = Static<typeof SessionSchema>;
export type SignInMethod = Static<typeof SignInMethodSchema>;
export type ApiToken = Static<typeof ApiTokenSchema>;
export type ApiTokenList = Static<typeof ApiTokenListSchema>;
export type NewApiToken = Static<typeof NewApiTokenSchema>;
export type CreatedApiToken = Static<typeof CreatedApiTokenSchema>;
