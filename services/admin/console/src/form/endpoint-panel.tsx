import { TextInput } from '@mantine/core';
import { Card } from '../elements/card.js';
import { texts } from '../texts.js';
import { AuthenticationFields } from './authentication-fields.js';
import { HeadersPanel } from './headers-panel.js';
import type { WebhookForm } from './use-webhook-form.js';

/** Left panel: "Webhook URL with a red asterisk; Authentication; the Additional Headers panel, always visible". */
export function EndpointPanel({ webhookForm }: { readonly webhookForm: WebhookForm }) {
  const { form, faultAt } = webhookForm;
  return (
    <Card title={texts.form.endpoint} lead={texts.form.endpointLead}>
      <TextInput
        {...form.register('url')}
        label={texts.form.url}
        description={texts.form.urlHint}
        placeholder={texts.form.urlPlaceholder}
        error={faultAt('url')}
        required
        type="url"
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
      />
      <AuthenticationFields webhookForm={webhookForm} />
      <HeadersPanel webhookForm={webhookForm} />
    </Card>
  );
}
