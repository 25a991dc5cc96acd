import { randomBytes } from 'node:crypto';
import { ApiTokenStore } from '../../shared/platform/mongo/api-tokens.js';
import { AuditLog } from '../../shared/platform/mongo/audit-log.js';
import { CompanyStore } from '../../shared/platform/mongo/companies.js';
import { newToken, prefixOf } from '../api/identity/api-token.js';
import type { Command, CommandContext } from './command.js';
import { UsageError } from './usage-error.js';

const TOKEN_DAYS_MS = 90 * 24 * 3_600_000;

export const createCompany: Command = {
  values: ['company', 'name'],
  flags: [],
  run: async ({ db, print }, given) => {
    const [id, name] = [given.value('company'), given.value('name')];
    if ((await new CompanyStore(db).create(id, name, new Date())) === 'exists')
      throw new UsageError(`Company ${id} has a name already.`);
    print(`Company ${id} (${name}) was created.`);
  },
};

/** A token for a program of the company, until its Owner makes one; the company's audit log tells of it. */
export const createToken: Command = {
  values: ['company', 'name'],
  flags: [],
  run: async ({ db, print }, given) => {
    const [companyId, name] = [given.value('company'), given.value('name')];
    await assertCompany(db, companyId);
    const { id, hash, token } = newToken();
    const now = new Date();
    const expiresAt = new Date(now.getTime() + TOKEN_DAYS_MS);
    const actor = { kind: 'user', id: 'operator', name: 'Operator' } as const;
    const stored = { id, companyId, hash, name, createdBy: actor.name, createdAt: now, expiresAt, lastUsedAt: null };
    const after = { id: prefixOf(id), name, expiresAt: expiresAt.toISOString() };
    const entry = { companyId, at: now, actor, action: 'token.created', webhookId: null, before: null, after };
    const requestId = `cli_${randomBytes(9).toString('base64url')}`;
    const audit = new AuditLog(db);
    const result = await new ApiTokenStore(db).create(stored, (options) =>
      audit.record({ ...entry, requestId }, options),
    );
    if (result === 'full') throw new UsageError(`Company ${companyId} has 20 API tokens: one must be revoked first.`);
    print(`Token, shown this once and valid until ${expiresAt.toISOString().slice(0, 10)}: ${token}`);
  },
};

/** @throws UsageError when nobody created the company, and it has no webhook either */
export async function assertCompany(db: CommandContext['db'], companyId: string): Promise<void> {
  if (!(await new CompanyStore(db).exists(companyId)))
    throw new UsageError(`There is no company ${companyId}: create it first with create-company.`);
}
