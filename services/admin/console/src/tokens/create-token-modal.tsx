import { Button, Code, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { createToken, TOKENS_KEY } from '../api/tokens.js';
import { CopyButton } from '../elements/copy-button.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { problemText } from '../test-event/problem-text.js';
import { texts } from '../texts.js';

const DAYS = { usual: 90, most: 730 };

interface CreateTokenModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** The token itself is shown this once, and forgotten when the dialog closes. */
export function CreateTokenModal({ opened, onClose }: CreateTokenModalProps) {
  const [token, setToken] = useState<string | null>(null);
  const close = (): void => {
    setToken(null);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      closeOnClickOutside={token === null}
      title={token === null ? texts.tokens.create : texts.tokens.createdTitle}
      closeButtonProps={{ 'aria-label': texts.toasts.close }}
    >
      {token === null ? <TokenForm onCreated={setToken} onCancel={close} /> : <Created token={token} onDone={close} />}
    </Modal>
  );
}

interface TokenFormProps {
  readonly onCreated: (token: string) => void;
  readonly onCancel: () => void;
}

function TokenForm({ onCreated, onCancel }: TokenFormProps) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [days, setDays] = useState<string | number>(DAYS.usual);
  const [insisted, setInsisted] = useState(false);
  const create = useMutation({
    mutationFn: createToken,
    onSuccess: async ({ token }) => {
      onCreated(token);
      await client.invalidateQueries({ queryKey: TOKENS_KEY });
    },
  });
  const daysWrong = !Number.isInteger(days) || Number(days) < 1 || Number(days) > DAYS.most;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setInsisted(true);
    if (name.trim() !== '' && !daysWrong) create.mutate({ name: name.trim(), expiresInDays: Number(days) });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {create.error !== null && <FaultNotice error={create.error} text={problemText(create.error)} />}
        <TextInput
          label={texts.tokens.name}
          placeholder={texts.tokens.namePlaceholder}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={insisted && name.trim() === '' ? texts.tokens.nameMissing : undefined}
          maxLength={100}
          required
          data-autofocus
        />
        <NumberInput
          label={texts.tokens.days}
          value={days}
          onChange={setDays}
          allowDecimal={false}
          allowNegative={false}
          error={daysWrong ? texts.tokens.daysWrong : undefined}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {texts.tokens.cancel}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {texts.tokens.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Created({ token, onDone }: { readonly token: string; readonly onDone: () => void }) {
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {texts.tokens.created}
      </Text>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {token}
      </Code>
      <Group justify="space-between">
        <CopyButton text={token} />
        <Button onClick={onDone} data-autofocus>
          {texts.tokens.done}
        </Button>
      </Group>
    </Stack>
  );
}
