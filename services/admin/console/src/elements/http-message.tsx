import { Badge, Group, Text } from '@mantine/core';
import { texts } from '../texts.js';
import { CopyButton } from './copy-button.js';
import classes from './http-message.module.css';
import { structureOf } from './json-node.js';
import { JsonView } from './json-view.js';
import json from './json-view.module.css';

interface HeaderLine {
  readonly name: string;
  readonly value: string;
}

interface RequestViewProps {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly HeaderLine[];
    readonly body: string;
  };
}

/** A request as it was sent, secrets masked. */
export function RequestView({ request }: RequestViewProps) {
  return (
    <>
      <div className={classes.first}>
        <strong>{request.method}</strong> {request.url}
      </div>
      <Headers headers={request.headers} />
      <Body body={request.body} />
    </>
  );
}

interface ResponseViewProps {
  readonly response: {
    readonly status: number;
    readonly headers: readonly HeaderLine[];
    readonly body: string;
    readonly bodyTruncated: boolean;
  } | null;
}

/** An endpoint's answer. All of it was written by someone else: it is shown as text, whatever it says. */
export function ResponseView({ response }: ResponseViewProps) {
  if (response === null)
    return (
      <Text size="sm" c="dimmed" py="md">
        {texts.inspect.noResponse}
      </Text>
    );
  return (
    <>
      <Group gap="xs" className={classes.first}>
        <span>HTTP</span> <StatusCode status={response.status} />
      </Group>
      <Headers headers={response.headers} />
      <Body body={response.body} truncated={response.bodyTruncated} />
    </>
  );
}

/** An HTTP status, or that none came. */
export function StatusCode({ status }: { readonly status: number | null }) {
  if (status === null)
    return (
      <Badge variant="default" radius="sm" className={classes.code}>
        {texts.failures.noAnswer}
      </Badge>
    );
  const tone = status < 300 ? classes.good : status < 400 ? classes.warn : classes.bad;
  return <span className={`${classes.status} ${tone}`}>{status}</span>;
}

function Headers({ headers }: { readonly headers: readonly HeaderLine[] }) {
  return (
    <section aria-label={texts.inspect.headers}>
      <h3 className={classes.heading}>{texts.inspect.headers}</h3>
      {headers.length === 0 ? (
        <Text size="sm" c="dimmed">
          {texts.inspect.noHeaders}
        </Text>
      ) : (
        <dl className={classes.headers}>
          {headers.map(({ name, value }, index) => (
            <div key={`${index} ${name}`}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function Body({ body, truncated = false }: { readonly body: string; readonly truncated?: boolean }) {
  const structure = structureOf(body);
  return (
    <section aria-label={texts.inspect.body}>
      <h3 className={classes.heading}>{texts.inspect.body}</h3>
      {truncated && (
        <Text size="xs" c="dimmed" mb={6}>
          {texts.inspect.truncated}
        </Text>
      )}
      {body === '' && (
        <Text size="sm" c="dimmed">
          {texts.inspect.emptyBody}
        </Text>
      )}
      {structure !== undefined && <JsonView value={structure.value} label={texts.inspect.body} />}
      {body !== '' && structure === undefined && (
        <>
          <Group mb={8}>
            <CopyButton text={body} />
          </Group>
          <pre className={json.raw} tabIndex={0} role="group" aria-label={texts.inspect.body}>
            {body}
          </pre>
        </>
      )}
    </section>
  );
}
