import { describe, expect, test } from '@jest/globals';
import { isInstallCurrent, isNodeNewEnough, orphans } from '../../../../deploy/local/freshness.mjs';

const root = { '': { version: '0.1.0' } };
const one = { version: '1.0.0', integrity: 'sha512-a' };

describe('whether npm ci has to run', () => {
  test.each([
    ['nothing is installed, or an install was interrupted', { ...root, 'node_modules/a': one }, undefined, false],
    ['all is there', { ...root, 'node_modules/a': one }, { 'node_modules/a': one }, true],
    ['a package is missing', { ...root, 'node_modules/a': one }, {}, false],
    ['a version differs', { 'node_modules/a': one }, { 'node_modules/a': { ...one, version: '1.0.1' } }, false],
    ['a content differs', { 'node_modules/a': one }, { 'node_modules/a': { ...one, integrity: 'sha512-b' } }, false],
    ['a package was removed from the lock', { ...root }, { 'node_modules/a': one }, false],
    ['a binary for another system is absent', { 'node_modules/a': { ...one, optional: true } }, {}, true],
    [
      'a binary is there in another version',
      { 'node_modules/a': { ...one, optional: true } },
      { 'node_modules/a': { ...one, version: '2.0.0' } },
      false,
    ],
  ])('%s', (_case, wanted, installed, current) => {
    expect(isInstallCurrent({ packages: wanted }, installed && { packages: installed })).toBe(current);
  });
});

test.each([
  ['20.20.2', '20.19', true],
  ['20.19.0', '20.19', true],
  ['20.9.0', '20.19', false],
  ['18.99.0', '20.19', false],
  ['22.0.0', '20.19', true],
])('Node %s is new enough for %s: %s', (version, oldest, enough) => {
  expect(isNodeNewEnough(version, oldest)).toBe(enough);
});

test('compiled files whose source is gone are orphans, other files are not', () => {
  const compiled = ['a/kept.js', 'a/kept.js.map', 'a/gone.js', 'a/gone.js.map', 'a/gone.d.ts', 'a/page.html', 'a'];
  expect(orphans(compiled, new Set(['a/kept.ts']))).toEqual(['a/gone.js', 'a/gone.js.map', 'a/gone.d.ts']);
});
