import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Webhook } from '../../../contract/webhook.js';
import { ApiProblem } from '../api/http.js';
import { replaceWebhook, webhookQuery, WEBHOOKS_KEY } from '../api/webhooks.js';
import { PageLoading } from '../elements/page-loading.js';
import { QueryFault } from '../elements/query-fault.js';
import { announce } from '../elements/toasts.js';
import { PageHeader, WEBHOOKS_CRUMBS } from '../layout/page-header.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import { ConflictNotice, MergedNotice } from './conflict-notice.js';
import { FormProblem } from './form-problem.js';
import { inputOf, valuesOf, type WebhookFormValues } from './form-values.js';
import { mergeTyped } from './merge-typed.js';
import { problemFaults } from './problem-faults.js';
import { useWebhookForm } from './use-webhook-form.js';
import { WebhookFormView } from './webhook-form-view.js';

/** A state of the webhook that the form works on, and what was typed before that state came. */
interface Base {
  readonly webhook: Webhook;
  readonly typed?: WebhookFormValues;
}

export function EditPage() {
  const { webhookId = '' } = useParams();
  // Read once: a form must not change under the hands of who fills it in.
  const { data, error, refetch } = useQuery({ ...webhookQuery(webhookId), staleTime: 0, refetchOnWindowFocus: false });
  const [base, setBase] = useState<Base | null>(null);
  const [opened] = useState(() => Date.now());
  const state = useQueryClient().getQueryState([...WEBHOOKS_KEY, webhookId]);
  if (base === null && data !== undefined && (state?.dataUpdatedAt ?? 0) >= opened) setBase({ webhook: data });
  if (base === null && error !== null)
    return <QueryFault error={error} onRetry={() => void refetch()} notFound={texts.errors.notFoundWebhook} />;
  if (base === null) return <PageLoading />;
  return (
    <>
      <PageHeader
        title={texts.form.editTitle}
        lead={base.webhook.url}
        crumbs={[
          ...WEBHOOKS_CRUMBS,
          { label: texts.detail.title, to: paths.webhook(webhookId) },
          { label: texts.menu.edit },
        ]}
      />
      <EditForm key={`${base.webhook.version} ${base.typed === undefined}`} base={base} onBase={setBase} />
    </>
  );
}

interface EditFormProps {
  readonly base: Base;
  readonly onBase: (base: Base) => void;
}

function EditForm({ base: { webhook, typed }, onBase }: EditFormProps) {
  const webhookForm = useWebhookForm(webhook, typed);
  const client = useQueryClient();
  const navigate = useNavigate();
  const replace = useMutation({
    mutationFn: () => replaceWebhook(webhook.id, webhook.version, inputOf(webhookForm.values, webhook)),
    onSuccess: async (saved) => {
      client.setQueryData([...WEBHOOKS_KEY, webhook.id], saved);
      announce(texts.toasts.updated);
      await client.invalidateQueries({ queryKey: WEBHOOKS_KEY });
    },
    onError: (error) => {
      if (error instanceof ApiProblem) webhookForm.showServerFaults(problemFaults(error.problem).fields);
    },
  });
  useEffect(() => {
    if (replace.isSuccess) void navigate(paths.list);
  }, [replace.isSuccess, navigate]);
  const load = async (keep: boolean): Promise<void> => {
    const current = await client.fetchQuery({ ...webhookQuery(webhook.id), staleTime: 0 });
    onBase({
      webhook: current,
      ...(keep ? { typed: mergeTyped(valuesOf(webhook), webhookForm.values, valuesOf(current)) } : {}),
    });
  };
  const conflict = replace.error instanceof ApiProblem && replace.error.status === 412;
  return (
    <WebhookFormView
      webhookForm={webhookForm}
      webhookId={webhook.id}
      saving={replace.isPending}
      done={replace.isSuccess}
      notices={
        <>
          {typed !== undefined && replace.isIdle && <MergedNotice />}
          {conflict && <ConflictNotice onLoad={load} />}
          {!conflict && replace.error !== null && <FormProblem error={replace.error} />}
        </>
      }
      onSave={() => replace.mutate()}
    />
  );
}
