import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isoInstant } from '../../../../services/shared/platform/avro/iso-instant.js';

const EARLIEST = Date.parse('0000-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

test('it is what Date makes of the instant, for every instant of the years 0 to 9999 and whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: EARLIEST, max: LATEST }), { minLength: 1 }), (instants) => {
      for (const instant of instants) expect(isoInstant(instant)).toBe(new Date(instant).toISOString());
    }),
  );
});

test.each([EARLIEST, -1, 0, 1, 86_399_999, 86_400_000, Date.UTC(2024, 1, 29, 23, 59, 59, 999), LATEST])(
  'at the edge %d too',
  (instant) => {
    expect(isoInstant(instant)).toBe(new Date(instant).toISOString());
    expect(isoInstant(instant)).toBe(new Date(instant).toISOString());
  },
);
