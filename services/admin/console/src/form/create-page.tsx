import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiProblem } from '../api/http.js';
import { createWebhook, WEBHOOKS_KEY } from '../api/webhooks.js';
import { announce } from '../elements/toasts.js';
import { PageHeader, WEBHOOKS_CRUMBS } from '../layout/page-header.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import { FormProblem } from './form-problem.js';
import { inputOf } from './form-values.js';
import { problemFaults } from './problem-faults.js';
import { useWebhookForm } from './use-webhook-form.js';
import { WebhookFormView } from './webhook-form-view.js';

/** "Save Webhook → toast "Webhook created" → list, status Active." */
export function CreatePage() {
  const webhookForm = useWebhookForm(null);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const create = useMutation({
    mutationFn: () => createWebhook(inputOf(webhookForm.values, null), key),
    onSuccess: async () => {
      announce(texts.toasts.created);
      await client.invalidateQueries({ queryKey: WEBHOOKS_KEY, exact: true });
    },
    onError: (error) => {
      if (!(error instanceof ApiProblem)) return;
      // A refusal is an answer: what is sent next is another request. Without one, it may have been done: same key.
      if (error.status < 500) setKey(crypto.randomUUID());
      webhookForm.showServerFaults(problemFaults(error.problem).fields);
    },
  });
  useEffect(() => {
    if (create.isSuccess) void navigate(paths.list);
  }, [create.isSuccess, navigate]);
  return (
    <>
      <PageHeader title={texts.form.newTitle} crumbs={[...WEBHOOKS_CRUMBS, { label: texts.form.newTitle }]} />
      <WebhookFormView
        webhookForm={webhookForm}
        saving={create.isPending}
        done={create.isSuccess}
        notices={create.error !== null && <FormProblem error={create.error} />}
        onSave={() => create.mutate()}
      />
    </>
  );
}
