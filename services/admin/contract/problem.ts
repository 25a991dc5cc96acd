import Type, { type Static } from 'typebox';

/** One wrong field of a request: where it stands, and a sentence that a console can show as it is. */
export const FieldFaultSchema = Type.Object(
  {
    pointer: Type.String({ description: 'JSON pointer (RFC 6901) into the request, such as /headers/0/name.' }),
    code: Type.String({ description: 'Constant; for programs.' }),
    message: Type.String({ description: 'A sentence for people.' }),
  },
  { $id: 'FieldFault', additionalProperties: false },
);

/** The answer to every request that is refused: RFC 9457, `application/problem+json`. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'URN that names the kind of problem; constant.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    requestId: Type.String({ description: 'Names the request in our logs.' }),
    errors: Type.Optional(Type.Array(FieldFaultSchema, { description: 'All wrong fields at once.' })),
  },
  { $id: 'Problem', additionalProperties: false },
);

export type FieldFault = Static<typeof FieldFaultSchema>;
export type Problem = Static<typeof ProblemSchema>;
