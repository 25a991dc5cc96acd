import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Outlet } from 'react-router';
import type { Session } from '../../../contract/session.js';
import { sessionQuery } from '../api/session.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { SessionContext } from './session-context.js';
import { SignInPage } from './sign-in-page.js';

const SessionEnded = lazy(() => import('./session-ended.js').then((module) => ({ default: module.SessionEnded })));

/**
 * Lets pages through to who is signed in. Who isn't gets the sign-in form in the place of the page: the address stays,
 * so a deep link leads where it should after signing in. A session that ends meanwhile is renewed on top of the page,
 * which keeps what was typed.
 */
export function SessionGate() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const [last, setLast] = useState<Session | null>(null);
  if (session !== null && session !== undefined && session !== last) setLast(session);

  const shown = session ?? last;
  if (shown !== null)
    return (
      <SessionContext value={shown}>
        <Outlet />
        {session === null && (
          <Suspense>
            <SessionEnded before={shown} />
          </Suspense>
        )}
      </SessionContext>
    );
  if (session === null) return <SignInPage />;
  if (error !== null)
    return (
      <div style={{ maxWidth: '30rem', margin: '20vh auto 0', padding: '0 1rem' }}>
        <FaultNotice error={error} onRetry={() => void refetch()} />
      </div>
    );
  return <PageLoading />;
}
