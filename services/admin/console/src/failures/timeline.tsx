import { Link } from 'react-router';
import type { FailureDetail } from '../../../contract/failure.js';
import { StatusCode } from '../elements/http-message.js';
import { FullTime } from '../elements/time.js';
import { durationText } from '../instants.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import { followText } from './follow-text.js';
import classes from './inspect.module.css';

interface TimelineProps {
  readonly webhookId: string;
  readonly failure: FailureDetail;
  readonly search: URLSearchParams;
}

/** The failed attempts of one event at this webhook, oldest first, each a step away. */
export function Timeline({ webhookId, failure, search }: TimelineProps) {
  return (
    <section aria-label={texts.inspect.timeline}>
      <h3 className={classes.heading}>{texts.inspect.timeline}</h3>
      <ol className={classes.timeline}>
        {failure.timeline.map((entry) => {
          const shown = entry.id === failure.id;
          return (
            <li key={entry.id} aria-current={shown ? 'step' : undefined}>
              <span className={classes.step}>
                {shown ? (
                  <strong>{texts.inspect.attemptN(entry.attempt)}</strong>
                ) : (
                  <Link
                    to={{ pathname: paths.failure(webhookId, entry.id), search: search.toString() }}
                    preventScrollReset
                    replace
                  >
                    {texts.inspect.attemptN(entry.attempt)}
                  </Link>
                )}
                <StatusCode status={entry.status} />
                <FullTime at={entry.at} dense />
                <span>{durationText(entry.durationMs)}</span>
              </span>
              <span className={classes.follow}>{followText(entry.followUp)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
