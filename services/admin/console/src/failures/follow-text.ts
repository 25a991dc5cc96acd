import type { FailureSummary } from '../../../contract/failure.js';
import { clockTime } from '../instants.js';
import { texts } from '../texts.js';

/** What follows a failed attempt, in words. */
export function followText({ kind, at }: FailureSummary['followUp']): string {
  switch (kind) {
    case 'retry':
      return texts.failures.follow.retry(at === undefined ? '…' : clockTime(at));
    case 'exhausted':
    case 'held':
    case 'dropped':
      return texts.failures.follow[kind];
  }
}
