import type { Circuit, WebhookSummary } from '../../../contract/webhook.js';
import { useNow } from '../elements/use-now.js';
import { clockTime, relativeTime, zoneName } from '../instants.js';
import { texts } from '../texts.js';
import classes from './list.module.css';

/** Why it failed and what comes next, in plain words; for an Inactive one, its reason where there is one. */
export function StatusNote({
  webhook,
}: {
  readonly webhook: Pick<WebhookSummary, 'status' | 'statusReason' | 'circuit'>;
}) {
  const { status, statusReason, circuit } = webhook;
  if (status === 'failed')
    return (
      <div className={classes.trouble}>
        {statusReason !== null && sentence(statusReason)} {circuit !== null && <NextProbe circuit={circuit} />}
      </div>
    );
  if (statusReason === null) return null;
  return <div className={classes.quiet}>{sentence(statusReason)}</div>;
}

/** A reason as a sentence, whether or not it came with its full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** "Next try in 12 sec. (16:05:12 GMT+5:30). 37 events are held, nothing is lost." */
export function NextProbe({ circuit }: { readonly circuit: Circuit }) {
  const now = useNow(1_000);
  const { nextProbeAt, heldEvents } = circuit;
  const next =
    nextProbeAt === null || Date.parse(nextProbeAt) <= now
      ? texts.status.probing
      : texts.status.nextProbe(`${relativeTime(nextProbeAt, now)} (${clockTime(nextProbeAt)} ${zoneName()})`);
  return (
    <span>
      {heldEvents === 0 && nextProbeAt === null ? '' : `${next} `}
      {texts.status.held(heldEvents)}
    </span>
  );
}
