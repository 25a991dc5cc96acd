import { describe, expect, test } from '@jest/globals';
import { createHealth, type CheckResult, type Phase } from '../../../../services/shared/platform/process/health.js';

const GREEN: CheckResult = { ok: true };
const RED: CheckResult = { ok: false, reason: 'away' };

describe('live and ready are two questions', () => {
  test.each<[Phase, CheckResult, CheckResult, boolean, boolean]>([
    // phase, dependency, loop, live, ready
    ['running', GREEN, GREEN, true, true],
    ['running', RED, GREEN, true, false],
    ['running', GREEN, RED, false, false],
    ['starting', GREEN, GREEN, true, false],
    ['stopping', GREEN, GREEN, true, false],
    ['failed', GREEN, GREEN, false, false],
  ])('%s, dependency %j, loop %j: live %s, ready %s', async (phase, dependency, loop, live, ready) => {
    const health = createHealth();
    health.add({ name: 'mongodb', kind: 'dependency', check: () => dependency });
    health.add({ name: 'consumer', kind: 'loop', check: () => Promise.resolve(loop) });
    health.enter(phase);
    expect((await health.live()).ok).toBe(live);
    expect((await health.ready()).ok).toBe(ready);
  });
});

test('the report tells each check with its reason', async () => {
  const health = createHealth();
  health.add({ name: 'mongodb', kind: 'dependency', check: () => RED });
  health.add({ name: 'consumer', kind: 'loop', check: () => GREEN });
  health.enter('running');
  expect(await health.ready()).toEqual({ ok: false, phase: 'running', checks: { mongodb: RED, consumer: GREEN } });
  expect(await health.live()).toEqual({ ok: true, phase: 'running', checks: { consumer: GREEN } });
});

test('a check that hangs is red after its time, one that throws is red with its reason, without secrets', async () => {
  const health = createHealth(20);
  health.add({ name: 'hangs', kind: 'dependency', check: () => new Promise(() => undefined) });
  health.add({
    name: 'throws',
    kind: 'dependency',
    check: () => {
      throw new Error('mongodb://u:canary@h/ is away');
    },
  });
  health.add({ name: 'rejects', kind: 'dependency', check: () => Promise.reject(new Error('no')) });
  expect((await health.ready()).checks).toEqual({
    hangs: { ok: false, reason: 'no answer in 20 ms' },
    throws: { ok: false, reason: 'mongodb://***@h/ is away' },
    rejects: { ok: false, reason: 'no' },
  });
});
