/**
 * Instants, durations and shares as people read them: in the user's zone, with the zone said. Formatters are made once;
 * making one costs more than a thousand uses.
 */
const LANGUAGE = 'en-GB';

const full = new Intl.DateTimeFormat(LANGUAGE, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const dense = new Intl.DateTimeFormat(LANGUAGE, {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit' });
const dayAndHour = new Intl.DateTimeFormat(LANGUAGE, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const zone = new Intl.DateTimeFormat(LANGUAGE, { timeZoneName: 'short' });
const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** "24 Nov 2026, 16:05:12 GMT+5:30" */
export const fullTime = (iso: string): string => full.format(new Date(iso));
/** "24 Nov, 16:05:12", where the zone stands elsewhere on the page. */
export const denseTime = (iso: string): string => dense.format(new Date(iso));
/** "16:05:12" */
export const clockTime = (iso: string): string => clock.format(new Date(iso));
/** "16:05" for windows of a day, "Tue 16:00" for longer ones. */
export const axisTime = (iso: string, long: boolean): string => (long ? dayAndHour : minute).format(new Date(iso));

/** "GMT+5:30": the zone in which times are shown. */
export function zoneName(at: Date = new Date()): string {
  return zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}

const STEPS = [
  [60, 'second', 1],
  [3_600, 'minute', 60],
  [86_400, 'hour', 3_600],
  [Infinity, 'day', 86_400],
] as const;

/** "2 min ago", "in 12 sec.", "now" */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1_000);
  const [, unit, size] = STEPS.find(([below]) => Math.abs(seconds) < below) ?? STEPS[3];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** "85 ms", "1.2 s", "–" for none. */
export function durationText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1) return '< 1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** "99.8 %"; never rounds up to 100 % while something failed. */
export function shareText(share: number | null): string {
  if (share === null) return '–';
  const percent = share * 100;
  const shown = share < 1 ? Math.min(99.9, Math.round(percent * 10) / 10) : 100;
  return `${shown} %`;
}

export const countText = (n: number): string => (n < 100_000 ? whole.format(n) : compact.format(n));
