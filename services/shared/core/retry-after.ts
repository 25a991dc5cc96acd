/**
 * What an endpoint asks for with Retry-After: "429 and 503 with Retry-After (seconds or HTTP-date)".
 *
 * Seconds as digits, or one of the three forms of an HTTP date (RFC 9110, 5.6.7). Whatever else stands there is ignored,
 * and so is what lies in the past: then the ordinary rules hold.
 */
const SECONDS = /^\d{1,9}$/;
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Milliseconds to wait from `now` (epoch ms), more than 0; undefined when nothing sensible is asked for. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const waitMs = SECONDS.test(text) ? Number(text) * 1_000 : dateOf(text) - now;
  return waitMs > 0 ? waitMs : undefined;
}

/** Epoch ms; NaN when the text is no HTTP date. An asctime date is UTC, too. */
function dateOf(text: string): number {
  if (IMF_FIXDATE.test(text) || RFC_850.test(text)) return Date.parse(text);
  return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : NaN;
}
