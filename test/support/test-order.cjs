const { default: Sequencer } = require('@jest/test-sequencer');

/**
 * Begins with the tests that wait longest. On a fresh checkout Jest knows no durations and goes by the size of files:
 * then three minutes of soak, a small file, would run last and beside little else.
 */
const LONGEST = ['test/faults/soak', 'test/browser/console', 'test/e2e/dependencies-away'];

/** Ends with the one that judges latencies: beside another suite that keeps the processor busy it would judge that. */
const LAST = 'test/faults/short';

module.exports = class TestOrder extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      if (path.includes(LAST)) return LONGEST.length + 1;
      const index = LONGEST.findIndex((name) => path.includes(name));
      return index < 0 ? LONGEST.length : index;
    };
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
};
