import type { Problem } from '../../../contract/problem.js';
import type { FormFault } from './form-rules.js';

/** Faults of the API, sorted into those that a field can show and those that only the form as a whole can. */
export interface ProblemFaults {
  readonly fields: readonly FormFault[];
  readonly rest: readonly string[];
}

const SHOWN = [/^url$/, /^authentication\.(username|password|name|value)$/, /^headers\.\d+\.(name|value)$/, /^events$/];

/** Translates JSON pointers into form fields: `/headers/0/name` is `headers.0.name`; `/events/3` is `events`. */
export function problemFaults(problem: Problem): ProblemFaults {
  const fields: FormFault[] = [];
  const rest: string[] = [];
  for (const { pointer, message } of problem.errors ?? []) {
    const path = pathOf(pointer);
    if (SHOWN.some((shown) => shown.test(path))) fields.push({ path, message, kind: 'wrong' });
    else rest.push(message);
  }
  return { fields, rest };
}

function pathOf(pointer: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts[0] === 'events' ? 'events' : parts.join('.');
}
