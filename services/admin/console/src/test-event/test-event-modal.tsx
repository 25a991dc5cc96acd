import { Modal } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { EventType } from '../../../../shared/core/vocabulary.js';
import type { WebhookInput } from '../../../contract/webhook.js';
import { PageLoading } from '../elements/page-loading.js';
import { texts } from '../texts.js';

const TestEventPanel = lazy(() =>
  import('./test-event-panel.js').then((module) => ({ default: module.TestEventPanel })),
);

/** A saved webhook by its id, one that isn't saved yet by what was typed, an edit by both. */
export interface TestTarget {
  readonly id?: string;
  readonly url: string;
  readonly input?: WebhookInput;
  readonly eventType?: EventType;
}

interface TestEventModalProps {
  readonly target: TestTarget | null;
  readonly onClose: () => void;
}

/** "Pick a sub-event, see the request and the answer." */
export function TestEventModal({ target, onClose }: TestEventModalProps) {
  return (
    <Modal
      opened={target !== null}
      onClose={onClose}
      size="xl"
      title={texts.test.title}
      closeButtonProps={{ 'aria-label': texts.toasts.close }}
    >
      {target !== null && (
        <Suspense fallback={<PageLoading small />}>
          <TestEventPanel target={target} onClose={onClose} />
        </Suspense>
      )}
    </Modal>
  );
}
