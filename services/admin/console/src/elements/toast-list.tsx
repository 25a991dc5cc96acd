import { CloseButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { texts } from '../texts.js';
import { currentToasts, dismissToast, onToasts } from './toasts.js';
import classes from './toast-list.module.css';

/** Where toasts come up: at the foot of the page. The region is always there, so that screen readers listen to it. */
export function ToastList() {
  const toasts = useSyncExternalStore(onToasts, currentToasts);
  return (
    <section className={classes.root} aria-label={texts.toasts.region} aria-live="polite">
      {toasts.map(({ id, kind, message }) => (
        <div key={id} className={`${classes.toast} ${classes[kind]}`} role={kind === 'fault' ? 'alert' : 'status'}>
          {kind === 'fault' ? (
            <IconAlertTriangle size={18} stroke={1.8} aria-hidden="true" />
          ) : (
            <IconCircleCheck size={18} stroke={1.8} aria-hidden="true" />
          )}
          <span>{message}</span>
          <CloseButton size="sm" aria-label={texts.toasts.close} onClick={() => dismissToast(id)} />
        </div>
      ))}
    </section>
  );
}
