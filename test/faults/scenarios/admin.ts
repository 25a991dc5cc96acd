import type { Session } from '../../../services/admin/contract/session.js';
import { ask } from '../../support/api.js';
import { createUser, PASSWORD } from '../../support/identity.js';
import { pause, until } from '../../support/waiting.js';
import { violations, type Violation } from '../check/violation.js';
import { usualEstate } from '../estate.js';
import { USUAL_FLEET } from '../fleet.js';
import type { Rig } from '../rig.js';
import type { During, Scenario } from '../scenario.js';

/** The admin process dies in the midst of a write: what a person asked for is there once or not at all, never half. */
const COMPANY = 'co_writer';
const EMAIL = 'olga@writer.example';
/** MongoDB's bound of a transaction and the pause of what looks after it, 30 s, and what a busy machine adds. */
const GIVEN_UP_MS = 45_000;
const waits = new WeakMap<Rig, number>();
const found = new WeakMap<Rig, Violation[]>();
const writes = new WeakMap<Rig, number>();

const adminKilled: Scenario = {
  name: 'admin-killed',
  about: 'kill -9 of the admin process while a webhook is created; the same Idempotency-Key creates one, never two',
  covers: [5],
  servers: 'stack',
  seconds: 45,
  rate: 20,
  estate: () => ({ webhooks: usualEstate() }),
  fleet: [...USUAL_FLEET, { as: 'admin-1', service: 'admin' }],
  env: { ADMIN_REQUESTS_PER_MINUTE: '100000' },
  inject: async (rig, during) => {
    await createUser(rig.system.mongo.db, COMPANY, EMAIL, 'owner');
    const headers = await signIn(rig);
    const wrong: string[] = [];
    let count = 0;
    for (; !during.loadEnded(); count += 1) wrong.push(...(await createUnderFire(rig, during, headers, count)));
    writes.set(rig, count);
    found.set(rig, violations('I1', 'a creation that is there twice, half or not at all', wrong));
  },
  examine: (_, rig) => ({
    violations: found.get(rig) ?? [],
    notes: [
      `${writes.get(rig)} creations, each cut off by kill -9 and repeated under its key`,
      `the repetition was answered after ${waits.get(rig)} ms at most`,
    ],
  }),
};

async function baseUrl({ fleet }: Rig): Promise<string> {
  const line = await fleet.process('admin-1').logged(({ event }) => event === 'api.listening');
  return `http://127.0.0.1:${String(line['port'])}/api/v1`;
}

async function signIn(rig: Rig): Promise<Record<string, string>> {
  const body = { email: EMAIL, password: PASSWORD };
  const answer = await ask<Session>(`${await baseUrl(rig)}/session`, 'POST', { body });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { cookie, 'x-csrf-token': answer.json.csrfToken ?? '' };
}

/** What is wrong after one creation that was cut off at a random moment. */
async function createUnderFire(
  rig: Rig,
  { random }: During,
  headers: Record<string, string>,
  number: number,
): Promise<string[]> {
  const webhooks = rig.system.mongo.db.collection<{ companyId: string; authentication: { password?: unknown } }>(
    'webhooks',
  );
  const create = async (): Promise<number> => {
    const body = {
      url: `https://webhooks.example.com/${number}`,
      authentication: { kind: 'basic', username: 'ann', password: 'kept under a key' },
      headers: [],
      events: ['call.end'],
    };
    const options = { body, headers: { ...headers, 'idempotency-key': `key-${number}` } };
    return (await ask(`${await baseUrl(rig)}/webhooks`, 'POST', options)).status;
  };
  const cut = create().catch(() => 0);
  await pause(random.whole(0, 60));
  await rig.strike('kill -9 admin-1', [], () => rig.fleet.kill('admin-1'));
  await cut;
  await rig.fleet.ready(60_000);
  const startedAt = Date.now();
  // The transaction of the dead process holds what it touched until MongoDB gives it up.
  const status = await until(
    () => create().catch(() => 0),
    (answered) => answered === 201,
    GIVEN_UP_MS,
  ).catch(() => 0);
  waits.set(rig, Math.max(waits.get(rig) ?? 0, Date.now() - startedAt));
  const there = await webhooks.find({ companyId: COMPANY }).toArray();
  const whole = there.filter(({ authentication }) => authentication.password !== undefined);
  await webhooks.deleteMany({ companyId: COMPANY });
  return status === 201 && there.length === 1 && whole.length === 1
    ? []
    : [`creation ${number}: answered ${status}, ${there.length} there, ${whole.length} whole`];
}

export const ADMIN_SCENARIOS: readonly Scenario[] = [adminKilled];
