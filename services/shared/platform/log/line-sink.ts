import { writeSync } from 'node:fs';

/** Where finished log lines go. */
export interface LineSink {
  readonly write: (line: string) => void;
  /** Writes what is still held; to be called before the process ends. */
  readonly flush: () => void;
}

const BATCH_CHARS = 65_536;
/** What a reader that has fallen behind may leave in our memory; lines beyond that are dropped. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;
/** Longest wait at the end of the process for a reader of our pipe that doesn't read. */
const LAST_FLUSH_MS = 500;
const RETRY_MS = 5;

/**
 * Collects the lines of one turn of the event loop and writes them with one system call, in order, to a file
 * descriptor; the last ones when the process ends. (process.stdout would cost a call per line, and on a pipe that is
 * full it holds lines in memory that `process.exit` then loses.) A reader that is gone is no reason to stop working:
 * lines are dropped then. Only a kill -9 loses lines, those of the current turn.
 */
export function descriptorSink(descriptor: number): LineSink {
  let held = Buffer.alloc(0);
  let lines = '';
  let scheduled = false;
  let readerGone = false;

  /** Whether everything was written; false when the pipe is full and doesn't block. */
  function drain(): boolean {
    if (lines !== '') {
      held = held.length === 0 ? Buffer.from(lines) : Buffer.concat([held, Buffer.from(lines)]);
      lines = '';
    }
    while (held.length > 0 && !readerGone) {
      try {
        held = held.subarray(writeSync(descriptor, held));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
        readerGone = true;
      }
    }
    held = Buffer.alloc(0);
    return true;
  }

  function drainLater(): void {
    scheduled = false;
    if (drain()) return;
    scheduled = true;
    setTimeout(drainLater, RETRY_MS);
  }

  function flush(): void {
    const until = Date.now() + LAST_FLUSH_MS;
    while (!drain() && Date.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
  }

  process.once('exit', flush);
  return {
    write: (line) => {
      if (readerGone || held.length > HELD_BYTES_MAX) return;
      lines += line;
      if (lines.length >= BATCH_CHARS) drain();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(drainLater);
      }
    },
    flush,
  };
}
