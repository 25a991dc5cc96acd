import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { addressVariables } from '../choose-source.js';
import type { Stack } from '../stack.js';

/** What the demo adds to the environment that it was started in, for the services and for itself. */
export interface DemoEnvironmentOptions {
  readonly stack: Pick<Stack, 'kafkaBrokers' | 'mongodbUri' | 'schemaRegistryUrl'>;
  /** Certificate of the receiver's authority. */
  readonly caFile: string;
  readonly encryptionKeys: string;
  /** Where the API and the console listen, on loopback. */
  readonly adminPort: number;
  /** Gives this run topics, groups and a database of its own; undefined for those of the environment. */
  readonly scope: string | undefined;
}

export function demoEnvironment(env: NodeJS.ProcessEnv, options: DemoEnvironmentOptions): Record<string, string> {
  const { stack, caFile, encryptionKeys, adminPort, scope } = options;
  const inherited = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    [addressVariables.kafka]: stack.kafkaBrokers,
    [addressVariables.mongodb]: stack.mongodbUri,
    [addressVariables.schemaRegistry]: stack.schemaRegistryUrl,
    ENCRYPTION_KEYS: encryptionKeys,
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: String(adminPort),
    ADMIN_AUTHENTICATION: 'local',
    DELIVERY_ALLOWED_NETWORKS: '127.0.0.0/8',
    NODE_EXTRA_CA_CERTS: caFile,
    ...(scope === undefined ? {} : { KAFKA_PREFIX: `${scope}.`, MONGODB_DATABASE: scope }),
  };
}

export function newEncryptionKeys(): string {
  return `demo:${randomBytes(32).toString('base64')}`;
}

/** The key under which the data of this folder is sealed: made by the first demo, kept for those that follow. */
export function keptEncryptionKeys(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const keys = newEncryptionKeys();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${keys}\n`, { mode: 0o600 });
  return keys;
}
