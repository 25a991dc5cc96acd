import { DeleteModal } from './delete-modal.js';
import { DisableModal } from './disable-modal.js';
import { TestEventModal } from '../test-event/test-event-modal.js';

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

/** The dialogs that a row's menu and the webhook's page open. */
export function WebhookDialogs({ open, onClose, onDeleted }: WebhookDialogsProps) {
  const of = (kind: OpenDialog['kind']) => (open?.kind === kind ? open.webhook : null);
  return (
    <>
      <DisableModal webhook={of('disable')} onClose={onClose} />
      <DeleteModal webhook={of('delete')} onClose={onClose} {...(onDeleted === undefined ? {} : { onDeleted })} />
      <TestEventModal target={of('test')} onClose={onClose} />
    </>
  );
}
