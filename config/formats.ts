import { isIP } from 'node:net';
import convict from 'convict';
import { encryptionKeysFault } from './encryption-keys.js';
import type { AnySetting } from './setting.js';

/**
 * The formats of settings. Convict's own are not used: they read `12abc` as 12 and `abc` as true.
 *
 * A format turns the text of a variable into a value, or leaves it as it is when it can't; then tells what is expected
 * of a value that is wrong. What it tells never holds a part of the value: that may be a secret.
 */
interface Format {
  readonly coerce: (text: string) => unknown;
  /** What is expected, in words; for faults and for env.example. */
  readonly expected: (setting: AnySetting) => string;
  /** Whether the value is right; a string says what is wrong with it in particular. */
  readonly accepts: (value: unknown, setting: AnySetting) => boolean | string;
}

type FormatName = AnySetting['format'];

const HOST = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const HOST_AND_PORT = /^(.+):(\d{1,5})$/;
/** What Kafka allows in the name of a topic; a group is named likewise. */
const TOPIC = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;
const MONGODB_URI = /^mongodb(?:\+srv)?:\/\/(?:[^@/?#\s]+@)?[A-Za-z0-9._:[\],-]+(?:\/[A-Za-z0-9_-]*)?(?:\?[^\s@]*)?$/;

const trim = (text: string): string => text.trim();
const splitList = (text: string): readonly string[] => text.split(',').map(trim);

function matching(pattern: RegExp): Format['accepts'] {
  return (value) => typeof value === 'string' && pattern.test(value);
}

/** Checks each entry and names the first that is wrong by its position. */
function entries(isRight: (entry: string) => boolean, wrong: string): Format['accepts'] {
  return (value) => {
    if (!Array.isArray(value)) return false;
    const index = value.findIndex((entry) => typeof entry !== 'string' || !isRight(entry));
    return index < 0 || `entry ${index + 1} is not ${wrong}`;
  };
}

function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST.test(text);
}

function isBroker(text: string): boolean {
  const [, host = '', port = ''] = HOST_AND_PORT.exec(text) ?? [];
  return isHost(host.replace(/^\[(.*)\]$/, '$1')) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** A prefix of 0 bits would switch the protection against internal addresses off altogether, so it is refused. */
function isNetwork(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const family = isIP(address);
  return family !== 0 && rest.length === 0 && /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === '';
}

function isWhole(value: unknown, setting: AnySetting): boolean {
  return setting.format === 'whole' && Number.isSafeInteger(value) && inRange(Number(value), setting.min, setting.max);
}

function inRange(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function expectedWhole(setting: AnySetting): string {
  if (setting.format !== 'whole') return '';
  return `a whole number from ${setting.min} to ${setting.max}${setting.unit === undefined ? '' : ` (${setting.unit})`}`;
}

function keysAreRight(value: unknown): boolean | string {
  return typeof value === 'string' && (encryptionKeysFault(value) ?? true);
}

const FORMATS: Readonly<Record<FormatName, Format>> = {
  whole: {
    coerce: (text) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text),
    expected: expectedWhole,
    accepts: isWhole,
  },
  flag: {
    coerce: (text) => ({ true: true, false: false })[text.trim()] ?? text,
    expected: () => 'true or false',
    accepts: (value) => typeof value === 'boolean',
  },
  choice: {
    coerce: trim,
    expected: (setting) => (setting.format === 'choice' ? `one of ${setting.choices.join(', ')}` : ''),
    accepts: (value, setting) => setting.format === 'choice' && setting.choices.includes(String(value)),
  },
  text: { coerce: (text) => text, expected: () => 'text without control characters', accepts: matching(/^\P{Cc}*$/u) },
  host: {
    coerce: trim,
    expected: () => 'an IP address or a host name',
    accepts: (value) => typeof value === 'string' && isHost(value),
  },
  topic: { coerce: trim, expected: () => 'letters, digits, dots, hyphens and underscores', accepts: matching(TOPIC) },
  'topic-prefix': {
    coerce: trim,
    expected: () => 'at most 100 letters, digits, dots, hyphens and underscores',
    accepts: matching(/^[A-Za-z0-9._-]{0,100}$/),
  },
  database: {
    coerce: trim,
    expected: () => 'at most 63 letters, digits, hyphens and underscores',
    accepts: matching(/^[A-Za-z0-9_-]{1,63}$/),
  },
  'mongodb-uri': {
    coerce: trim,
    expected: () => 'mongodb://[user:password@]host[:port],…/[database][?options], percent-encoded where needed',
    accepts: matching(MONGODB_URI),
  },
  'http-url': {
    coerce: trim,
    expected: () => 'an http:// or https:// address without credentials, query and fragment',
    accepts: isHttpUrl,
  },
  'optional-http-url': {
    coerce: trim,
    expected: () => 'an http:// or https:// address without credentials, query and fragment, or nothing',
    accepts: (value) => value === '' || isHttpUrl(value),
  },
  brokers: {
    coerce: splitList,
    expected: () => 'host:port, separated by commas',
    accepts: entries(isBroker, 'host:port'),
  },
  networks: {
    coerce: splitList,
    expected: () => 'networks such as 127.0.0.0/8 or ::1/128, separated by commas',
    accepts: entries(isNetwork, 'a network of at least 1 bit'),
  },
  'encryption-keys': {
    coerce: trim,
    expected: () => 'kid:base64-of-32-bytes, separated by commas, the current key first',
    accepts: keysAreRight,
  },
};

convict.addFormats(
  Object.fromEntries(
    Object.entries(FORMATS).map(([name, format]) => [
      name,
      {
        coerce: format.coerce,
        validate: (value: unknown, setting: unknown) => {
          const expected = unmetExpectation(value, setting as AnySetting);
          if (expected !== undefined) throw new Error(`expected ${expected}`);
        },
      },
    ]),
  ),
);

/** What is expected of the setting's value, in words. */
export function expectationOf(setting: AnySetting): string {
  return FORMATS[setting.format].expected(setting);
}

/** What was expected and isn't met by `value`; undefined when it is right. */
export function unmetExpectation(value: unknown, setting: AnySetting): string | undefined {
  const verdict = FORMATS[setting.format].accepts(value, setting);
  if (verdict === true) return undefined;
  return expectationOf(setting) + (verdict === false ? '' : `; ${verdict}`);
}
