import { Button, Group, Modal, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ApiToken } from '../../../contract/session.js';
import { revokeToken, TOKENS_KEY } from '../api/tokens.js';
import { announce, announceFault } from '../elements/toasts.js';
import { texts } from '../texts.js';

interface RevokeTokenModalProps {
  readonly token: ApiToken | null;
  readonly onClose: () => void;
}

export function RevokeTokenModal({ token, onClose }: RevokeTokenModalProps) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: revokeToken,
    onSuccess: async () => {
      announce(texts.toasts.tokenRevoked);
      onClose();
      await client.invalidateQueries({ queryKey: TOKENS_KEY });
    },
    onError: announceFault,
  });
  return (
    <Modal
      opened={token !== null}
      onClose={onClose}
      title={texts.tokens.revoke}
      closeButtonProps={{ 'aria-label': texts.toasts.close }}
    >
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {texts.tokens.revokeQuestion(token?.name ?? '')}
      </Text>
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose} data-autofocus>
          {texts.tokens.cancel}
        </Button>
        <Button color="red.8" loading={revoke.isPending} onClick={() => token !== null && revoke.mutate(token.id)}>
          {texts.tokens.revoke}
        </Button>
      </Group>
    </Modal>
  );
}
