import { lazy, Suspense, useState } from 'react';

/** The list needs no dialog until someone asks for one: their code is loaded then. */
const Disable = lazy(() => import('./disable-modal.js').then((module) => ({ default: module.DisableModal })));
const Delete = lazy(() => import('./delete-modal.js').then((module) => ({ default: module.DeleteModal })));
const TestEvent = lazy(() =>
  import('../test-event/test-event-modal.js').then((module) => ({ default: module.TestEventModal })),
);

/** Which dialog is open, and for which webhook. */
export interface OpenDialog {
  readonly kind: 'disable' | 'delete' | 'test';
  readonly webhook: { readonly id: string; readonly url: string };
}

interface WebhookDialogsProps {
  readonly open: OpenDialog | null;
  readonly onClose: () => void;
  /** After it was deleted; a page about it has to leave. */
  readonly onDeleted?: () => void;
}

/** The dialogs that a row's menu and the webhook's page open. One that was open stays, so that it can close softly. */
export function WebhookDialogs({ open, onClose, onDeleted = onClose }: WebhookDialogsProps) {
  const [used, setUsed] = useState<ReadonlySet<OpenDialog['kind']>>(new Set());
  if (open !== null && !used.has(open.kind)) setUsed(new Set([...used, open.kind]));
  const of = (kind: OpenDialog['kind']) => (open?.kind === kind ? open.webhook : null);
  return (
    <Suspense>
      {used.has('disable') && <Disable webhook={of('disable')} onClose={onClose} />}
      {used.has('delete') && <Delete webhook={of('delete')} onClose={onClose} onDeleted={onDeleted} />}
      {used.has('test') && <TestEvent target={of('test')} onClose={onClose} />}
    </Suspense>
  );
}
