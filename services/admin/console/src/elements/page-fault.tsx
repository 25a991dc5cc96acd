import { Button, Center, Stack, Text } from '@mantine/core';
import { texts } from '../texts.js';

/** The last resort: a page that could not be loaded or drawn. Nothing of the error is shown, it may hold anything. */
export function PageFault() {
  return (
    <Center mih={320}>
      <Stack align="center" gap="md" role="alert">
        <Text>{texts.errors.unknown}</Text>
        <Button variant="default" onClick={() => window.location.reload()}>
          {texts.errors.reload}
        </Button>
      </Stack>
    </Center>
  );
}
