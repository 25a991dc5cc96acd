import { afterEach, describe, expect, test } from '@jest/globals';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { quietRequestQueues } from '../../../../services/shared/platform/kafka/quiet-request-queue.js';

quietRequestQueues();

let queue: RequestQueue;

function newQueue(maxInFlightRequests: number | null): RequestQueue {
  const logger = { debug: () => undefined, warn: () => undefined };
  const fixed = { requestTimeout: 40, enforceRequestTimeout: false, clientId: 'c', broker: 'b', logger };
  return (queue = new RequestQueue({ ...fixed, maxInFlightRequests }));
}

const sent: number[] = [];

const refused: string[] = [];

function push(correlationId: number): void {
  const entry = { correlationId, reject: ({ name }: Error) => void refused.push(name) };
  queue.push({ entry, expectResponse: true, sendRequest: () => void sent.push(correlationId) });
}

afterEach(() => {
  queue.destroy();
  sent.length = 0;
});

describe('the queue of a connection to Kafka', () => {
  test('sets no timer when nothing waits', () => {
    newQueue(null);
    push(1);
    queue.checkPendingRequests();
    expect([sent, queue.throttleCheckTimeoutId]).toEqual([[1], null]);
  });

  test('still sends what waits because the broker throttles, once the throttle is over', async () => {
    newQueue(null).maybeThrottle(30);
    push(1);
    expect(sent).toEqual([]);
    while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([sent, queue.throttleCheckTimeoutId]).toEqual([[1], null]);
  });

  test('looks again while too many are in flight', () => {
    newQueue(1);
    push(1);
    push(2);
    expect(sent).toEqual([1]);
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
  });

  test('ends requests that took too long, for as long as it is connected', async () => {
    const endsWhatHangs = async (): Promise<void> => {
      refused.length = 0;
      push(1);
      while (refused.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      expect([refused, queue.inflight.size]).toEqual([['KafkaJSRequestTimeoutError'], 0]);
    };
    newQueue(null);
    let [connected, looks] = [true, 0];
    Object.assign(queue, { isConnected: () => ((looks += 1), connected) });
    queue.scheduleRequestTimeoutCheck();
    await endsWhatHangs();
    await endsWhatHangs();
    connected = false;
    const before = looks;
    // Three times as long as it takes to look.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(looks).toBe(before + 1);
  });
});
