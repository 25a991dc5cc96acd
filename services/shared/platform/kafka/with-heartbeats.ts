/**
 * Waits for `work` while the member keeps telling the group that it lives.
 *
 * Heartbeats come from the handler alone: without them a wait for MongoDB of half a minute gets the member evicted.
 * Rejects with the heartbeat's error (the group is rebalancing), so that kafkajs can join again.
 */
export async function withHeartbeats<T>(work: Promise<T>, heartbeat: () => Promise<void>, everyMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const beating = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => void heartbeat().catch(reject), everyMs);
  });
  try {
    return await Promise.race([work, beating]);
  } finally {
    clearInterval(timer);
  }
}
