import { ApiError } from './api-error.js';

/** Where a page of the audit log ended, as text that a caller hands back unread. */
export interface AuditPlace {
  readonly at: Date;
  readonly id: string;
}

export function cursorOf({ at, id }: AuditPlace): string {
  return Buffer.from(JSON.stringify([at.getTime(), id])).toString('base64url');
}

/** @throws ApiError 400 for text that `cursorOf` never made */
export function placeOf(cursor: string): AuditPlace {
  const parsed = parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (Array.isArray(parsed) && parsed.length === 2) {
    const [at, id] = parsed as [unknown, unknown];
    // Beyond that number there is no date.
    if (Number.isInteger(at) && Math.abs(at as number) <= 8.64e15 && typeof id === 'string')
      return { at: new Date(at as number), id };
  }
  throw new ApiError('bad-request', 'The cursor is not one that a page of this list gave.', {
    faults: [{ pointer: '/cursor', code: 'cursor', message: 'This cursor is not known.' }],
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
