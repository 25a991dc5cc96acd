import convict from 'convict';
import { ConfigError } from './config-error.js';
import { CROSS_CHECKS } from './cross-checks.js';
import { parseEncryptionKeys } from './encryption-keys.js';
import { unmetExpectation } from './formats.js';
import { schema, type Config, type SettingValues } from './schema.js';
import type { AnySetting, SettingTable } from './setting.js';

const TABLE: SettingTable = schema;
const SETTINGS: ReadonlyMap<string, AnySetting> = new Map(
  Object.entries(TABLE).flatMap(([group, settings]) =>
    Object.entries(settings).map(([name, setting]) => [`${group}.${name}`, setting] as const),
  ),
);

/**
 * Reads every setting from `env`, checks all of them, alone and against each other, and freezes the result.
 * A variable that is set to nothing counts as not set.
 *
 * @throws ConfigError with one line per fault
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, text]) => text?.trim() !== ''));
  const source = convict<Record<string, unknown>>(TABLE, {
    env: given,
    args: [],
  });
  const values = source.getProperties() as unknown as SettingValues;
  const faults = faultsOf(values);
  if (faults.length > 0) throw new ConfigError(faults);
  source.validate({ allowed: 'strict' });
  return deepFreeze(configOf(values));
}

/**
 * What the start log tells of the settings: every value by its variable, except that of a sensitive one, of which only
 * the hosts (MongoDB) or the key ids (encryption) are told.
 */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const values = config as unknown as Record<string, Record<string, unknown>>;
  return Object.fromEntries(
    [...SETTINGS].map(([path, setting]) => {
      if (path === 'mongodb.uri') return [setting.env, hostsOf(config.mongodb.uri)];
      if (path === 'encryption.keys') return ['ENCRYPTION_KIDS', config.encryption.keys.map(({ kid }) => kid)];
      const value = valueAt(values, path);
      return [setting.env, setting.sensitive === true && value !== '' ? '***' : value];
    }),
  );
}

/** One line per fault, in the order of the table. */
function faultsOf(values: SettingValues): readonly string[] {
  const faults: string[] = [];
  const wrong = new Set<string>();
  const report = (path: string, setting: AnySetting, expected: string | undefined): void => {
    if (expected === undefined) return;
    wrong.add(path);
    faults.push(`${path} (${setting.env}): ${shown(valueAt(values, path), setting)}, expected ${expected}`);
  };
  for (const [path, setting] of SETTINGS) report(path, setting, unmetExpectation(valueAt(values, path), setting));
  const alone = new Set(wrong);
  for (const check of CROSS_CHECKS) {
    const setting = SETTINGS.get(check.setting);
    if (setting === undefined || [check.setting, ...check.others].some((path) => alone.has(path))) continue;
    report(check.setting, setting, check.unmet(values));
  }
  return faults;
}

/** The value as a fault shows it: never a sensitive one, never credentials inside an address, never endlessly long. */
function shown(value: unknown, setting: AnySetting): string {
  if (value === null || value === '') return 'is not set';
  if (setting.sensitive === true) return 'is *** (not shown)';
  const text = JSON.stringify(Array.isArray(value) ? value.join(',') : value).replace(/\/\/[^"]*@/g, '//***@');
  return `is ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
}

function valueAt(values: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], values);
}

function configOf(values: SettingValues): Config {
  const { prefix } = values.kafka;
  const topics = Object.entries(values.topics).map(([name, topic]): [string, string] => [name, prefix + topic]);
  return {
    ...values,
    topics: Object.fromEntries(topics) as unknown as SettingValues['topics'],
    encryption: { keys: parseEncryptionKeys(values.encryption.keys ?? '') },
  };
}

/** Scheme and hosts of a connection string that passed its format: credentials can stand only before the last `@`. */
function hostsOf(uri: string): string {
  return uri.replace(/^([^/]*\/\/)(?:[^/?]*@)?([^/?]*).*$/s, '$1$2');
}

/** Freezes objects and arrays all the way down; keys are immutable by themselves. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
