import type { Webhook } from '../../../contract/webhook.js';
import { Card } from '../elements/card.js';
import { texts } from '../texts.js';
import classes from './detail.module.css';
import { Fact } from './state-card.js';

/** What was registered. Of secrets, only that they are set. */
export function EndpointCard({ webhook }: { readonly webhook: Webhook }) {
  return (
    <Card title={texts.detail.endpoint}>
      <dl className={classes.facts}>
        <Fact name={texts.form.url}>
          <code>{webhook.url}</code>
        </Fact>
        <Fact name={texts.form.authentication}>{authenticationText(webhook.authentication)}</Fact>
        <Fact name={texts.form.headers}>
          {webhook.headers.length === 0 ? (
            texts.detail.headersNone
          ) : (
            <ul className={classes.plain}>
              {webhook.headers.map(({ name, value }) => (
                <li key={name}>
                  <code>{name}</code>
                  {value.isSet && <span className={classes.dim}> {dots(value.last4)}</span>}
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact name={texts.form.events}>
          <ul className={classes.plain}>
            {webhook.events.map((event) => (
              <li key={event}>
                <code>{event}</code>
              </li>
            ))}
          </ul>
        </Fact>
      </dl>
    </Card>
  );
}

function authenticationText(authentication: Webhook['authentication']): string {
  switch (authentication.kind) {
    case 'none':
      return texts.form.kinds.none;
    case 'basic':
      return `${texts.form.kinds.basic}: ${authentication.username} ${dots(authentication.password.last4)}`;
    case 'api-key': {
      const place = texts.form.placements[authentication.placement];
      return `${texts.form.kinds['api-key']} (${place}): ${authentication.name} ${dots(authentication.value.last4)}`;
    }
  }
}

function dots(last4: string | null): string {
  return `••••${last4 ?? ''}`;
}
