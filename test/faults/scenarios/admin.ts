import type { Session } from '../../../services/admin/contract/session.js';
import { ask } from '../../support/api.js';
import { createUser, PASSWORD } from '../../support/identity.js';
import { pause, until } from '../../support/waiting.js';
import { violations } from '../check/violation.js';
import { usualEstate } from '../estate.js';
import { USUAL_FLEET } from '../fleet.js';
import type { Rig } from '../rig.js';
import type { Scenario } from '../scenario.js';
import { proxyOf } from './targets.js';

/** The admin process dies in the midst of a write: what a person asked for is there once or not at all, never half. */
const COMPANY = 'co_writer';
const EMAIL = 'olga@writer.example';
/** MongoDB's bound of a transaction and the pause of what looks after it, 30 s, and what a busy machine adds. */
const GIVEN_UP_MS = 45_000;
const COMMITTED_WITHIN_MS = 10_000;

/** One creation that was cut off, and its repetition under the same key. */
interface Creation {
  readonly wrong: readonly string[];
  readonly answeredAfterMs: number;
}
const creations = new WeakMap<Rig, { readonly atRandom: readonly Creation[]; readonly withinTransaction: Creation }>();

const adminKilled: Scenario = {
  name: 'admin-killed',
  about:
    'kill -9 of the admin process while a webhook is created, at random and before the commit that it has sent arrives; the same Idempotency-Key creates one, never two',
  covers: [5],
  servers: 'proxied',
  seconds: 45,
  rate: 20,
  estate: () => ({ webhooks: usualEstate() }),
  fleet: [...USUAL_FLEET, { as: 'admin-1', service: 'admin' }],
  env: { ADMIN_REQUESTS_PER_MINUTE: '100000' },
  inject: async (rig, { random, loadEnded }) => {
    await createUser(rig.system.mongo.db, COMPANY, EMAIL, 'owner');
    const headers = await signIn(rig);
    const atRandom: Creation[] = [];
    while (!loadEnded())
      atRandom.push(await createUnderFire(rig, headers, atRandom.length, () => pause(random.whole(0, 60))));
    const withinTransaction = await createUnderFire(rig, headers, atRandom.length, () => commitHeld(rig));
    creations.set(rig, { atRandom, withinTransaction });
  },
  examine: (_, rig) => {
    const made = creations.get(rig);
    if (made === undefined) throw new Error('nothing was created');
    const { atRandom, withinTransaction } = made;
    const wrong = [...atRandom, withinTransaction].flatMap((creation) => creation.wrong);
    return {
      violations: violations('I1', 'a creation that is there twice, half or not at all', wrong),
      notes: [
        `${atRandom.length} creations cut off at random and repeated under their keys: answered after ${Math.max(...atRandom.map(({ answeredAfterMs }) => answeredAfterMs))} ms at most`,
        `one cut off before its commit arrived: answered after ${withinTransaction.answeredAfterMs} ms`,
      ],
    };
  },
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

/** Holds the next commit of a transaction, and what follows it on its connection. */
function commitHeld(rig: Rig): Promise<void> {
  return new Promise((resolve, reject) => {
    let held = false;
    const missed = setTimeout(() => reject(new Error('no transaction was committed')), COMMITTED_WITHIN_MS);
    proxyOf(rig, 'MongoDB').watch((sent) => {
      if (held || !sent.includes('commitTransaction')) return 'pass';
      held = true;
      clearTimeout(missed);
      resolve();
      return 'hang';
    });
  });
}

/** One creation that is cut off at `moment`; none other is under way. */
async function createUnderFire(
  rig: Rig,
  headers: Record<string, string>,
  number: number,
  moment: () => Promise<unknown>,
): Promise<Creation> {
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
  const reached = moment();
  const cut = create().catch(() => 0);
  await reached;
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
  const answeredAfterMs = Date.now() - startedAt;
  const there = await webhooks.find({ companyId: COMPANY }).toArray();
  const whole = there.filter(({ authentication }) => authentication.password !== undefined);
  await webhooks.deleteMany({ companyId: COMPANY });
  const isWhole = status === 201 && there.length === 1 && whole.length === 1;
  const told = `creation ${number}: answered ${status}, ${there.length} there, ${whole.length} whole`;
  return { wrong: isWhole ? [] : [told], answeredAfterMs };
}

export const ADMIN_SCENARIOS: readonly Scenario[] = [adminKilled];
