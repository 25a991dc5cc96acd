import { notifications } from '@mantine/notifications';
import { texts } from '../texts.js';
import { faultText } from './fault-notice.js';

/** Says for a moment that something was done. */
export function announce(message: string): void {
  notifications.show({ message, color: 'teal', closeButtonProps: { 'aria-label': texts.toasts.close } });
}

/** Says what went wrong with a change that has no form to say it in. */
export function announceFault(error: Error): void {
  notifications.show({
    message: faultText(error),
    color: 'red',
    autoClose: 10_000,
    closeButtonProps: { 'aria-label': texts.toasts.close },
  });
}
