import { Button, Group, NativeSelect, Tabs, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { EVENT_TYPES, isEventType, type EventType } from '../../../../shared/core/vocabulary.js';
import type { TestEventResult } from '../../../contract/test-event.js';
import { eventsQuery } from '../api/events.js';
import { sendTestEvent } from '../api/test-events.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { RequestView, ResponseView, StatusCode } from '../elements/http-message.js';
import { durationText } from '../instants.js';
import { texts } from '../texts.js';
import { problemText } from './problem-text.js';
import type { TestTarget } from './test-target.js';
import classes from './test-event.module.css';

interface TestEventPanelProps {
  readonly target: TestTarget;
  readonly onClose: () => void;
}

export function TestEventPanel({ target, onClose }: TestEventPanelProps) {
  const [eventType, setEventType] = useState<EventType>(target.input?.events[0] ?? EVENT_TYPES[0]);
  const send = useMutation({
    mutationFn: () =>
      sendTestEvent({
        eventType,
        ...(target.id === undefined ? {} : { webhookId: target.id }),
        ...(target.input === undefined ? {} : { webhook: target.input }),
      }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!send.isPending) send.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Text size="sm" c="dimmed">
        {texts.test.lead}
      </Text>
      <Text size="sm" mt="xs" className={classes.url}>
        {target.url}
      </Text>
      <EventSelect value={eventType} onChange={setEventType} />
      {send.error !== null && (
        <div className={classes.result}>
          <FaultNotice error={send.error} text={problemText(send.error)} />
        </div>
      )}
      {send.data !== undefined && <Result result={send.data} />}
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose}>
          {texts.test.close}
        </Button>
        <Button type="submit" loading={send.isPending} leftSection={<IconSend size={16} aria-hidden="true" />}>
          {send.data === undefined ? texts.test.send : texts.test.again}
        </Button>
      </Group>
    </form>
  );
}

interface EventSelectProps {
  readonly value: EventType;
  readonly onChange: (eventType: EventType) => void;
}

function EventSelect({ value, onChange }: EventSelectProps) {
  const { data } = useQuery(eventsQuery);
  const groups =
    data?.groups.map(({ label, events }) => ({
      group: label,
      items: events.map(({ type, label: words }) => ({ value: type, label: `${words} (${type})` })),
    })) ?? EVENT_TYPES.map((type) => ({ value: type, label: type }));
  return (
    <NativeSelect
      mt="md"
      label={texts.test.event}
      data={groups}
      value={value}
      onChange={({ currentTarget }) => isEventType(currentTarget.value) && onChange(currentTarget.value)}
      data-autofocus
    />
  );
}

function Result({ result }: { readonly result: TestEventResult }) {
  const { outcome, cause, response, request } = result;
  const duration = durationText(result.durationMs);
  const said = response === null ? texts.test.silent(duration) : texts.test.answered(response.status, duration);
  return (
    <div className={classes.result}>
      <div role="status" className={`${classes.verdict} ${outcome === 'delivered' ? classes.good : classes.bad}`}>
        <strong>{texts.test[outcome]}</strong>
        {outcome !== 'unmade' && <span>{said}</span>}
        {cause !== null && <span className={classes.cause}>{cause.text}</span>}
      </div>
      <Tabs defaultValue="response" mt="md">
        <Tabs.List>
          <Tabs.Tab value="request">{texts.inspect.request}</Tabs.Tab>
          <Tabs.Tab value="response" rightSection={response !== null && <StatusCode status={response.status} />}>
            {texts.inspect.response}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="request">{request !== null && <RequestView request={request} />}</Tabs.Panel>
        <Tabs.Panel value="response">
          <ResponseView response={response} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
