/**
 * Takes secrets out of what people read: failure entries, logs, health answers, API answers.
 *
 * "Every failed attempt is logged with the request (secrets masked)"; no secret leaves in clear. A URL keeps its origin
 * and path, because that is what an Owner recognises, and loses every query value, because an API key may be any of
 * them. Where free text is masked, too much goes rather than too little: the rules work by position (after `://`,
 * after a secret's name), never by what a secret looks like. All patterns are linear in the length of the text, which
 * may come from an endpoint.
 */
export const MASK = '***';

const SECRET_NAME =
  /authori[sz]ation|authentication|passw(?:or)?d|passphrase|secret|api[-_. ]?key|access[-_. ]?key|private[-_. ]?key|encryption[-_. ]?keys?|token|cookie|credential|signature/i;

/** Whether a header, setting, query parameter or field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Keeps scheme, host, port and path; userinfo and every query value become `***`; the fragment goes. */
export function maskUrl(url: string): string {
  const hash = url.indexOf('#');
  const whole = hash < 0 ? url : url.slice(0, hash);
  const mark = whole.indexOf('?');
  const base = mark < 0 ? whole : whole.slice(0, mark);
  const query = mark < 0 ? '' : `?${maskQuery(whole.slice(mark + 1))}`;
  return base.replace(/^([^/]*:\/\/)[^/]*@/, `$1${MASK}@`) + query;
}

/** A parameter without `=` is masked whole: it may be the secret itself. */
function maskQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((parameter) => {
      const equals = parameter.indexOf('=');
      return equals < 0 ? MASK : parameter.slice(0, equals + 1) + MASK;
    })
    .join('&');
}

/**
 * A copy of `headers` in which the values of `secretNames` (in any case), and of names that tell a secret, are `***`.
 * `secretNames` are the webhook's own: its API key's header and its additional headers, whose meaning we can't know.
 */
export function maskHeaders(
  headers: Readonly<Record<string, string>>,
  secretNames: readonly string[],
): Record<string, string> {
  const secret = new Set(secretNames.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secret.has(name.toLowerCase()) || isSecretName(name) ? MASK : value,
    ]),
  );
}

const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>`\\^]+/gi;
/** A request target without its origin: `/hook?key=value`. */
const QUERY_VALUE = /([?&][^\s=&?#"']{1,200}=)[^\s&#"']+/g;
/** Header lines: whatever follows the name belongs to it, up to the end of the line. */
const HEADER_LINE = /((?:authori[sz]ation|cookie)["']?[ \t]{0,4}[:=])[^\r\n]+/gi;
const SCHEME_AND_TOKEN = /\b(basic|bearer)[ \t]{1,4}[^\s"',;]+/gi;
const NAMED_VALUE = new RegExp(
  `((?:${SECRET_NAME.source})[\\w-]{0,40}["']?[ \\t]{0,4}[:=][ \\t]{0,4})(?:"(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|\\\\.)*'?|[^\\s"',;&}]+)`,
  'gi',
);
/** Text without one of these characters holds no URL, no header line and no named value. */
const SUSPICIOUS = /[:= ]/;

/** Masks the URLs, credentials and named secrets in free text, such as the message of an error of a library. */
export function maskText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let masked = text;
  if (masked.includes('://')) masked = masked.replace(URL_IN_TEXT, maskUrl);
  if (masked.includes('=')) masked = masked.replace(QUERY_VALUE, `$1${MASK}`);
  if (/[:=]/.test(masked)) masked = masked.replace(HEADER_LINE, `$1 ${MASK}`).replace(NAMED_VALUE, `$1${MASK}`);
  return masked.includes(' ') ? masked.replace(SCHEME_AND_TOKEN, `$1 ${MASK}`) : masked;
}
