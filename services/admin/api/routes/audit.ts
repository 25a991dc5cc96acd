import {
  AuditPageQuerySchema,
  AuditPageSchema,
  type AuditAction,
  type AuditEntry,
  type AuditPageQuery,
} from '../../contract/audit.js';
import { cursorOf, placeOf, type AuditPlace } from '../audit-cursor.js';
import { principalOf } from '../principal.js';
import { at, type Routes } from '../route.js';

export interface AuditPorts {
  /** Newest first, at most `limit`, from after the place on. */
  readonly page: (companyId: string, options: AuditPageOptions) => Promise<readonly AuditPageEntry[]>;
}

export interface AuditPageOptions {
  readonly webhookId?: string;
  readonly after?: AuditPlace;
  readonly limit: number;
}

type AuditPageEntry = Omit<AuditEntry, 'at' | 'action'> & { readonly at: Date; readonly action: string };

const DEFAULT_LIMIT = 50;

/** The audit log of the company, for its Owner: newest first, page by page. */
export function auditRoutes({ page }: AuditPorts): Routes {
  return (api) => {
    api.route({
      ...at('audit.list'),
      schema: {
        tags: ['Audit log'],
        summary: 'Who did what, newest first',
        querystring: AuditPageQuerySchema,
        response: { 200: AuditPageSchema },
      },
      handler: async (request) => {
        const { limit = DEFAULT_LIMIT, ...query } = request.query;
        const { companyId } = principalOf(request);
        // One more than asked tells whether there is a next page.
        const found = await page(companyId, { ...optionsOf(query), limit: limit + 1 });
        const items = found.slice(0, limit);
        const last = items.at(-1);
        const nextCursor = found.length > limit && last !== undefined ? cursorOf(last) : null;
        return { items: items.map(entryOf), nextCursor };
      },
    });
  };
}

function optionsOf({ webhookId, cursor }: Omit<AuditPageQuery, 'limit'>): Omit<AuditPageOptions, 'limit'> {
  return {
    ...(webhookId === undefined ? {} : { webhookId }),
    ...(cursor === undefined ? {} : { after: placeOf(cursor) }),
  };
}

function entryOf({ id, at: when, actor, action, webhookId, before, after, requestId }: AuditPageEntry): AuditEntry {
  const { kind, id: actorId, name } = actor;
  return {
    id,
    at: when.toISOString(),
    actor: { kind, id: actorId, name },
    action: action as AuditAction,
    webhookId,
    before,
    after,
    requestId,
  };
}
