import { expect, test } from '@jest/globals';
import type { RecordedRequest } from '../../../deploy/local/receiver/recorded-request.js';
import { ScriptCursor } from '../../../deploy/local/receiver/script-cursor.js';
import { BASIC_CREDENTIAL, CANARY, usingUp, usualEstate } from '../../faults/estate.js';
import { holdsSecret, tellsSecret } from '../../faults/find-secrets.js';

/** An endpoint, and what it answered to attempts in the order of their coming. */
function endpoint() {
  const cursor = new ScriptCursor(usingUp());
  const answers: boolean[] = [];
  return {
    answers,
    fails: (job: number, attempt: number): boolean => {
      const headers = { 'webhook-id': `msg_${job}`, 'webhook-attempt': String(attempt) };
      const step = cursor.next({ headers } as unknown as RecordedRequest);
      const failed = step.kind === 'respond' && step.status === 500;
      answers.push(failed);
      return failed;
    },
  };
}

/** Each retry comes when `later` other events have come. Attempts that failed, by job. */
function play(events: number, later: number): { readonly failed: readonly number[]; readonly answers: boolean[] } {
  const { answers, fails } = endpoint();
  const failed = Array<number>(events).fill(0);
  const due = new Map<number, [job: number, attempt: number][]>();
  const attempt = (job: number, number: number, now: number): void => {
    if (!fails(job, number)) return;
    failed[job] = number;
    if (number < 3) due.set(now + later, [...(due.get(now + later) ?? []), [job, number + 1]]);
  };
  for (let now = 0; now < events + 2 * later; now += 1) {
    if (now < events) attempt(now, 1, now);
    for (const [job, number] of due.get(now) ?? []) attempt(job, number, now);
  }
  return { failed, answers };
}

const isThreeInARow = (answers: readonly boolean[]): boolean =>
  answers.some((failed, index) => failed && answers[index + 1] === true && answers[index + 2] === true);

test('one event in forty fails three attempts, one in forty two', () => {
  const failed = play(600, 45).failed.slice(0, 400);
  expect(failed.filter((count) => count === 3)).toHaveLength(10);
  expect(failed.filter((count) => count === 2)).toHaveLength(10);
  expect(failed.filter((count) => count === 1)).toHaveLength(0);
});

test.each([5, 7, 20, 23, 40])('retries %i events later never make three failures in a row', (later) => {
  const { failed, answers } = play(1_000, later);
  expect(isThreeInARow(answers)).toBe(false);
  expect(failed.filter((count) => count > 0).length).toBeGreaterThan(40);
});

test('a burst of retries, after its process was away, is let through but for what is apart', () => {
  const { answers, fails } = endpoint();
  const failing = Array.from({ length: 400 }, (_, job) => job).filter((job) => fails(job, 1));
  const from = answers.length;
  for (const job of failing) fails(job, 2);
  expect(answers.slice(from).filter(Boolean).length).toBeGreaterThan(3);
  expect(isThreeInARow(answers)).toBe(false);
});

test('only a webhook that says so uses up attempts by plan', () => {
  expect(usualEstate().filter(({ givesUp }) => givesUp === true)).toMatchObject([{ path: '/d' }]);
});

const NONE = { key: null, value: null, headers: {} };
const ENCODED = `authorization: Basic ${Buffer.from(BASIC_CREDENTIAL).toString('base64')}`;

test.each<[string, Parameters<typeof tellsSecret>[0], boolean]>([
  ['nothing', { ...NONE, key: Buffer.from('call_1'), value: Buffer.from('{}') }, false],
  ['a value in clear', { ...NONE, value: Buffer.from(`{"password":"${CANARY}-basic"}`) }, true],
  ['a value that is merely encoded', { ...NONE, value: Buffer.from(ENCODED) }, true],
  ['a key', { ...NONE, key: Buffer.from(CANARY) }, true],
  ['a header', { ...NONE, headers: { note: ['x', Buffer.from(ENCODED)] } }, true],
  ['the name of a header', { ...NONE, headers: { [CANARY]: '1' } }, true],
])('a record tells a secret or not: %s', (_, record, tells) => {
  expect(tellsSecret(record)).toBe(tells);
});

test('the base64 of another credential is none', () => {
  expect(holdsSecret(Buffer.from('ann:another').toString('base64'))).toBe(false);
});
