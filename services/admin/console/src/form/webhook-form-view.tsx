import { Button } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import type { FormEvent, ReactNode } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { announceFault } from '../elements/toasts.js';
import { paths } from '../paths.js';
import { TestEventModal } from '../test-event/test-event-modal.js';
import type { TestTarget } from '../test-event/test-target.js';
import { texts } from '../texts.js';
import { EndpointPanel } from './endpoint-panel.js';
import { EventsPanel } from './events-panel.js';
import { inputOf } from './form-values.js';
import classes from './form.module.css';
import { UnsavedChanges } from './unsaved-changes.js';
import type { WebhookForm } from './use-webhook-form.js';

interface WebhookFormViewProps {
  readonly webhookForm: WebhookForm;
  /** Of the saved webhook that is edited. */
  readonly webhookId?: string;
  readonly saving: boolean;
  /** Saved: leaving loses nothing. */
  readonly done: boolean;
  readonly notices: ReactNode;
  readonly onSave: () => void;
}

/** The two panels, the notices above them and the buttons below. Creating and editing differ in what saving does. */
export function WebhookFormView({ webhookForm, webhookId, saving, done, notices, onSave }: WebhookFormViewProps) {
  const { values, saved, changed, insist } = webhookForm;
  const [test, setTest] = useState<TestTarget | null>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (changed && !saving && insist()) onSave();
  };
  const tryOut = (): void => {
    if (!insist()) return announceFault(new Error(texts.test.invalid));
    const input = inputOf(values, saved);
    setTest({ ...(webhookId === undefined ? {} : { id: webhookId }), url: input.url, input });
  };
  // Dialogs stand beside the form: what they submit would bubble through React's tree and save the webhook.
  return (
    <>
      <form
        onSubmit={submit}
        noValidate
        aria-label={webhookId === undefined ? texts.form.newTitle : texts.form.editTitle}
      >
        <div className={classes.notices}>{notices}</div>
        <div className={classes.panels}>
          <EndpointPanel webhookForm={webhookForm} />
          <EventsPanel webhookForm={webhookForm} />
        </div>
        <div className={classes.foot}>
          <Button
            variant="subtle"
            onClick={tryOut}
            leftSection={<IconSend size={16} stroke={1.6} aria-hidden="true" />}
          >
            {texts.test.title}
          </Button>
          <Button component={Link} to={paths.list} variant="default">
            {texts.form.cancel}
          </Button>
          <Button type="submit" disabled={!changed} loading={saving}>
            {texts.form.save}
          </Button>
        </div>
      </form>
      <UnsavedChanges unsaved={changed && !done} />
      <TestEventModal target={test} onClose={() => setTest(null)} />
    </>
  );
}
