import { Checkbox, Collapse, Input, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { EVENT_CATALOGUE, type EventGroup } from '../../../../shared/core/event-catalogue.js';
import type { EventType } from '../../../../shared/core/vocabulary.js';
import { Card } from '../elements/card.js';
import { texts } from '../texts.js';
import classes from './form.module.css';
import { EVENTS_FOCUS_ID, type WebhookForm } from './use-webhook-form.js';

/** Right panel: two collapsible groups, each with a parent tick box (all, none, some) and an "N selected" count. */
export function EventsPanel({ webhookForm }: { readonly webhookForm: WebhookForm }) {
  const { form, values, faultAt } = webhookForm;
  const fault = faultAt('events');
  const set = (events: EventType[]): void => form.setValue('events', events, { shouldDirty: true, shouldTouch: true });
  return (
    <Card title={texts.form.events} lead={texts.form.eventsLead}>
      {EVENT_CATALOGUE.map((group, index) => (
        <Group key={group.group} group={group} selected={values.events} onChange={set} first={index === 0} />
      ))}
      {fault !== undefined && (
        <Input.Error mt="sm" role="alert">
          {fault}
        </Input.Error>
      )}
    </Card>
  );
}

interface GroupProps {
  readonly group: EventGroup;
  readonly selected: readonly EventType[];
  readonly onChange: (events: EventType[]) => void;
  readonly first: boolean;
}

function Group({ group: { group, events }, selected, onChange, first }: GroupProps) {
  const [opened, { toggle }] = useDisclosure(true);
  const label = texts.form.groups[group];
  const own = events.map(({ type }) => type);
  const count = own.filter((type) => selected.includes(type)).length;
  const others = selected.filter((type) => !own.includes(type));
  const tick = (type: EventType, on: boolean): void =>
    onChange(on ? [...selected, type] : selected.filter((other) => other !== type));
  return (
    <div className={classes.group} role="group" aria-label={label}>
      <div className={classes.groupHead}>
        <Checkbox
          {...(first ? { id: EVENTS_FOCUS_ID } : {})}
          label={label}
          checked={count === own.length}
          indeterminate={count > 0 && count < own.length}
          onChange={() => onChange(count === own.length ? others : [...others, ...own])}
          classNames={{ label: classes.groupLabel ?? '' }}
        />
        <Text size="xs" c="dimmed" className={classes.count} aria-live="polite">
          {texts.form.selected(count)}
        </Text>
        <UnstyledButton
          className={classes.chevron}
          aria-expanded={opened}
          aria-label={texts.form.openGroup(label)}
          onClick={toggle}
        >
          <IconChevronDown size={18} stroke={1.6} data-opened={opened || undefined} />
        </UnstyledButton>
      </div>
      <Collapse expanded={opened}>
        <div className={classes.groupBody}>
          {events.map(({ type, label: words, description }) => (
            <Checkbox
              key={type}
              checked={selected.includes(type)}
              onChange={(event) => tick(type, event.currentTarget.checked)}
              label={
                <span className={classes.eventLabel}>
                  {words} <code>{type}</code>
                </span>
              }
              description={description}
            />
          ))}
        </div>
      </Collapse>
    </div>
  );
}
