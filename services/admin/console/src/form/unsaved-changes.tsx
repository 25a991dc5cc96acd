import { Button, Group, Modal, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useBlocker } from 'react-router';
import { texts } from '../texts.js';

/** Asks before what was typed is lost: within the panel by a dialog, when the tab is closed by the browser's own. */
export function UnsavedChanges({ unsaved }: { readonly unsaved: boolean }) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => unsaved && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!unsaved) return undefined;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [unsaved]);
  const blocked = blocker.state === 'blocked';
  return (
    <Modal
      opened={blocked}
      onClose={() => blocker.reset?.()}
      title={texts.form.leaveTitle}
      closeButtonProps={{ 'aria-label': texts.toasts.close }}
    >
      <Text size="sm">{texts.form.leave}</Text>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={() => blocker.reset?.()} data-autofocus>
          {texts.form.leaveNo}
        </Button>
        <Button color="red.8" onClick={() => blocker.proceed?.()}>
          {texts.form.leaveYes}
        </Button>
      </Group>
    </Modal>
  );
}
