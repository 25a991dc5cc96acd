import { recordOf, type FailureRecord, type StoredEntry } from './failure-view.js';

/**
 * Failure entries as a file for analysts, in pieces: each batch is read when the one before was taken, so that an export
 * of any length needs the memory of one batch.
 *
 *   ndjson  one entry per line, as the API tells it
 *   csv     RFC 4180, with a row of names. Text that a spreadsheet would take for a formula (it begins with = + - @, a tab
 *           or a carriage return) gets an apostrophe in front: bodies and headers come from customers' servers
 */
export type ExportFormat = 'ndjson' | 'csv';

export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
};

type Cell = string | number | boolean | null;

const COLUMNS: readonly (readonly [name: string, cell: (record: FailureRecord) => Cell])[] = [
  ['id', ({ id }) => id],
  ['delivery_id', ({ deliveryId }) => deliveryId],
  ['event_id', ({ eventId }) => eventId],
  ['event_type', ({ eventType }) => eventType],
  ['conversation_id', ({ conversationId }) => conversationId],
  ['attempt', ({ attempt }) => attempt],
  ['at', ({ at }) => at],
  ['duration_ms', ({ durationMs }) => durationMs],
  ['status', ({ status }) => status],
  ['status_class', ({ statusClass }) => statusClass],
  ['cause', ({ cause }) => cause.kind],
  ['cause_text', ({ cause }) => cause.text],
  ['follow_up', ({ followUp }) => followUp.kind],
  ['follow_up_at', ({ followUp }) => followUp.at ?? null],
  ['request_method', ({ request }) => request.method],
  ['request_url', ({ request }) => request.url],
  ['request_headers', ({ request }) => JSON.stringify(request.headers)],
  ['request_body', ({ request }) => request.body],
  ['response_headers', ({ response }) => response && JSON.stringify(response.headers)],
  ['response_body', ({ response }) => response && response.body],
  ['response_body_truncated', ({ response }) => response && response.bodyTruncated],
];

const LINE_END = '\r\n';
/** A piece ends with the line that reaches it. */
const PIECE_CHARS = 64 * 1024;

/**
 * The file, in pieces. Its first piece comes after the first batch, so that it tells of a failure. Pieces are small:
 * larger ones would each become a large text and a large buffer that the collector leaves lying for long.
 */
export async function* exportFile(
  format: ExportFormat,
  batches: AsyncIterable<readonly StoredEntry[]>,
): AsyncGenerator<string, void, undefined> {
  const lineOf = format === 'csv' ? csvRow : ndjsonLine;
  let piece = format === 'csv' ? csvLine(COLUMNS.map(([name]) => name)) : '';
  for await (const batch of batches)
    for (const entry of batch) {
      piece += lineOf(recordOf(entry));
      if (piece.length < PIECE_CHARS) continue;
      yield piece;
      piece = '';
    }
  if (piece !== '') yield piece;
}

function ndjsonLine(record: FailureRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function csvRow(record: FailureRecord): string {
  return csvLine(COLUMNS.map(([, cell]) => cell(record)));
}

/** One row, its line end included. */
export function csvLine(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',') + LINE_END;
}

function csvCell(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell);
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** The name of the file: of the webhook and the instant. */
export function exportFileName(format: ExportFormat, webhookId: string, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '-');
  return `failures-${webhookId.replaceAll(/[^\w-]/g, '_')}-${stamp}Z.${format}`;
}
