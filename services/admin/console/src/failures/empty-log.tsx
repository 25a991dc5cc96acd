import { Button, Center, Stack, Text } from '@mantine/core';
import { texts } from '../texts.js';

interface EmptyLogProps {
  readonly filtered: boolean;
  readonly onClear: () => void;
}

export function EmptyLog({ filtered, onClear }: EmptyLogProps) {
  return (
    <Center mih={220} role="status">
      <Stack align="center" gap={4}>
        <Text fw={500}>{texts.failures.empty}</Text>
        <Text size="sm" c="dimmed">
          {filtered ? texts.failures.emptyFiltered : texts.failures.emptyLead}
        </Text>
        {filtered && (
          <Button variant="default" size="xs" mt="sm" onClick={onClear}>
            {texts.failures.clear}
          </Button>
        )}
      </Stack>
    </Center>
  );
}
