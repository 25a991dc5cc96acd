import { Paper, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { SESSION_KEY, signInMethodQuery } from '../api/session.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { Mark } from '../layout/mark.js';
import { texts } from '../texts.js';
import { SignInForm } from './sign-in-form.js';
import classes from './sign-in-page.module.css';

export function SignInPage() {
  const client = useQueryClient();
  const { data: method, error, refetch } = useQuery(signInMethodQuery);
  return (
    <main className={classes.root}>
      <title>{texts.panel.title(texts.signIn.title)}</title>
      <div className={classes.column}>
        <div className={classes.brand}>
          <Mark />
          <Text fw={600}>{texts.panel.name}</Text>
        </div>
        <Paper className={classes.card}>
          <Title order={1} size="h3">
            {texts.signIn.title}
          </Title>
          <Text c="dimmed" size="sm" mt={4} mb="lg">
            {method?.authentication === 'jwt' ? texts.signIn.jwt : texts.signIn.lead}
          </Text>
          {method === undefined && error === null && <PageLoading small />}
          {error !== null && <FaultNotice error={error} onRetry={() => void refetch()} />}
          {method?.authentication === 'local' && (
            <SignInForm onSignedIn={(session) => client.setQueryData(SESSION_KEY, session)} />
          )}
        </Paper>
      </div>
    </main>
  );
}
