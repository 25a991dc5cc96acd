import { queryOptions } from '@tanstack/react-query';
import type { Session, SignIn, SignInMethod } from '../../../contract/session.js';
import { ApiProblem, rememberCsrfToken, request } from './http.js';

export const SESSION_KEY = ['session'] as const;

/** Who is signed in; null for nobody. */
export const sessionQuery = queryOptions({
  queryKey: SESSION_KEY,
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return remembered(await request<Session>('GET', '/session', { signal }));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const signInMethodQuery = queryOptions({
  queryKey: ['sign-in-method'],
  queryFn: ({ signal }) => request<SignInMethod>('GET', '/sign-in-method', { signal }),
  staleTime: Infinity,
});

export async function signIn(input: SignIn): Promise<Session> {
  return remembered(await request<Session>('POST', '/session', { body: input }));
}

export async function signOut(): Promise<void> {
  await request<undefined>('DELETE', '/session');
}

function remembered(session: Session): Session {
  rememberCsrfToken(session);
  return session;
}
