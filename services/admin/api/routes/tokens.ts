import Type from 'typebox';
import type { StoredApiToken } from '../../../shared/platform/mongo/api-tokens.js';
import { ApiTokenListSchema, CreatedApiTokenSchema, NewApiTokenSchema, type ApiToken } from '../../contract/session.js';
import type { AuditAction } from '../../contract/audit.js';
import { ApiError, notFound } from '../api-error.js';
import { newToken, prefixOf } from '../identity/api-token.js';
import { principalOf, type Principal } from '../principal.js';
import { at, type Routes } from '../route.js';

export interface TokenRoutePorts {
  readonly list: (companyId: string, now: Date) => Promise<readonly StoredApiToken[]>;
  /** Stores it together with the entry of the audit log. */
  readonly create: (token: StoredApiToken, entry: TokenAuditEntry) => Promise<'created' | 'full'>;
  /** False when the company has no such token. */
  readonly revoke: (companyId: string, id: string, entry: Omit<TokenAuditEntry, 'before'>) => Promise<boolean>;
}

export interface TokenAuditEntry {
  readonly companyId: string;
  readonly at: Date;
  readonly actor: Principal['actor'];
  readonly action: AuditAction;
  readonly webhookId: null;
  readonly before: null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly requestId: string;
}

const DEFAULT_DAYS = 90;
const DAY_MS = 24 * 3_600_000;

/** API tokens of the company: shown once, stored as a hash. */
export function tokenRoutes({ list, create, revoke }: TokenRoutePorts): Routes {
  return (api) => {
    api.route({
      ...at('tokens.list'),
      schema: { tags: ['API tokens'], summary: 'The company’s API tokens', response: { 200: ApiTokenListSchema } },
      handler: async (request) => ({
        items: (await list(principalOf(request).companyId, new Date())).map(shown),
      }),
    });
    api.route({
      ...at('tokens.create'),
      schema: {
        tags: ['API tokens'],
        summary: 'Create an API token',
        body: NewApiTokenSchema,
        response: { 201: CreatedApiTokenSchema },
      },
      handler: async (request, reply) => {
        const { companyId, actor } = principalOf(request);
        const { name, expiresInDays = DEFAULT_DAYS } = request.body;
        const { id, hash, token } = newToken();
        const now = new Date();
        const expiresAt = new Date(now.getTime() + expiresInDays * DAY_MS);
        const stored = {
          id,
          companyId,
          hash,
          name,
          createdBy: actor.name,
          createdAt: now,
          expiresAt,
          lastUsedAt: null,
        };
        const after = { id: prefixOf(id), name, expiresAt: expiresAt.toISOString() };
        const entry = { companyId, at: now, actor, webhookId: null, before: null, after, requestId: request.id };
        if ((await create(stored, { ...entry, action: 'token.created' })) === 'full')
          throw new ApiError('conflict', 'A company can have 20 API tokens: revoke one first.');
        void reply.code(201).header('cache-control', 'no-store');
        return { token, details: shown(stored) };
      },
    });
    api.route({
      ...at('tokens.revoke'),
      schema: {
        tags: ['API tokens'],
        summary: 'Revoke an API token',
        params: Type.Object({ tokenId: Type.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: false }),
        response: { 204: Type.Null() },
      },
      handler: async (request, reply) => {
        const { companyId, actor } = principalOf(request);
        const entry = { companyId, at: new Date(), actor, webhookId: null, after: null, requestId: request.id };
        const isDone = await revoke(companyId, request.params.tokenId, { ...entry, action: 'token.revoked' });
        if (!isDone) throw notFound('API token');
        return reply.code(204).send(null);
      },
    });
  };
}

function shown({ id, name, createdAt, createdBy, expiresAt, lastUsedAt }: StoredApiToken): ApiToken {
  return {
    id,
    name,
    prefix: prefixOf(id),
    createdAt: createdAt.toISOString(),
    createdBy,
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
