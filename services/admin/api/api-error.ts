import type { FieldFault, Problem } from '../contract/problem.js';

/**
 * The caller's mistakes, as errors: thrown anywhere in a request, answered as `application/problem+json` in one place
 * (error-answers.ts). What a dependency does wrong is a DependencyError (503); every other error is a bug of ours (500).
 */
export type ApiErrorKind = keyof typeof KINDS;

/** Status and title of each kind; the kind is the last part of the problem's type. */
const KINDS = {
  'bad-request': { status: 400, title: 'The request can’t be understood' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  'not-allowed': { status: 403, title: 'Not allowed' },
  'not-found': { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'Conflict' },
  'version-changed': { status: 412, title: 'Changed meanwhile' },
  'too-large': { status: 413, title: 'Too large' },
  'unsupported-media-type': { status: 415, title: 'JSON only' },
  'invalid-input': { status: 422, title: 'Some fields are wrong' },
  'version-required': { status: 428, title: 'If-Match is required' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
} as const;

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: ApiErrorKind;
  readonly faults: readonly FieldFault[];
  /** Seconds after which it is worth trying again. */
  readonly retryAfter: number | undefined;

  /** `detail` is a sentence for people; it holds no secret. */
  constructor(
    kind: ApiErrorKind,
    detail: string,
    options: { readonly faults?: readonly FieldFault[]; readonly retryAfter?: number } = {},
  ) {
    super(detail);
    this.kind = kind;
    this.faults = options.faults ?? [];
    this.retryAfter = options.retryAfter;
  }

  get status(): number {
    return KINDS[this.kind].status;
  }

  problem(requestId: string): Problem {
    const { status, title } = KINDS[this.kind];
    const problem: Problem = { type: problemType(this.kind), title, status, detail: this.message, requestId };
    return this.faults.length === 0 ? problem : { ...problem, errors: [...this.faults] };
  }
}

/** 422 with every wrong field. */
export function invalidInput(faults: readonly FieldFault[]): ApiError {
  return new ApiError(
    'invalid-input',
    faults.length === 1 ? 'One field is wrong.' : `${faults.length} fields are wrong.`,
    {
      faults,
    },
  );
}

/** 404: for an id that doesn't exist and for one of another company alike. */
export function notFound(what: string): ApiError {
  return new ApiError('not-found', `There is no such ${what}.`);
}

export function problemType(kind: string): string {
  return `urn:webhook-v2:problem:${kind}`;
}
