import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Db } from 'mongodb';
import { createPasswords } from '../../../services/admin/api/identity/passwords.js';
import { CompanyStore } from '../../../services/shared/platform/mongo/companies.js';
import { UserStore } from '../../../services/shared/platform/mongo/users.js';

/** A person who can sign in to the demo's console. */
export interface DemoUser {
  readonly companyId: string;
  readonly company: string;
  readonly email: string;
  readonly name: string;
  readonly role: 'owner' | 'admin';
}

const AURORA = { companyId: 'co_aurora', company: 'Aurora' };
const BOREALIS = { companyId: 'co_borealis', company: 'Borealis' };

export const DEMO_USERS: readonly DemoUser[] = [
  { ...AURORA, email: 'owner@aurora.example', name: 'Ava Owner', role: 'owner' },
  { ...AURORA, email: 'admin@aurora.example', name: 'Adam Admin', role: 'admin' },
  { ...BOREALIS, email: 'owner@borealis.example', name: 'Bea Owner', role: 'owner' },
  { ...BOREALIS, email: 'admin@borealis.example', name: 'Ben Admin', role: 'admin' },
];

/** Makes the demo's users with this password; those of an earlier run get it. */
export async function seedUsers(db: Db, password: string): Promise<void> {
  const now = new Date();
  const [companies, users] = [new CompanyStore(db), new UserStore(db)];
  const passwordHash = await (await createPasswords()).hash(password);
  for (const { companyId, company, email, name, role } of DEMO_USERS) {
    await companies.create(companyId, company, now);
    const created = await users.create({ companyId, email, name, role, passwordHash }, now);
    if (created !== 'email-taken') continue;
    const user = await users.findByEmail(email);
    if (user?.companyId === companyId) await users.change(companyId, user.id, { passwordHash }, now);
  }
}

/** The password of this machine's demo users: made by the first demo, so that nobody else knows it. */
export function keptPassword(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(9).toString('base64url');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Where the console is and who can sign in, for whoever started the demo. */
export function signInLines(port: number, password: string): readonly string[] {
  return [
    `Console: http://127.0.0.1:${port}, with the password ${password} for each of:`,
    ...DEMO_USERS.map(
      ({ email, role, company }) => `  ${email} (${role === 'owner' ? 'Owner' : 'Admin'} of ${company})`,
    ),
  ];
}
