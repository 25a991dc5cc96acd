import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

/**
 * Lets the members of kafkajs (2.2.4) send heartbeats when the machine's clock is set back.
 *
 * It sends one when its last is old enough by the wall clock. Set back by an hour, it sends none for an hour: each
 * session that it joins ends in time-out, and its records are read again and again. A last heartbeat that lies in the
 * future is taken for long ago.
 *
 * And it counts a heartbeat from its answer. Who sleeps while one is under way finds the answer at waking, and would take
 * itself for a member for another interval: what it fetches then, others have handled. It counts from its sending here.
 */
export function steadyHeartbeats(): void {
  ConsumerGroup.prototype.heartbeat = heartbeatWhateverTheClock;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its group
const heartbeat = ConsumerGroup.prototype.heartbeat;

async function heartbeatWhateverTheClock(this: ConsumerGroup, options: { readonly interval: number }): Promise<void> {
  const sentAt = Date.now();
  if (this.lastRequest > sentAt) this.lastRequest = 0;
  if (sentAt < this.lastRequest + options.interval) return;
  const { lastRequest } = this;
  await heartbeat.call(this, options);
  if (this.lastRequest !== lastRequest) this.lastRequest = Math.min(this.lastRequest, sentAt);
}
