import { Alert, Button, Group, Text } from '@mantine/core';
import { IconGitMerge, IconInfoCircle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { FaultNotice } from '../elements/fault-notice.js';
import { texts } from '../texts.js';

/** Two people edited it and the other one saved first: nothing is overwritten unseen. */
export function ConflictNotice({ onLoad }: { readonly onLoad: (keepTyped: boolean) => Promise<void> }) {
  const load = useMutation({ mutationFn: onLoad });
  return (
    <>
      <Alert
        role="alert"
        variant="light"
        color="yellow"
        title={texts.form.conflictTitle}
        icon={<IconGitMerge size={18} stroke={1.6} />}
      >
        <Text size="sm">{texts.form.conflict}</Text>
        <Group mt="sm" gap="xs">
          <Button size="xs" loading={load.isPending} onClick={() => load.mutate(true)}>
            {texts.form.conflictLoad}
          </Button>
          <Button size="xs" variant="default" disabled={load.isPending} onClick={() => load.mutate(false)}>
            {texts.form.conflictDiscard}
          </Button>
        </Group>
      </Alert>
      {load.error !== null && <FaultNotice error={load.error} />}
    </>
  );
}

export function MergedNotice() {
  return (
    <Alert role="status" variant="light" color="blue" icon={<IconInfoCircle size={18} stroke={1.6} />}>
      <Text size="sm">{texts.form.merged}</Text>
    </Alert>
  );
}
