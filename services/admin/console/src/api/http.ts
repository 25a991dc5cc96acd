import type { Problem } from '../../../contract/problem.js';

/**
 * The one way in which the console talks to the API. Answers that refuse become an `ApiProblem`, no answer at all
 * becomes `ServerAway`: a page tells "you may not" from "nobody answered", because only the second is worth trying
 * again as it is.
 */
const BASE = '/api/v1';
const TIMEOUT_MS = 45_000;

/** What the API refused, and why, field by field. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly problem: Problem;
  /** Seconds until it makes sense to ask again; null where the API didn't say. */
  readonly retryAfterS: number | null;
  constructor(status: number, problem: Problem, retryAfterS: number | null) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.status = status;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer came, or none that the API gives: a network cut, a restart, a proxy's error page. */
export class ServerAway extends Error {
  override readonly name = 'ServerAway';
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal;
}

let csrfToken: string | null = null;

/** Takes the token that every change has to carry; a session answer brings it. */
export function rememberCsrfToken(session: { readonly csrfToken: string | null } | null): void {
  csrfToken = session?.csrfToken ?? null;
}

/** @throws ApiProblem, ServerAway */
export async function request<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const init: RequestInit = { method, headers, signal, credentials: 'same-origin' };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  let response: Response;
  let text: string;
  try {
    response = await fetch(pathOf(path, options.query), init);
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ServerAway('no answer', { cause: error });
  }
  return read<T>(response, text);
}

/** Path below the API's base, with a query. */
export function pathOf(path: string, query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const suffix = search.toString();
  return `${BASE}${path}${suffix === '' ? '' : `?${suffix}`}`;
}

function read<T>(response: Response, text: string): T {
  if (response.status === 204) return undefined as T;
  const json = parsed(text);
  if (response.ok && json !== undefined) return json as T;
  const problem = json as Problem | undefined;
  if (typeof problem?.title === 'string' && response.status !== 502 && response.status !== 504)
    throw new ApiProblem(response.status, problem, secondsOf(response.headers.get('retry-after')));
  throw new ServerAway(`status ${response.status}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function secondsOf(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : null;
}
