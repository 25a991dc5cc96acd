import { Group, Input, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { Controller } from 'react-hook-form';
import { texts } from '../texts.js';
import { savedCredential } from './form-values.js';
import classes from './form.module.css';
import { SecretInput } from './secret-input.js';
import type { WebhookForm } from './use-webhook-form.js';

const KINDS = (['none', 'basic', 'api-key'] as const).map((value) => ({ value, label: texts.form.kinds[value] }));
const PLACEMENTS = (['header', 'query'] as const).map((value) => ({ value, label: texts.form.placements[value] }));

/** "None, Basic (username + password), or API key (in a header or in the query; key name + key value)". */
export function AuthenticationFields({ webhookForm }: { readonly webhookForm: WebhookForm }) {
  const { form, values } = webhookForm;
  const { kind } = values.authentication;
  return (
    <div className={classes.block}>
      <Input.Label id="authentication-label" component="div">
        {texts.form.authentication}
      </Input.Label>
      <Controller
        control={form.control}
        name="authentication.kind"
        render={({ field }) => (
          <SegmentedControl
            {...field}
            data={KINDS}
            fullWidth
            role="radiogroup"
            aria-labelledby="authentication-label"
            classNames={{ root: classes.segments ?? '' }}
          />
        )}
      />
      {kind === 'basic' && <BasicFields webhookForm={webhookForm} />}
      {kind === 'api-key' && <ApiKeyFields webhookForm={webhookForm} />}
    </div>
  );
}

function BasicFields({ webhookForm }: { readonly webhookForm: WebhookForm }) {
  const { form, values, saved, faultAt } = webhookForm;
  return (
    <Group align="flex-start" grow mt="md" className={classes.pair}>
      <TextInput
        {...form.register('authentication.username')}
        label={texts.form.username}
        error={faultAt('authentication.username')}
        required
        autoComplete="off"
        spellCheck={false}
      />
      <SecretInput
        {...form.register('authentication.password')}
        label={texts.form.password}
        error={faultAt('authentication.password')}
        saved={savedCredential(values, saved)}
      />
    </Group>
  );
}

function ApiKeyFields({ webhookForm }: { readonly webhookForm: WebhookForm }) {
  const { form, values, saved, faultAt } = webhookForm;
  return (
    <Stack mt="md" gap="md">
      <Stack gap={4} align="flex-start">
        <Input.Label id="placement-label" component="div">
          {texts.form.placement}
        </Input.Label>
        <Controller
          control={form.control}
          name="authentication.placement"
          render={({ field }) => (
            <SegmentedControl
              {...field}
              data={PLACEMENTS}
              size="xs"
              role="radiogroup"
              aria-labelledby="placement-label"
            />
          )}
        />
        {values.authentication.placement === 'query' && (
          <Text size="xs" className={classes.hint} mt={6}>
            {texts.form.queryWarning}
          </Text>
        )}
      </Stack>
      <Group align="flex-start" grow className={classes.pair}>
        <TextInput
          {...form.register('authentication.name')}
          label={texts.form.keyName}
          error={faultAt('authentication.name')}
          required
          autoComplete="off"
          spellCheck={false}
        />
        <SecretInput
          {...form.register('authentication.value')}
          label={texts.form.keyValue}
          error={faultAt('authentication.value')}
          saved={savedCredential(values, saved)}
        />
      </Group>
    </Stack>
  );
}
