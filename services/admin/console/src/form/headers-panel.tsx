import { ActionIcon, Button, Text, TextInput, Tooltip } from '@mantine/core';
import { IconBackspace, IconTrash } from '@tabler/icons-react';
import { useFieldArray } from 'react-hook-form';
import { ADDITIONAL_HEADERS_MAX } from '../../../../shared/core/header-policy.js';
import { texts } from '../texts.js';
import { keepsHeader, savedHeader } from './form-values.js';
import classes from './form.module.css';
import type { WebhookForm } from './use-webhook-form.js';

/** "0 to 10 rows; key required, value optional; duplicate keys (case-insensitive) are an inline error." */
export function HeadersPanel({ webhookForm }: { readonly webhookForm: WebhookForm }) {
  const { fields, append, remove } = useFieldArray({ control: webhookForm.form.control, name: 'headers' });
  return (
    <fieldset className={classes.headers}>
      <legend>{texts.form.headers}</legend>
      <Text size="xs" c="dimmed" mb="sm">
        {texts.form.headersLead(ADDITIONAL_HEADERS_MAX)}
      </Text>
      {fields.map(({ id }, index) => (
        <HeaderRow key={id} index={index} webhookForm={webhookForm} onRemove={() => remove(index)} />
      ))}
      <Button
        variant="default"
        size="xs"
        disabled={fields.length >= ADDITIONAL_HEADERS_MAX}
        onClick={() =>
          append(
            { name: '', value: '', cleared: false },
            { shouldFocus: true, focusName: `headers.${fields.length}.name` },
          )
        }
      >
        {texts.form.addHeader}
      </Button>
    </fieldset>
  );
}

interface HeaderRowProps {
  readonly index: number;
  readonly webhookForm: WebhookForm;
  readonly onRemove: () => void;
}

function HeaderRow({ index, webhookForm: { form, values, saved, faultAt }, onRemove }: HeaderRowProps) {
  const row = values.headers[index] ?? { name: '', value: '', cleared: false };
  const secret = savedHeader(row.name, saved);
  const kept = keepsHeader(row, saved);
  return (
    <div className={classes.headerRow}>
      <TextInput
        {...form.register(`headers.${index}.name`)}
        aria-label={texts.form.headerName(index + 1)}
        placeholder={texts.form.headerNamePlaceholder}
        error={faultAt(`headers.${index}.name`)}
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        {...form.register(`headers.${index}.value`)}
        aria-label={texts.form.headerValue(index + 1)}
        placeholder={kept ? texts.form.secretSet(secret?.last4 ?? null) : texts.form.headerValuePlaceholder}
        error={faultAt(`headers.${index}.value`)}
        rightSection={kept && <Clear name={row.name} onClear={() => form.setValue(`headers.${index}.cleared`, true)} />}
        autoComplete="off"
        spellCheck={false}
      />
      <Tooltip label={texts.form.removeHeader(index + 1)}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={36}
          aria-label={texts.form.removeHeader(index + 1)}
          onClick={onRemove}
        >
          <IconTrash size={16} stroke={1.6} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

/** An empty field keeps what is saved, so emptying it for good needs a button. */
function Clear({ name, onClear }: { readonly name: string; readonly onClear: () => void }) {
  return (
    <Tooltip label={texts.form.clearSecret}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={`${texts.form.clearSecret}: ${name}`}
        onClick={onClear}
      >
        <IconBackspace size={15} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}
