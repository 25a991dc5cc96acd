import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/**
 * Lets the connections of kafkajs (2.2.4) sleep while no request waits to be sent.
 *
 * After each answer a connection's queue sets a timer for the requests that wait, also when none does. Unless it is
 * throttled that is a negative delay, which Node takes for 1 ms, and the timer sets itself again: each connection wakes
 * its process a thousand times a second, for ever. While a request waits, the timer is kafkajs's own.
 *
 * And each connection looks ten times a second for requests that took too long, which is after 15 s: once a second here,
 * and all of a process at once.
 */
export function quietRequestQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = scheduleWhenOneWaits;
  RequestQueue.prototype.scheduleRequestTimeoutCheck = scheduleTimeOuts;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its queue
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

function scheduleWhenOneWaits(this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this);
}

const TIME_OUTS_EVERY_MS = 1_000;

function scheduleTimeOuts(this: RequestQueue): void {
  this.destroy();
  const everyMs = Math.min(this.requestTimeout, TIME_OUTS_EVERY_MS);
  const lookLater = (): void => {
    this.requestTimeoutIntervalId = setTimeout(look, everyMs - (performance.now() % everyMs));
  };
  const look = (): void => {
    for (const request of this.inflight.values())
      if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
    if (this.isConnected()) lookLater();
    else this.destroy();
  };
  lookLater();
}
