import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { steadyHeartbeats } from '../../../../services/shared/platform/kafka/steady-heartbeats.js';

/** A clock that is set back must not silence a member: its group would evict it, again and again. */
steadyHeartbeats();

const START = Date.UTC(2026, 0, 1);
const INTERVAL = { interval: 3_000 };

beforeEach(() => void jest.useFakeTimers({ now: START }));
afterEach(() => void jest.useRealTimers());

function memberOf(sent: number[]): ConsumerGroup {
  const group = new ConsumerGroup({
    retry: {},
    cluster: {},
    instrumentationEmitter: { emit: () => undefined },
    logger: { namespace: () => ({}) },
  });
  const coordinator = { heartbeat: () => Promise.resolve(void sent.push(Date.now() - START)) };
  return Object.assign(group, { memberId: 'member', coordinator });
}

test('heartbeats keep their interval', async () => {
  const sent: number[] = [];
  const member = memberOf(sent);
  for (const second of [1, 2, 3, 4, 5, 6, 7]) {
    jest.setSystemTime(START + second * 1_000);
    await member.heartbeat(INTERVAL);
  }
  expect(sent).toEqual([3_000, 6_000]);
});

test('a clock that is set back by an hour: the next one is sent at once, and the interval holds again', async () => {
  const sent: number[] = [];
  const member = memberOf(sent);
  const back = START - 3_600_000;
  for (const second of [0, 1, 2, 3]) {
    jest.setSystemTime(back + second * 1_000);
    await member.heartbeat(INTERVAL);
  }
  expect(sent).toEqual([back - START, back + 3_000 - START]);
});

test('one whose answer comes after a sleep is no sign of life: the next batch asks again', async () => {
  const sent: number[] = [];
  const member = memberOf(sent);
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  const heartbeat = (): Promise<void> => {
    sent.push(Date.now() - START);
    return sent.length === 1 ? held : Promise.resolve();
  };
  Object.assign(member, { coordinator: { heartbeat } });
  jest.setSystemTime(START + 3_000);
  const beating = member.heartbeat(INTERVAL);
  jest.setSystemTime(START + 43_000);
  answer();
  await beating;
  await member.heartbeat(INTERVAL);
  await member.heartbeat(INTERVAL);
  expect(sent).toEqual([3_000, 43_000]);
});
