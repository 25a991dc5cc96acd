import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRef, useState, type FormEvent } from 'react';
import type { Session } from '../../../contract/session.js';
import { ApiProblem } from '../api/http.js';
import { signIn } from '../api/session.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { texts } from '../texts.js';

interface SignInFormProps {
  readonly email?: string;
  readonly onSignedIn: (session: Session) => void;
}

/** What was typed stays when it is refused; the password is selected, because that is where one corrects. */
export function SignInForm({ email: known = '', onSignedIn }: SignInFormProps) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const passwordInput = useRef<HTMLInputElement>(null);
  const attempt = useMutation({
    mutationFn: signIn,
    onSuccess: onSignedIn,
    onError: () => passwordInput.current?.select(),
  });
  const wrong = attempt.error instanceof ApiProblem && [401, 422].includes(attempt.error.status);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!attempt.isPending) attempt.mutate({ email: email.trim(), password });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {attempt.error !== null && !wrong && <FaultNotice error={attempt.error} />}
        <TextInput
          label={texts.signIn.email}
          type="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          autoComplete="username"
          autoFocus={known === ''}
        />
        <PasswordInput
          ref={passwordInput}
          label={texts.signIn.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          error={wrong ? texts.signIn.wrong : undefined}
          {...(known === '' ? {} : { 'data-autofocus': true })}
        />
        <Button type="submit" loading={attempt.isPending} fullWidth mt="xs">
          {texts.signIn.submit}
        </Button>
      </Stack>
    </form>
  );
}
