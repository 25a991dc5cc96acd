import { readFile } from 'node:fs/promises';
import { isIP, isIPv6 } from 'node:net';
import type { LookupAddress } from 'node:dns';

/**
 * The names that this machine's hosts file knows, as the system's own look-up would find them. Read again when it is
 * older than `maxAgeMs`, in the background: who asks meanwhile gets what was read last.
 */
export interface HostsFile {
  /** Its addresses, in the order of the file; undefined when the name isn't there. */
  find(name: string): readonly LookupAddress[] | undefined;
}

export async function openHostsFile(path = '/etc/hosts', maxAgeMs = 30_000): Promise<HostsFile> {
  let entries = await read(path);
  let readAt = performance.now();
  return {
    find: (name) => {
      if (performance.now() - readAt > maxAgeMs) {
        readAt = performance.now();
        void read(path).then((found) => (entries = found));
      }
      return entries.get(name);
    },
  };
}

async function read(path: string): Promise<ReadonlyMap<string, readonly LookupAddress[]>> {
  return parseHosts(await readFile(path, 'utf8').catch(() => ''));
}

/** Addresses by name, in lower case; lines that aren't understood are skipped. */
export function parseHosts(text: string): ReadonlyMap<string, readonly LookupAddress[]> {
  const entries = new Map<string, LookupAddress[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const known = entries.get(name.toLowerCase()) ?? [];
      known.push({ address, family: isIPv6(address) ? 6 : 4 });
      entries.set(name.toLowerCase(), known);
    }
  }
  return entries;
}
