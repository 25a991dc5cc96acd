import type { AddressInfo } from 'node:net';
import type { Principal } from '../../services/admin/api/principal.js';
import type { Routes } from '../../services/admin/api/route.js';
import { createApi } from '../../services/admin/api/server.js';

/** The API with some of its routes on a real socket, asked by whoever a test says. */
export interface TestApi {
  readonly url: string;
  /** Lines of the log, as objects. */
  readonly lines: Record<string, unknown>[];
  /** Who asks from now on; undefined: nobody who is signed in. */
  as(principal: Principal | undefined): void;
  request<T = Record<string, unknown>>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>>;
  close(): Promise<void>;
}

export interface RequestOptions {
  /** Rendered as JSON unless it is a string. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, of the type that the test expects; an empty object where there is no JSON. */
  readonly json: T;
}

export function principal(companyId: string, overrides: Partial<Principal> = {}): Principal {
  return {
    companyId,
    companyName: `Company ${companyId}`,
    actor: { kind: 'user', id: `usr_${companyId}`, name: 'Olga Owner' },
    email: 'olga@example.com',
    role: 'owner',
    via: 'jwt',
    csrfToken: null,
    expiresAt: null,
    ...overrides,
  };
}

export async function startTestApi(routes: readonly Routes[], first?: Principal): Promise<TestApi> {
  let who = first;
  const lines: Record<string, unknown>[] = [];
  const write = (level: string) => (event: string, fields: object) => void lines.push({ level, event, ...fields });
  const app = await createApi({
    log: { info: write('info'), warn: write('warn'), error: write('error') },
    version: '0.0.0',
    identify: () => Promise.resolve(who === undefined ? { kind: 'nobody' } : { kind: 'principal', principal: who }),
    routes,
    rates: { requestsPerMinute: 1_000_000 },
    trustedProxies: [],
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    url,
    lines,
    as: (principal) => {
      who = principal;
    },
    request: (method, path, options) => ask(url + path, method, options),
    close: () => app.close(),
  };
}

/** Sends one request and reads the answer whole. */
export async function ask<T = Record<string, unknown>>(
  url: string,
  method: string,
  { body, headers = {} }: RequestOptions = {},
): Promise<Answer<T>> {
  const hasBody = body !== undefined;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(hasBody ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) as T };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
