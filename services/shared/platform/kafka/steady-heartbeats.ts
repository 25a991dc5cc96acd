import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

/**
 * Lets the members of kafkajs (2.2.4) send heartbeats when the machine's clock is set back.
 *
 * It sends one when its last is old enough by the wall clock. Set back by an hour, it sends none for an hour: each
 * session that it joins ends in time-out, and its records are read again and again. A last heartbeat that lies in the
 * future is taken for long ago.
 */
export function steadyHeartbeats(): void {
  ConsumerGroup.prototype.heartbeat = heartbeatWhateverTheClock;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its group
const heartbeat = ConsumerGroup.prototype.heartbeat;

function heartbeatWhateverTheClock(this: ConsumerGroup, options: { readonly interval: number }): Promise<void> {
  if (this.lastRequest > Date.now()) this.lastRequest = 0;
  return heartbeat.call(this, options);
}
