/**
 * The servers' programs, downloaded once into a cache folder outside git. A download is unpacked into a folder of
 * its own and renamed at the very end, so a folder under its final name is complete, however a former start ended.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerName } from './choose-source.js';
import { isAlive } from './data-folder.js';
import { pinned } from './versions.js';

const partialPrefix = 'partial-';

const folderNames: Readonly<Record<ServerName, string>> = {
  kafka: `kafka-${pinned.kafka}`,
  mongodb: `mongod-${pinned.mongodWheel.mongod}`,
  schemaRegistry: `apicurio-registry-${pinned.apicurio}`,
};

/** The folder of a server's program, whether it is there yet or not. */
export function cachedFolder(cache: string, name: ServerName): string {
  return join(cache, folderNames[name]);
}

export function isCached(cache: string, name: ServerName): boolean {
  return existsSync(cachedFolder(cache, name));
}

/** Makes a folder for one download, and deletes those that killed starts left behind. */
export function makePartialFolder(cache: string): string {
  mkdirSync(cache, { recursive: true });
  for (const entry of readdirSync(cache).filter((name) => name.startsWith(partialPrefix))) {
    if (!isAlive(Number(entry.slice(partialPrefix.length))))
      rmSync(join(cache, entry), { recursive: true, force: true });
  }
  const partial = join(cache, `${partialPrefix}${process.pid}`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  return partial;
}

/** Moves a complete download to its final name; if another start was faster, its copy stays. */
export function publish(cache: string, name: ServerName, unpacked: string): void {
  try {
    renameSync(unpacked, cachedFolder(cache, name));
  } catch (error) {
    if (!isCached(cache, name)) throw error;
  }
}
