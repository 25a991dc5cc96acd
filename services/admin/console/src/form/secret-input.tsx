import { PasswordInput } from '@mantine/core';
import type { FocusEventHandler, ChangeEventHandler, Ref } from 'react';
import type { Secret } from '../../../contract/webhook.js';
import { texts } from '../texts.js';

interface SecretInputProps {
  readonly name: string;
  readonly ref: Ref<HTMLInputElement>;
  readonly onChange: ChangeEventHandler<HTMLInputElement>;
  readonly onBlur: FocusEventHandler<HTMLInputElement>;
  readonly label: string;
  readonly error: string | undefined;
  /** What is set on the server; it never comes here, only that it is. */
  readonly saved: Secret | undefined;
}

/** A secret that can be typed but not read back: the placeholder says that one is set. */
export function SecretInput({ saved, ...input }: SecretInputProps) {
  const isSet = saved?.isSet === true;
  return (
    <PasswordInput
      {...input}
      required={!isSet}
      withAsterisk={!isSet}
      placeholder={isSet ? texts.form.secretSet(saved.last4) : undefined}
      description={isSet ? texts.form.secretHint : undefined}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      autoComplete="new-password"
      spellCheck={false}
    />
  );
}
