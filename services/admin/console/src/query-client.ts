import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem, ServerAway } from './api/http.js';
import { SESSION_KEY } from './api/session.js';

const RETRIES = 2;

/**
 * Questions are asked again when nobody answered, never when the answer was no; changes are never repeated by
 * themselves. A 401 anywhere says that the session has ended: then nobody is signed in any more.
 */
export function createQueryClient(): QueryClient {
  const onError = (error: Error): void => {
    if (error instanceof ApiProblem && error.status === 401) client.setQueryData(SESSION_KEY, null);
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        networkMode: 'always',
        retry: (count, error) => error instanceof ServerAway && count < RETRIES,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
  return client;
}
