/**
 * What the work comes to, unless the signal aborts first: then it is left to itself, and the signal's reason is thrown.
 * Nobody hears of what becomes of it, so whatever it uses may be closed under it.
 */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  if (signal === undefined) return work();
  let tell = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    tell = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', tell, { once: true });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', tell);
  }
}
