import type { ReactNode } from 'react';
import type { FailureDetail } from '../../../contract/failure.js';
import { FullTime } from '../elements/time.js';
import { durationText } from '../instants.js';
import { texts } from '../texts.js';
import { followText } from './follow-text.js';
import classes from './inspect.module.css';

/** When, how long, which event, and what follows. */
export function AttemptFacts({ failure }: { readonly failure: FailureDetail }) {
  const words = texts.inspect;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [words.time, <FullTime key="at" at={failure.at} />],
    [words.duration, durationText(failure.durationMs)],
    [words.attempt, failure.attempt],
    [words.next, followText(failure.followUp)],
    [words.eventId, <code key="event">{failure.eventId}</code>],
    [words.deliveryId, <code key="delivery">{failure.deliveryId}</code>],
    [words.conversation, <code key="conversation">{failure.conversationId}</code>],
  ];
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
