import { queryOptions } from '@tanstack/react-query';
import type { ApiTokenList, CreatedApiToken, NewApiToken } from '../../../contract/session.js';
import { request } from './http.js';

export const TOKENS_KEY = ['tokens'] as const;

export const tokensQuery = queryOptions({
  queryKey: TOKENS_KEY,
  queryFn: ({ signal }) => request<ApiTokenList>('GET', '/tokens', { signal }),
});

export function createToken(input: NewApiToken): Promise<CreatedApiToken> {
  return request<CreatedApiToken>('POST', '/tokens', { body: input });
}

export function revokeToken(id: string): Promise<undefined> {
  return request<undefined>('DELETE', `/tokens/${encodeURIComponent(id)}`);
}
