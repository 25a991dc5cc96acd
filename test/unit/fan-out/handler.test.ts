import { describe, expect, test } from '@jest/globals';
import { CompanySubscriptions, type Subscription } from '../../../services/shared/core/company-subscriptions.js';
import { PoisonRecord } from '../../../services/shared/core/errors.js';
import type { Job } from '../../../services/shared/core/job.js';
import type { DeadLetter } from '../../../services/shared/core/verdict.js';
import { createFanOut, type FanOutPorts, type SourceRecord } from '../../../services/shared/fan-out/handler.js';
import { Interrupted } from '../../../services/shared/platform/process/patience.js';
import { eventOf, NOW, sourceOf, subscriptionOf } from '../../support/samples.js';

/**
 * A stage in which a record's value is a word: `event <id> [company]`, `unknown`, `broken`, `poison`, `bug`. All that
 * the handler did is told in `did`, in order.
 */
function stage(subscriptions: readonly Subscription[] = [subscriptionOf()], overrides: Partial<FanOutPorts> = {}) {
  const did: string[] = [];
  const jobs: Job[] = [];
  const letters: DeadLetter[] = [];
  const lookups: (readonly string[])[] = [];
  const subscriptionsOf = (companyId: string) =>
    new CompanySubscriptions(companyId, companyId === 'company_1' ? subscriptions : []);
  const ports: FanOutPorts = {
    decode: (value) => {
      const word = String(value);
      if (word === 'poison') throw new PoisonRecord('undecodable', 'not Avro');
      if (word === 'bug') throw new TypeError('a bug of ours');
      return word;
    },
    normalize: (record) => {
      const [word, eventId = '', companyId = 'company_1'] = String(record).split(' ');
      if (word === 'unknown') return { kind: 'skip', reason: 'unknown-event-type' };
      if (word === 'broken') return { kind: 'park', reason: 'contract-broken', detail: 'event_id is missing' };
      return { kind: 'event', event: eventOf({ eventId, companyId }) };
    },
    lookup: (companyIds) => {
      lookups.push(companyIds);
      return new Map(companyIds.map((companyId) => [companyId, subscriptionsOf(companyId)]));
    },
    publish: (batch) => {
      did.push(`publish ${batch.map(({ eventId, webhookId }) => `${eventId}>${webhookId}`).join(' ')}`);
      jobs.push(...batch);
      return Promise.resolve();
    },
    park: (batch) => {
      did.push(`park ${batch.map(({ reason, source }) => `${reason}@${source.offset}`).join(' ')}`);
      letters.push(...batch);
      return Promise.resolve();
    },
    now: () => NOW,
    observe: {
      event: (type) => did.push(`saw ${type}`),
      matched: (type) => did.push(`matched ${type}`),
      skipped: (reason) => did.push(`skipped ${reason}`),
      fannedOut: (ageMs) => did.push(`fanned out after ${ageMs}`),
    },
    ...overrides,
  };
  const handle = createFanOut('call-consumer', ports);
  const { signal } = new AbortController();
  const effects = (): string[] => did.filter((line) => /^(publish|park) /.test(line));
  return {
    did,
    effects,
    jobs,
    letters,
    lookups,
    run: (...values: (string | null)[]) => handle(recordsOf(values), signal),
  };
}

function recordsOf(values: readonly (string | null)[]): SourceRecord[] {
  return values.map((value, index) => ({
    source: sourceOf(100 + index, 3),
    key: Buffer.from('key'),
    value: value === null ? null : Buffer.from(value),
    timestamp: NOW - 250,
  }));
}

describe('events', () => {
  test('one job per matching webhook, published in the order of the records', async () => {
    const subscriptions = ['wh_1', 'wh_2'].map((webhookId) => subscriptionOf({ webhookId }));
    const { run, effects } = stage(subscriptions);
    await run('event a', 'event b', 'event c');
    expect(effects()).toEqual(['publish a>wh_1 a>wh_2 b>wh_1 b>wh_2 c>wh_1 c>wh_2']);
  });

  test('the body is rendered once per event and shared by its jobs', async () => {
    const { run, jobs } = stage(['wh_1', 'wh_2', 'wh_3'].map((webhookId) => subscriptionOf({ webhookId })));
    await run('event a', 'event b');
    const bodies = jobs.map(({ body }) => body);
    expect([bodies[1] === bodies[0], bodies[2] === bodies[0], bodies[3] === bodies[0]]).toEqual([true, true, false]);
    expect(JSON.parse(String(bodies[3]))).toMatchObject({ event_id: 'b' });
  });

  test('a job knows its source and when the record was appended', async () => {
    const { run, jobs, did } = stage();
    await run('event a');
    expect(jobs[0]).toMatchObject({
      source: { topic: 'calls.events', partition: 3, offset: '100' },
      receivedAt: NOW - 250,
    });
    expect(did.slice(-3)).toEqual(['publish a>wh_1', 'matched call.initiated', 'fanned out after 250']);
  });

  test('companies are looked up once per batch, each once', async () => {
    const { run, lookups } = stage();
    await run('event a company_1', 'event b company_2', 'event c company_1');
    expect(lookups).toEqual([['company_1', 'company_2']]);
  });

  test('an event that nobody wants publishes nothing', async () => {
    const { run, did } = stage([]);
    await run('event a');
    expect(did).toEqual(['saw call.initiated']);
  });

  test('an empty batch asks nobody', async () => {
    const { run, lookups, effects } = stage();
    await run();
    expect([lookups, effects()]).toEqual([[], []]);
  });

  test('ports may answer at once or later', async () => {
    const { run, effects } = stage([], {
      decode: (value) => Promise.resolve(String(value)),
      lookup: () =>
        Promise.resolve(new Map([['company_1', new CompanySubscriptions('company_1', [subscriptionOf()])]])),
    });
    await run('event a');
    expect(effects()).toEqual(['publish a>wh_1']);
  });
});

describe('what is skipped', () => {
  test.each([
    ['a tombstone', null, 'tombstone'],
    ['an unknown event type', 'unknown', 'unknown-event-type'],
  ])('%s is counted, and the stream goes on', async (_what, value, reason) => {
    const { run, did, effects } = stage();
    await run(value, 'event a');
    expect([did.includes(`skipped ${reason}`), effects()]).toEqual([true, ['publish a>wh_1']]);
  });
});

describe('what can never succeed', () => {
  test('is parked with reason and position, before anything else takes effect, and the stream goes on', async () => {
    const { run, effects, letters } = stage();
    await run('event a', 'poison', 'event b', 'broken');
    expect(effects()).toEqual(['park undecodable@101 contract-broken@103', 'publish a>wh_1 b>wh_1']);
    expect(letters[0]).toEqual({
      reason: 'undecodable',
      detail: 'not Avro',
      service: 'call-consumer',
      source: { topic: 'calls.events', partition: 3, offset: '101' },
      parkedAt: NOW,
      key: Buffer.from('key'),
      value: Buffer.from('poison'),
      truncated: false,
    });
  });

  test('poison that is found later (a schema had to be fetched) is parked alike', async () => {
    const decode = () => Promise.reject(new PoisonRecord('undecodable', 'unknown schema'));
    const { run, effects } = stage([], { decode });
    await run('event a');
    expect(effects()).toEqual(['park undecodable@100']);
  });

  test('whatever isn’t poison isn’t parked: a bug of ours ends the batch', async () => {
    const { run, effects } = stage();
    await expect(run('event a', 'bug')).rejects.toBeInstanceOf(TypeError);
    expect(effects()).toEqual([]);
  });
});

describe('a job that the broker refuses for its size', () => {
  const tooLarge = new PoisonRecord('too-large', 'the broker refused the record for its size');
  const refusing = (eventIds: readonly string[]) => {
    const tried: string[] = [];
    const accepted: string[] = [];
    const publish = (jobs: readonly Job[]): Promise<void> => {
      tried.push(jobs.map(({ eventId }) => eventId).join(' '));
      if (jobs.some(({ eventId }) => eventIds.includes(eventId))) return Promise.reject(tooLarge);
      accepted.push(...jobs.map(({ eventId }) => eventId));
      return Promise.resolve();
    };
    return { publish, tried, accepted };
  };

  test('is parked alone; all the others go out, in order', async () => {
    const { publish, accepted } = refusing(['b']);
    const { run, letters } = stage(undefined, { publish });
    await run('event a', 'event b', 'event c');
    expect(accepted).toEqual(['a', 'c']);
    expect(letters.map(({ reason, source, key }) => [reason, source.offset, String(key)])).toEqual([
      ['too-large', '101', 'wh_1:call_1'],
    ]);
  });

  test('says which webhook’s job it is, and keeps what would have been sent', async () => {
    const { publish } = refusing(['a']);
    const { run, letters } = stage(undefined, { publish });
    await run('event a');
    expect(letters[0]?.detail).toBe('the job for webhook wh_1: the broker refused the record for its size');
    expect(JSON.parse(String(letters[0]?.value))).toMatchObject({ event_id: 'a' });
  });

  test('as the only one of its batch is tried once', async () => {
    const { publish, tried } = refusing(['a']);
    await stage(undefined, { publish }).run('event a');
    expect(tried).toEqual(['a']);
  });
});

describe('nothing is done before it is acknowledged', () => {
  test.each(['publish', 'park'] as const)('%s', async (port) => {
    let acknowledge = (): void => undefined;
    const acknowledged = new Promise<void>((resolve) => (acknowledge = resolve));
    const { run } = stage(undefined, { [port]: () => acknowledged });
    let done = false;
    const running = run('event a', 'poison').then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    acknowledge();
    await running;
  });

  test.each(['lookup', 'publish', 'park'] as const)('%s is interrupted: so is the batch', async (port) => {
    const { run } = stage(undefined, { [port]: () => Promise.reject(new Interrupted('end')) });
    await expect(run('event a', 'poison')).rejects.toBeInstanceOf(Interrupted);
  });
});
