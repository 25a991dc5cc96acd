import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';

/** What a browser loads before the list can be shown: the page's script and all that it imports at once. */
interface ManifestEntry {
  readonly file: string;
  readonly imports?: readonly string[];
}

const FOLDER = join(projectRoot(), 'dist', 'console');
const BOUND_BYTES = 200 * 1024;

function firstLoad(): string[] {
  const manifest = JSON.parse(readFileSync(join(FOLDER, '.vite', 'manifest.json'), 'utf8')) as Record<
    string,
    ManifestEntry
  >;
  const seen = new Set<string>();
  const add = (name: string): void => {
    const entry = manifest[name];
    if (entry === undefined || seen.has(entry.file)) return;
    seen.add(entry.file);
    entry.imports?.forEach(add);
  };
  add('index.html');
  return [...seen];
}

test('the first load is at most 200 KB of script, gzipped', () => {
  const files = firstLoad();
  expect(files.length).toBeGreaterThan(0);
  const bytes = files.map((file) => gzipSync(readFileSync(join(FOLDER, file))).length);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(BOUND_BYTES);
});

test('charts are not part of it', () => {
  const text = firstLoad().map((file) => readFileSync(join(FOLDER, file), 'utf8'));
  expect(text.some((script) => script.includes('recharts-'))).toBe(false);
});

test('the page holds no inline script, no inline style, and nothing from elsewhere', () => {
  const page = readFileSync(join(FOLDER, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)/);
  expect(page).not.toMatch(/<style|style="|https?:\/\//);
});
