import { hash } from 'node:crypto';
import { ApiError } from './api-error.js';

/**
 * The cursor of a list of failures: where the page before ended, for this very list. It holds no right: whoever makes
 * one up still sees only what the query of the list finds. One of another list, or that we didn't write, is refused.
 */
export interface Position {
  readonly at: Date;
  readonly id: string;
}

/** `list` is everything that makes the list what it is: company, webhook and filters. */
export function cursorOf({ at, id }: Position, list: readonly unknown[]): string {
  return Buffer.from(JSON.stringify([nameOf(list), at.getTime(), id])).toString('base64url');
}

/** @throws ApiError 400 for what is no cursor of this list */
export function positionOf(cursor: string, list: readonly unknown[]): Position {
  const [name, at, id] = contentOf(cursor);
  if (name === nameOf(list) && typeof at === 'number' && Number.isSafeInteger(at) && typeof id === 'string') {
    const position = { at: new Date(at), id };
    if (!Number.isNaN(position.at.getTime()) && cursorOf(position, list) === cursor) return position;
  }
  throw new ApiError('bad-request', 'This cursor does not belong to this list: begin again without one.');
}

function contentOf(cursor: string): readonly unknown[] {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(content) ? content : [];
  } catch {
    return [];
  }
}

function nameOf(list: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(list.map((part) => part ?? null)), 'base64url').slice(0, 12);
}
