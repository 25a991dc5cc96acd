import type { Status } from '../../../../shared/core/vocabulary.js';
import { texts } from '../texts.js';
import classes from './status-badge.module.css';

/** Active (green), Inactive (grey), Failed (red): said by a word, not by its colour alone. */
export function StatusBadge({ status }: { readonly status: Status }) {
  return (
    <span className={`${classes.badge} ${classes[status]}`} data-status={status}>
      {texts.status[status]}
    </span>
  );
}
