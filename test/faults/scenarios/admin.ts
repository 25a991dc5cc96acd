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
const PASSWORD_OF_ENDPOINT = 'kept under a key';
/** MongoDB's bound of a transaction and the pause of what looks after it, 30 s, and what a busy machine adds. */
const GIVEN_UP_MS = 45_000;
const COMMITTED_WITHIN_MS = 10_000;
/** At least: 50 times in the whole run. */
const DIES_EVERY_MS = 2_600;

/** A creation, each by an Owner of a company of its own: none waits for what another that was cut off has left behind. */
interface Creation {
  readonly number: number;
  readonly companyId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What became of one when it was repeated. */
interface Repeated {
  readonly wrong: readonly string[];
  readonly answeredAfterMs: number;
}
const creations = new WeakMap<Rig, { readonly atRandom: readonly Repeated[]; readonly withinTransaction: Repeated }>();

const adminKilled: Scenario = {
  name: 'admin-killed',
  about:
    'kill -9 of the admin process while a webhook is created, at random and before the commit that it has sent arrives; the same Idempotency-Key creates one, never two',
  covers: [5],
  servers: 'proxied',
  seconds: 130,
  rate: 20,
  estate: () => ({ webhooks: usualEstate() }),
  fleet: [...USUAL_FLEET, { as: 'admin-1', service: 'admin' }],
  env: { ADMIN_REQUESTS_PER_MINUTE: '100000' },
  inject: async (rig, { random, ms, loadEnded }) => {
    const cut: Creation[] = [];
    while (!loadEnded() || cut.length * DIES_EVERY_MS < ms) {
      const creation = await newCreation(rig, cut.length);
      await cutOff(rig, creation, () => pause(random.whole(0, 60)));
      cut.push(creation);
    }
    const atRandom = await Promise.all(cut.map((creation) => repeat(rig, creation)));
    const last = await newCreation(rig, cut.length);
    await cutOff(rig, last, () => commitHeld(rig));
    creations.set(rig, { atRandom, withinTransaction: await repeat(rig, last) });
  },
  examine: (_, rig) => {
    const made = creations.get(rig);
    if (made === undefined) throw new Error('nothing was created');
    const { atRandom, withinTransaction } = made;
    const wrong = [...atRandom, withinTransaction].flatMap((repeated) => repeated.wrong);
    return {
      violations: violations('I1', 'a creation that is there twice, half or not at all', wrong),
      notes: [
        `${atRandom.length} creations cut off at random and repeated under their keys: answered after ${Math.max(...atRandom.map(({ answeredAfterMs }) => answeredAfterMs))} ms at most`,
        `one cut off before its commit arrived, and repeated at once: answered after ${withinTransaction.answeredAfterMs} ms`,
      ],
    };
  },
};

async function baseUrl({ fleet }: Rig): Promise<string> {
  const line = await fleet.process('admin-1').logged(({ event }) => event === 'api.listening');
  return `http://127.0.0.1:${String(line['port'])}/api/v1`;
}

async function newCreation(rig: Rig, number: number): Promise<Creation> {
  const [companyId, email] = [`co_writer_${number}`, `olga@writer-${number}.example`];
  await createUser(rig.system.mongo.db, companyId, email, 'owner');
  const body = { email, password: PASSWORD };
  const answer = await ask<Session>(`${await baseUrl(rig)}/session`, 'POST', { body });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const headers = { cookie, 'x-csrf-token': answer.json.csrfToken ?? '', 'idempotency-key': `key-${number}` };
  return { number, companyId, headers };
}

/** Its status; 0 when there was no answer. */
async function create(rig: Rig, { number, headers }: Creation): Promise<number> {
  const body = {
    url: `https://webhooks.example.com/${number}`,
    authentication: { kind: 'basic', username: 'ann', password: PASSWORD_OF_ENDPOINT },
    headers: [],
    events: ['call.end'],
  };
  try {
    return (await ask(`${await baseUrl(rig)}/webhooks`, 'POST', { body, headers })).status;
  } catch {
    return 0;
  }
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

/** At `moment`; none other is under way. */
async function cutOff(rig: Rig, creation: Creation, moment: () => Promise<unknown>): Promise<void> {
  const reached = moment();
  const cut = create(rig, creation);
  await reached;
  await rig.strike('kill -9 admin-1', [], () => rig.fleet.kill('admin-1'));
  await cut;
  await rig.fleet.ready(60_000);
}

/** Under its key, until it is answered: the dead process's transaction holds what it touched until MongoDB gives it up. */
async function repeat(rig: Rig, creation: Creation): Promise<Repeated> {
  const { number, companyId } = creation;
  const startedAt = Date.now();
  const status = await until(
    () => create(rig, creation),
    (answered) => answered === 201,
    GIVEN_UP_MS,
  ).catch(() => 0);
  const answeredAfterMs = Date.now() - startedAt;
  const there = await rig.system.mongo.db
    .collection<{ companyId: string; authentication: { password?: unknown } }>('webhooks')
    .find({ companyId })
    .toArray();
  const whole = there.filter(({ authentication }) => authentication.password !== undefined);
  const isWhole = status === 201 && there.length === 1 && whole.length === 1;
  const told = `creation ${number}: answered ${status}, ${there.length} there, ${whole.length} whole`;
  return { wrong: isWhole ? [] : [told], answeredAfterMs };
}

export const ADMIN_SCENARIOS: readonly Scenario[] = [adminKilled];
