import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { texts } from '../texts.js';

export function CopyButton({ text, label = texts.json.copy }: { readonly text: string; readonly label?: string }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <Button
      size="compact-xs"
      variant="default"
      leftSection={
        clipboard.copied ? <IconCheck size={13} aria-hidden="true" /> : <IconCopy size={13} aria-hidden="true" />
      }
      onClick={() => clipboard.copy(text)}
    >
      <span aria-live="polite">{clipboard.copied ? texts.json.copied : label}</span>
    </Button>
  );
}
