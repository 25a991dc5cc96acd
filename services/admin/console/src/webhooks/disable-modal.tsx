import { Button, Group, Modal, Text } from '@mantine/core';
import type { FormEvent } from 'react';
import { texts } from '../texts.js';
import { useDisable } from './use-status-change.js';

interface DisableModalProps {
  readonly webhook: { readonly id: string; readonly url: string } | null;
  readonly onClose: () => void;
}

/** "Are you sure you want to disable this webhook?" Yes has the focus: Enter says yes, Escape says no. */
export function DisableModal({ webhook, onClose }: DisableModalProps) {
  const disable = useDisable();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (webhook !== null) disable.mutate(webhook.id, { onSuccess: onClose });
  };
  return (
    <Modal
      opened={webhook !== null}
      onClose={onClose}
      title={texts.disable.title}
      closeButtonProps={{ 'aria-label': texts.toasts.close }}
    >
      <form onSubmit={submit}>
        <Text fw={500}>{texts.disable.question}</Text>
        <Text size="sm" c="dimmed" mt="xs" style={{ overflowWrap: 'anywhere' }}>
          {webhook?.url}
        </Text>
        <Text size="sm" c="dimmed" mt="xs">
          {texts.disable.consequence}
        </Text>
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={onClose}>
            {texts.disable.no}
          </Button>
          <Button type="submit" loading={disable.isPending} data-autofocus>
            {texts.disable.yes}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
