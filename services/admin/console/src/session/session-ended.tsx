import { Modal, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Session } from '../../../contract/session.js';
import { SESSION_KEY, signInMethodQuery } from '../api/session.js';
import { texts } from '../texts.js';
import { SignInForm } from './sign-in-form.js';

/** Signing in again on top of the page. Somebody else's session is another start: nothing of the first one stays. */
export function SessionEnded({ before }: { readonly before: Session }) {
  const client = useQueryClient();
  const method = useQuery(signInMethodQuery);
  const accept = (session: Session): void => {
    const same = session.user.id === before.user.id && session.company.id === before.company.id;
    if (!same) return window.location.reload();
    client.setQueryData(SESSION_KEY, session);
    void client.invalidateQueries();
  };
  return (
    <Modal
      opened
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
