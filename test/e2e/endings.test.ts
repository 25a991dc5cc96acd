import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';
import { countById } from '../support/bodies.js';
import { event, startSystem, SERVICES, type System } from '../support/system.js';
import { pause } from '../support/waiting.js';

/**
 * Processes end: killed under load, nothing is lost and what doubles is what was not committed yet, under the same
 * webhook-id; asked to end (SIGTERM), nothing is lost and nothing doubles.
 */
const EVENTS = 600;
const PER_SECOND = 200;
/** A killed member is missed when its session ends; the default of 30 s only makes the test slower. */
const ENV = { KAFKA_SESSION_TIMEOUT_MS: '6000', KAFKA_HEARTBEAT_INTERVAL_MS: '1000' };

let system: System;
let company = 0;

beforeAll(async () => {
  system = await startSystem(SERVICES, ENV);
}, 120_000);

afterAll(async () => {
  await system?.close();
}, 90_000);

describe('kill -9 under load', () => {
  test.each(SERVICES)(
    '%s: nothing is lost, and doubles carry the same webhook-id',
    async (name) => {
      const { received, sent } = await underLoad(async () => {
        system.services.get(name)?.kill('SIGKILL');
        await system.services.get(name)?.exited;
        await system.start(name, { wait: false });
      });
      const counts = countById(received);
      expect(sent.filter((id) => !counts.has(id))).toEqual([]);
      const ids = new Map<string, Set<unknown>>();
      for (const request of received) {
        const id = String((JSON.parse(request.body.toString()) as { event_id: string }).event_id);
        ids.set(id, (ids.get(id) ?? new Set()).add(request.headers['webhook-id']));
      }
      expect([...ids.values()].every((set) => set.size === 1)).toBe(true);
      // What was not committed when it died: at most the commit interval and what was in flight, far below all of it.
      expect(received.length - sent.length).toBeLessThan(EVENTS / 2);
    },
    120_000,
  );
});

describe('SIGTERM under load', () => {
  test.each(SERVICES)(
    '%s: nothing is lost, nothing doubles, exit code 0',
    async (name) => {
      let code: unknown;
      const { received, sent } = await underLoad(async () => {
        code = await system.services.get(name)?.stop();
        await system.start(name, { wait: false });
      });
      expect(code).toBe(0);
      const counts = countById(received);
      expect(sent.filter((id) => counts.get(id) !== 1)).toEqual([]);
    },
    120_000,
  );
});

/** Produces EVENTS at PER_SECOND, does `fault` in the middle, and waits until every event was received. */
async function underLoad(
  fault: () => Promise<void>,
): Promise<{ received: readonly RecordedRequest[]; sent: string[] }> {
  const companyId = `co_${++company}`;
  const path = `/load-${company}`;
  system.receiver.endpoint(path, [{ kind: 'respond', status: 200, delayMs: 5 }]);
  await system.webhook(companyId, path, { events: ['call.initiated', 'message.sent'] });
  const sent: string[] = [];
  let faulting: Promise<void> | undefined;
  for (let produced = 0; produced < EVENTS; produced += PER_SECOND / 10) {
    const batch = Array.from({ length: PER_SECOND / 10 }, (_, index) =>
      event(index % 2 === 0 ? 'call.initiated' : 'message.sent', companyId),
    );
    await system.produce(batch);
    sent.push(...batch.map(({ event_id }) => event_id));
    if (produced >= EVENTS / 3) faulting ??= fault();
    await pause(100);
  }
  await faulting;
  const ours = (request: RecordedRequest): boolean => request.endpoint === path;
  await system.receiver.waitFor((requests) => countById(requests.filter(ours)).size >= EVENTS, 60_000);
  // A double would follow within a commit interval and a retry of the fetch.
  await pause(1_500);
  return { received: system.receiver.requests(ours), sent };
}
