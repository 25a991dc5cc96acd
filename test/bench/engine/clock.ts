/** Epoch time in µs, finer than Date.now(): processes of one machine compare theirs. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}
