import { Button, Group, Modal, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { texts } from '../texts.js';
import classes from './delete-modal.module.css';
import { useDelete } from './use-status-change.js';

interface DeleteModalProps {
  readonly webhook: { readonly id: string; readonly url: string } | null;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** "The word DELETE in capitals must be typed before the Delete button works. Irreversible." */
export function DeleteModal({ webhook, onClose, onDeleted }: DeleteModalProps) {
  return (
    <Modal
      opened={webhook !== null}
      onClose={onClose}
      title={texts.remove.title}
      closeButtonProps={{ 'aria-label': texts.toasts.close }}
    >
      {webhook !== null && <Confirmation key={webhook.id} webhook={webhook} onClose={onClose} onDeleted={onDeleted} />}
    </Modal>
  );
}

interface ConfirmationProps {
  readonly webhook: { readonly id: string; readonly url: string };
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

function Confirmation({ webhook, onClose, onDeleted }: ConfirmationProps) {
  const [word, setWord] = useState('');
  const remove = useDelete();
  const confirmed = word === texts.remove.word;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (confirmed) remove.mutate(webhook.id, { onSuccess: onDeleted });
  };
  return (
    <form onSubmit={submit}>
      <div className={classes.warning}>
        <span className={classes.icon} aria-hidden="true">
          <IconAlertTriangle size={22} stroke={1.7} />
        </span>
        <div>
          <Text fw={500}>{texts.remove.warning}</Text>
          <Text size="sm" c="dimmed" mt={4} style={{ overflowWrap: 'anywhere' }}>
            {webhook.url}
          </Text>
          <Text size="sm" c="dimmed" mt={4}>
            {texts.remove.consequence}
          </Text>
        </div>
      </div>
      <TextInput
        mt="lg"
        label={texts.remove.label}
        value={word}
        onChange={(event) => setWord(event.currentTarget.value)}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        data-autofocus
      />
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose}>
          {texts.remove.cancel}
        </Button>
        <Button type="submit" color="red.8" disabled={!confirmed} loading={remove.isPending}>
          {texts.remove.button}
        </Button>
      </Group>
    </form>
  );
}
