import { Button, Center, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import { paths } from '../paths.js';
import { texts } from '../texts.js';

/** Nothing here, said kindly, with a way on. */
export function NotFound({ text }: { readonly text: string }) {
  return (
    <Center mih={320}>
      <title>{texts.panel.title(texts.errors.notFoundTitle)}</title>
      <Stack align="center" gap="sm">
        <Title order={1} size="h2">
          {texts.errors.notFoundTitle}
        </Title>
        <Text c="dimmed">{text}</Text>
        <Button component={Link} to={paths.list} variant="default" mt="sm">
          {texts.errors.backToList}
        </Button>
      </Stack>
    </Center>
  );
}

export function NotFoundPage() {
  return <NotFound text={texts.errors.notFoundPage} />;
}
