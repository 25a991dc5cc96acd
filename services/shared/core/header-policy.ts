/**
 * Which headers a webhook may carry.
 *
 * "Names that belong to HTTP or to us (Host, Content-Length, Transfer-Encoding, Connection, …, `webhook-*`) are
 * refused, and so are control characters." A customer's `content-length: 3` before a longer body would put a second
 * request of its own on a kept-alive connection; an `x-forwarded-for` or `metadata-flavor` would speak for us inside
 * networks. The same rule is applied when a webhook is saved and again whenever a request is built, because a stored
 * document may be older than the rule.
 */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  // Not a name for a key of an object: the header would get lost on the way.
  '__proto__',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'metadata-flavor',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
  'x-real-ip',
]);

const RESERVED_PREFIXES = ['webhook-', 'proxy-', 'x-forwarded-', 'x-amz-', 'x-goog-', 'x-google-', 'x-azure-'] as const;

/** RFC 9110 token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, space and tab inside; no leading or trailing white space, no control character. */
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/;

/** "Additional headers: 0 to 10 rows." */
export const ADDITIONAL_HEADERS_MAX = 10;
export const HEADER_NAME_MAX_BYTES = 256;
export const HEADER_VALUE_MAX_BYTES = 4096;

/** Why this header may not be sent, as a sentence for the console; undefined when it may. */
export function headerFault(name: string, value: string): string | undefined {
  if (name.length > HEADER_NAME_MAX_BYTES || !TOKEN.test(name)) return 'is not a valid header name';
  const lower = name.toLowerCase();
  if (RESERVED_NAMES.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return 'is reserved and cannot be set';
  if (value.length > HEADER_VALUE_MAX_BYTES) return `has a value longer than ${HEADER_VALUE_MAX_BYTES} characters`;
  if (!VALUE.test(value)) return 'has a value with characters that are not allowed in headers';
  return undefined;
}
