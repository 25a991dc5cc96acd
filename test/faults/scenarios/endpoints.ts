import { percentile } from '../../../deploy/local/demo/percentile.js';
import {
  expiredCertificate,
  selfSignedCertificate,
  wrongHostCertificate,
} from '../../../deploy/local/receiver/certificate-authority.js';
import { startReceiver, type Receiver } from '../../../deploy/local/receiver/receiver.js';
import { TLS_1_0, type ReceiverOptions } from '../../../deploy/local/receiver/receiver-options.js';
import type { Script } from '../../../deploy/local/receiver/script-cursor.js';
import { respond, type ScriptStep } from '../../../deploy/local/receiver/step.js';
import { startUnacceptingListener } from '../../../deploy/local/receiver/unaccepting-listener.js';
import {
  http09,
  invalidChunking,
  manyHeaders,
  switchingProtocols,
  truncatedBody,
} from '../../../deploy/local/receiver/wire-answers.js';
import { EVENT_TYPES } from '../../../services/shared/core/vocabulary.js';
import { pause } from '../../support/waiting.js';
import type { CanaryListener } from '../canary-listener.js';
import { attemptName } from '../check/attempt-name.js';
import { violations } from '../check/violation.js';
import { KEY_IN_QUERY, type Estate, type PlannedWebhook } from '../estate.js';
import type { History } from '../history.js';
import type { Rig } from '../rig.js';
import type { Examination, Scenario } from '../scenario.js';

/**
 * Every kind of sick endpoint at once, beside two healthy ones. All begin well, fall sick, and get well again, so that
 * what was held and what was owed has to arrive, too; those whose TLS is sick stay so. The healthy ones' latency while
 * the others are sick is held against their own latency before.
 */

const ask = (retryAfter: string, status = 429): Script => ({
  perEvent: [respond(status, { headers: { 'retry-after': retryAfter } }), 200],
});
const always = (step: ScriptStep): Script => [step];
const raw = (bytes: Buffer): Script => always({ kind: 'raw', bytes, then: 'close' });

function sicknesses(canary: CanaryListener): Readonly<Record<string, Script>> {
  return {
    'hangs-before-headers': always({ kind: 'hang', when: 'before-headers' }),
    'hangs-after-headers': always({ kind: 'hang', when: 'after-headers' }),
    'drips-headers': always({ kind: 'drip-headers', everyMs: 1_000 }),
    'drips-body': always({ kind: 'drip-body', everyMs: 1_000 }),
    'resets-before-body': always({ kind: 'reset', when: 'before-body' }),
    'resets-after-body': always({ kind: 'reset', when: 'after-body' }),
    'resets-within-answer': always({ kind: 'reset', when: 'within-answer' }),
    'closes-without-answer': always({ kind: 'close' }),
    'closes-idle-connections': always({ kind: 'respond', status: 200, close: 'silent', closeAfterMs: 2 }),
    'answers-1-gb': always({ kind: 'huge-body', bytes: 1_000_000_000 }),
    'answers-a-bomb': always({ kind: 'gzip-bomb', inflatedBytes: 50_000_000 }),
    'answers-500': always(500),
    'answers-204': always(204),
    'answers-304': always(304),
    'redirects-302': always({ kind: 'redirect', to: canary.url }),
    'redirects-308': always({ kind: 'redirect', to: canary.url, status: 308 }),
    'fails-twice': { perEvent: [500, 500, 200] },
    'asks-for-an-age': ask('1000000000'),
    'asks-for-2-s': ask('2', 503),
    'asks-for-nonsense': ask('soon'),
    'asks-for-the-past': ask('-5'),
    'sends-10000-headers': raw(manyHeaders(10_000)),
    'switches-protocols': raw(switchingProtocols()),
    'chunks-wrongly': raw(invalidChunking()),
    'cuts-its-body': raw(truncatedBody()),
    'speaks-http-0.9': raw(http09()),
  };
}

/** Sick below HTTP, and for good. */
const SICK_TLS: Readonly<Record<string, (ca: Receiver['ca']) => ReceiverOptions | Promise<ReceiverOptions>>> = {
  'tls-expired': async (ca) => ({ ca, certificate: await expiredCertificate(ca) }),
  'tls-wrong-host': async (ca) => ({ ca, certificate: await wrongHostCertificate(ca) }),
  'tls-self-signed': async (ca) => ({ ca, certificate: await selfSignedCertificate() }),
  'tls-1.0': (ca) => ({ ca, tls: TLS_1_0 }),
  'tls-client-certificate': (ca) => ({ ca, tls: { requestCert: true, rejectUnauthorized: true } }),
};
const HEALTHY = ['/healthy-1', '/healthy-2'];
const STAY_SICK = [...Object.keys(SICK_TLS).map((name) => `/${name}`), '/accepts-nobody'];

function planned(path: string, url?: string): PlannedWebhook {
  const companyId = `co${path.replace('/', '_')}`;
  const webhook = { companyId, path, events: EVENT_TYPES, script: always(200), authentication: KEY_IN_QUERY };
  return url === undefined ? webhook : { ...webhook, url };
}

/** One that is sick for a while, or for good. */
function plannedSick(path: string, url?: string): PlannedWebhook {
  return { ...planned(path, url), givesUp: true };
}

/**
 * At a receiver of their own, which writes into the same log: they share no connections with the others. One that closes
 * or resets what it has answered hits whoever used its connection again in that very moment.
 */
async function startHealthy({ ca, log }: Receiver): Promise<Required<Estate>> {
  const own = await startReceiver({ ca, log });
  for (const path of HEALTHY) own.endpoint(path);
  const webhooks = HEALTHY.map((path) => planned(path, own.url(path, 'localhost')));
  return { webhooks, close: () => own.close() };
}

async function estate(receiver: Receiver, canary: CanaryListener): Promise<Estate> {
  const { ca } = receiver;
  const healthy = await startHealthy(receiver);
  const unaccepting = await startUnacceptingListener();
  const others: Receiver[] = [];
  const webhooks = [...healthy.webhooks, ...Object.keys(sicknesses(canary)).map((name) => plannedSick(`/${name}`))];
  for (const [name, options] of Object.entries(SICK_TLS)) {
    const other = await startReceiver(await options(ca));
    others.push(other);
    webhooks.push(plannedSick(`/${name}`, other.url('/', 'localhost')));
  }
  webhooks.push(plannedSick('/accepts-nobody', `https://localhost:${unaccepting.port}/`));
  return {
    webhooks,
    close: async () => {
      await Promise.all([healthy.close(), unaccepting.close(), ...others.map((other) => other.close())]);
    },
  };
}

const SICK = 'endpoints are sick';

const sickEndpoints: Scenario = {
  name: 'sick-endpoints',
  about: 'every kind of sick endpoint at once: attempts end in time, nothing is lost, the healthy ones notice nothing',
  covers: [21, 22, 23, 24, 25, 26, 28, 29, 30],
  servers: 'stack',
  seconds: 45,
  rate: 60,
  settleMs: 75_000,
  // The probe is made every 3 s, so that those who get well are found within this run.
  env: { STATUS_MAX_PROBE_MS: '3000', DELIVERY_MAX_RETRY_AFTER_MS: '5000' },
  estate,
  stays: STAY_SICK,
  rules: { ordered: false },
  inject: async (rig, { ms }) => {
    const { receiver } = rig.system;
    const scripts = Object.entries(sicknesses(rig.canary));
    await pause(ms / 3);
    await rig.outage(SICK, [], ms / 3, {
      take: () => scripts.forEach(([name, script]) => receiver.endpoint(`/${name}`, script)),
      give: () => scripts.forEach(([name]) => receiver.endpoint(`/${name}`, [200])),
    });
  },
  examine,
};

/** The time-out of an attempt is 10 s; a busy machine adds to that. */
const ATTEMPT_ENDS_WITHIN_MS = 12_000;
/** Below this a p99 says more about the machine than about isolation: whoever waits for a sick one waits 10 s. */
const P99_FLOOR_MS = 1_000;

function examine(history: History, rig: Rig): Examination {
  const { violations: slow, notes } = healthyLatency(history, rig);
  const long = history.posts
    .filter(({ arrivedAt, completedAt }) => (completedAt ?? Infinity) - arrivedAt > ATTEMPT_ENDS_WITHIN_MS)
    .map(attemptName);
  return { violations: [...slow, ...violations('I5', 'an attempt that did not end in time', long)], notes };
}

/** How fast the healthy ones got their events while the others were sick, against before. */
function healthyLatency(history: History, { webhookIds }: Rig): Examination {
  const healthy = new Set(HEALTHY.map((path) => webhookIds.get(path)));
  const sick = history.faults.find(({ name }) => name === SICK);
  const producedAt = new Map(history.produced.map(({ eventId, at }) => [eventId, at]));
  const latencies = { before: [] as number[], during: [] as number[] };
  const failed = history.posts.filter(({ webhookId, attempt }) => healthy.has(webhookId) && attempt > 1);
  for (const { webhookId, eventId, arrivedAt } of history.posts) {
    const at = producedAt.get(eventId);
    if (!healthy.has(webhookId) || at === undefined || sick === undefined) continue;
    if (at < sick.at) latencies.before.push(arrivedAt - at);
    else if (at < sick.endedAt) latencies.during.push(arrivedAt - at);
  }
  const [before, during] = [percentile(latencies.before, 0.99) ?? 0, percentile(latencies.during, 0.99) ?? Infinity];
  const worse = during > Math.max(2 * before, P99_FLOOR_MS) ? [`p99 ${during} ms, ${before} ms before`] : [];
  return {
    violations: [
      ...violations('I6', 'the healthy ones became slow', worse),
      ...violations(
        'I6',
        'an attempt at a healthy one failed',
        failed.map(({ eventId }) => eventId),
      ),
    ],
    notes: [`p99 of the healthy endpoints: ${before} ms before, ${during} ms while the others were sick`],
  };
}

/** Ten companies with ten webhooks each: the most that a company may have. */
const HANGING = Array.from({ length: 100 }, (_, index) => `/hangs-${index}`);

const hundredHang: Scenario = {
  name: 'hundred-hang',
  about:
    'a hundred endpoints hang at once beside two healthy ones: these notice nothing, and what was held arrives after',
  covers: [22],
  servers: 'stack',
  seconds: 60,
  rate: 24,
  settleMs: 120_000,
  env: { STATUS_MAX_PROBE_MS: '3000' },
  estate: async (receiver) => {
    const { webhooks, close } = await startHealthy(receiver);
    const hanging = HANGING.map((path, index) => ({
      ...plannedSick(path),
      companyId: `co_hanging_${Math.floor(index / 10)}`,
    }));
    return { webhooks: [...webhooks, ...hanging], close };
  },
  rules: { ordered: false },
  inject: async (rig, { ms }) => {
    const { receiver } = rig.system;
    const become = (script: Script) => () => HANGING.forEach((path) => receiver.endpoint(path, script));
    await pause(ms / 3);
    await rig.outage(SICK, [], ms / 3, {
      take: become(always({ kind: 'hang', when: 'before-headers' })),
      give: become([200]),
    });
  },
  examine: healthyLatency,
};

export const ENDPOINT_SCENARIOS: readonly Scenario[] = [sickEndpoints, hundredHang];
