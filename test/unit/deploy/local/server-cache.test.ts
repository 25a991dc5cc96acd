import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedFolder, isCached, makePartialFolder, publish } from '../../../../deploy/local/server-cache.js';
import { pinned } from '../../../../deploy/local/versions.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'server-cache-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

test('a download counts only once it is published', () => {
  const unpacked = join(makePartialFolder(cache), 'kafka');
  mkdirSync(unpacked);
  expect(isCached(cache, 'kafka')).toBe(false);
  publish(cache, 'kafka', unpacked);
  expect(isCached(cache, 'kafka')).toBe(true);
});

test('when another start was faster, its copy stays', () => {
  const unpacked = join(makePartialFolder(cache), 'kafka');
  mkdirSync(unpacked);
  mkdirSync(cachedFolder(cache, 'kafka'));
  writeFileSync(join(cachedFolder(cache, 'kafka'), 'first'), '');
  publish(cache, 'kafka', unpacked);
  expect(existsSync(join(cachedFolder(cache, 'kafka'), 'first'))).toBe(true);
});

test('what killed starts left half-filled is deleted, what a living start fills is not', () => {
  mkdirSync(join(cache, 'partial-4194305'));
  mkdirSync(join(cache, `partial-${process.ppid}`));
  makePartialFolder(cache);
  expect(existsSync(join(cache, 'partial-4194305'))).toBe(false);
  expect(existsSync(join(cache, `partial-${process.ppid}`))).toBe(true);
});

test('the folder carries the version, so another version is another download', () => {
  expect(cachedFolder('c', 'kafka')).toContain(pinned.kafka);
  expect(cachedFolder('c', 'schemaRegistry')).toContain(pinned.apicurio);
  expect(cachedFolder('c', 'mongodb')).toContain(pinned.mongodWheel.mongod);
});
