/** Reads until what was read holds; looks every 50 ms. For facts that can't be listened to, such as documents. */
export async function until<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > deadline) throw new Error(`it did not come to hold: ${JSON.stringify(value)?.slice(0, 2_000)}`);
    await pause(50);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
