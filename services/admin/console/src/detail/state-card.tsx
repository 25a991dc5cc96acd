import type { ReactNode } from 'react';
import type { Webhook } from '../../../contract/webhook.js';
import { Card } from '../elements/card.js';
import { FullTime, RelativeTime } from '../elements/time.js';
import { useNow } from '../elements/use-now.js';
import { countText, clockTime, relativeTime, zoneName } from '../instants.js';
import { texts } from '../texts.js';
import { sentence } from '../webhooks/status-note.js';
import { StatusBadge } from '../webhooks/status-badge.js';
import classes from './detail.module.css';

/** Its status as a circuit: what happens to events now, and what it waits for. */
export function StateCard({ webhook }: { readonly webhook: Webhook }) {
  const { status, statusReason, statusChangedAt, circuit } = webhook;
  return (
    <Card title={texts.detail.circuit} aside={<StatusBadge status={status} />}>
      <p className={classes.words}>{texts.detail[`${status}Text`]}</p>
      {statusReason !== null && (
        <p className={status === 'failed' ? classes.reason : classes.words}>{sentence(statusReason)}</p>
      )}
      <dl className={classes.facts}>
        <Fact name={texts.status[status]}>
          {texts.detail.since('')}
          <FullTime at={statusChangedAt} />
        </Fact>
        {circuit !== null && (
          <>
            <Fact name={texts.detail.probes}>{countText(circuit.probes)}</Fact>
            <Fact name={texts.detail.held}>{countText(circuit.heldEvents)}</Fact>
            <Fact name={texts.detail.nextProbe}>
              <NextProbeTime at={circuit.nextProbeAt} />
            </Fact>
          </>
        )}
        <Fact name={texts.detail.createdAt}>
          <RelativeTime at={webhook.createdAt} />
        </Fact>
        <Fact name={texts.detail.updatedAt}>
          <RelativeTime at={webhook.updatedAt} />
        </Fact>
      </dl>
    </Card>
  );
}

function NextProbeTime({ at }: { readonly at: string | null }) {
  const now = useNow(1_000);
  if (at === null || Date.parse(at) <= now) return texts.detail.underWay;
  return `${relativeTime(at, now)} (${clockTime(at)} ${zoneName()})`;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
