/**
 * Shows how far the downloads are: a bar on a terminal, else a line every few seconds. The bytes are measured on
 * the disk, because Maven and pip don't tell; what is there before the download (Maven's own cache) doesn't count.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';

export interface WatchedDownload {
  /** The folders that grow. Those that don't exist (yet) count as empty. */
  readonly folders: readonly string[];
  readonly totalBytes: number;
}

export interface ProgressOptions {
  readonly downloads: readonly WatchedDownload[];
  readonly report: (line: string) => void;
  /** Called when the bytes haven't grown for `stalledAfterMs` milliseconds. */
  readonly stalled: () => void;
  readonly stalledAfterMs: number;
}

const barEveryMs = 200;
const lineEveryMs = 5_000;
const megabyte = 1_000_000;

/** Starts showing. The returned function ends it; its argument tells whether the downloads were completed. */
export function showDownloadProgress(options: ProgressOptions): (completed: boolean) => void {
  const { downloads, report } = options;
  const counters = downloads.map(byteCounter);
  const totalMb = Math.round(downloads.reduce((sum, { totalBytes }) => sum + totalBytes, 0) / megabyte);
  const bar = process.stderr.isTTY
    ? new SingleBar({ format: 'Downloading |{bar}| {percentage}% | {value} of {total} MB', hideCursor: true })
    : undefined;
  bar?.start(totalMb, 0);
  if (bar === undefined) report(`Downloading ${totalMb} MB, once`);
  let mostMb = -1;
  let grewAt = Date.now();
  let saidAt = Date.now();
  const timer = setInterval(() => {
    const mb = Math.round(counters.reduce((sum, count) => sum + count(), 0) / megabyte);
    if (mb > mostMb) [mostMb, grewAt] = [mb, Date.now()];
    else if (Date.now() - grewAt > options.stalledAfterMs) options.stalled();
    bar?.update(mostMb);
    if (bar === undefined && Date.now() - saidAt >= lineEveryMs) {
      saidAt = Date.now();
      report(`Downloading: ${mostMb} of ${totalMb} MB`);
    }
  }, barEveryMs);
  return (completed) => {
    clearInterval(timer);
    if (completed) bar?.update(totalMb);
    bar?.stop();
  };
}

function byteCounter({ folders, totalBytes }: WatchedDownload): () => number {
  const bytes = () => folders.reduce((sum, folder) => sum + folderBytes(folder), 0);
  const before = bytes();
  return () => Math.min(totalBytes, Math.max(0, bytes() - before));
}

function folderBytes(folder: string): number {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sum + folderBytes(path);
      return sum + (entry.isFile() ? statSync(path).size : 0);
    }, 0);
  } catch {
    // The folder isn't there yet, or a file was renamed while we looked: the next look sees it.
    return 0;
  }
}
