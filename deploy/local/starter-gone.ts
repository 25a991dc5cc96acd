/**
 * Calls `stop` when the process that started this one is gone without a signal: run.mjs holds a channel to us, and
 * the kernel closes it when run.mjs is killed. Does nothing if we were started in another way, and doesn't keep
 * this process alive.
 */
export function onStarterGone(stop: () => void): void {
  if (process.channel === undefined) return;
  process.once('disconnect', stop);
  process.channel.unref();
}
