import { Modal } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { PageLoading } from '../elements/page-loading.js';
import { texts } from '../texts.js';
import type { TestTarget } from './test-target.js';

const TestEventPanel = lazy(() =>
  import('./test-event-panel.js').then((module) => ({ default: module.TestEventPanel })),
);

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
