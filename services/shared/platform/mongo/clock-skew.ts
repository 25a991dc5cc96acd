import type { MongoClient } from 'mongodb';

/**
 * Tells how far this machine's clock is ahead of the primary's, in ms, whenever the driver's own heartbeat is answered:
 * every 3 s or so, without a command of ours. Exact to how long an answer waits for this process.
 */
export function onClockSkew(client: Pick<MongoClient, 'on'>, tell: (aheadMs: number) => void): void {
  client.on('serverHeartbeatSucceeded', ({ reply }) => {
    const { isWritablePrimary, localTime } = reply as { isWritablePrimary?: boolean; localTime?: Date };
    if (isWritablePrimary === true && localTime !== undefined) tell(Date.now() - localTime.getTime());
  });
}
