import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { serveTask } from '../shared/child-task.js';

/** Reads an export to its end, as fast as it comes or at a bounded rate. */
export interface ExportTask {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: as fast as it comes. */
  readonly bytesPerSecond?: number;
}

export interface ExportResult {
  readonly lines: number;
  readonly bytes: number;
  readonly durationMs: number;
}

const LINE_FEED = 10;

async function run({ url, headers, bytesPerSecond }: ExportTask): Promise<ExportResult> {
  const start = performance.now();
  const [answer] = (await once(get(url, { headers }), 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`the export was answered with ${answer.statusCode}`);
  let bytes = 0;
  let lines = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1;
    const aheadMs = bytesPerSecond === undefined ? 0 : (bytes / bytesPerSecond) * 1_000 - (performance.now() - start);
    if (aheadMs > 1) await pause(aheadMs);
  }
  if (!answer.complete) throw new Error('the export was cut');
  return { lines, bytes, durationMs: performance.now() - start };
}

serveTask(run);
