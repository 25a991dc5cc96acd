import { Modal, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Outlet } from 'react-router';
import type { Session } from '../../../contract/session.js';
import { SESSION_KEY, sessionQuery, signInMethodQuery } from '../api/session.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { texts } from '../texts.js';
import { SessionContext } from './session-context.js';
import { SignInForm } from './sign-in-form.js';
import { SignInPage } from './sign-in-page.js';

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
        <SessionEnded open={session === null} before={shown} />
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

function SessionEnded({ open, before }: { readonly open: boolean; readonly before: Session }) {
  const client = useQueryClient();
  const method = useQuery({ ...signInMethodQuery, enabled: open });
  const accept = (session: Session): void => {
    client.setQueryData(SESSION_KEY, session);
    const same = session.user.id === before.user.id && session.company.id === before.company.id;
    if (!same) return window.location.reload();
    void client.invalidateQueries();
  };
  return (
    <Modal
      opened={open}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={texts.signIn.endedTitle}
    >
      {method.data?.authentication === 'jwt' ? (
        <Text size="sm">{texts.signIn.endedJwt}</Text>
      ) : (
        <>
          <Text size="sm" c="dimmed" mb="md">
            {texts.signIn.ended}
          </Text>
          <SignInForm email={before.user.email} onSignedIn={accept} />
        </>
      )}
    </Modal>
  );
}
