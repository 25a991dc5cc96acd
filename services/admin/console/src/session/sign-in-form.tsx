import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import type { Session, SignIn } from '../../../contract/session.js';
import { ApiProblem } from '../api/http.js';
import { signIn } from '../api/session.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { texts } from '../texts.js';

interface SignInFormProps {
  readonly email?: string;
  readonly onSignedIn: (session: Session) => void;
}

/** What was typed stays when it is refused, except the password's focus: that is where one corrects. */
export function SignInForm({ email = '', onSignedIn }: SignInFormProps) {
  const { register, handleSubmit, setFocus } = useForm<SignIn>({ defaultValues: { email, password: '' } });
  const attempt = useMutation({
    mutationFn: signIn,
    onSuccess: onSignedIn,
    onError: () => setFocus('password', { shouldSelect: true }),
  });
  const wrong = attempt.error instanceof ApiProblem && [401, 422].includes(attempt.error.status);
  return (
    <form onSubmit={(event) => void handleSubmit((values) => attempt.mutate(values))(event)} noValidate>
      <Stack gap="md">
        {attempt.error !== null && !wrong && <FaultNotice error={attempt.error} />}
        <TextInput
          {...register('email')}
          label={texts.signIn.email}
          type="email"
          autoComplete="username"
          autoFocus={email === ''}
          data-autofocus={email === '' ? true : undefined}
        />
        <PasswordInput
          {...register('password')}
          label={texts.signIn.password}
          autoComplete="current-password"
          error={wrong ? texts.signIn.wrong : undefined}
          data-autofocus={email === '' ? undefined : true}
        />
        <Button type="submit" loading={attempt.isPending} fullWidth mt="xs">
          {texts.signIn.submit}
        </Button>
      </Stack>
    </form>
  );
}
