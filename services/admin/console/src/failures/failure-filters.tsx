import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { EVENT_CATALOGUE } from '../../../../shared/core/event-catalogue.js';
import { zoneName } from '../instants.js';
import { texts } from '../texts.js';
import { PERIODS, periodOf, STATUS_CLASSES, withFilter } from './failure-filter.js';
import classes from './failures.module.css';

const words = texts.failures.filters;
const TIMES = PERIODS.map((value) => ({ value, label: words.times[value] }));
const EVENTS = [
  { value: '', label: words.anyEvent },
  ...EVENT_CATALOGUE.map(({ label, events }) => ({ group: label, items: events.map(({ type }) => type) })),
];
const STATUSES = [
  { value: '', label: words.anyStatus },
  ...STATUS_CLASSES.map((value) => ({ value, label: texts.failures.classes[value] })),
];

interface FailureFiltersProps {
  readonly search: URLSearchParams;
  readonly onSearch: (search: URLSearchParams) => void;
}

/** Time, event, status and event id. They stand in the address, so that what one sees can be sent as a link. */
export function FailureFilters({ search, onSearch }: FailureFiltersProps) {
  const set = (name: string, value: string): void => onSearch(withFilter(search, name, value));
  return (
    <div className={classes.filters} role="search" aria-label={words.label}>
      <NativeSelect
        label={words.time}
        data={TIMES}
        value={periodOf(search)}
        onChange={(event) => set('period', event.currentTarget.value)}
      />
      {periodOf(search) === 'own' && <Between search={search} onSet={set} />}
      <NativeSelect
        label={words.event}
        data={EVENTS}
        value={search.get('eventType') ?? ''}
        onChange={(event) => set('eventType', event.currentTarget.value)}
      />
      <NativeSelect
        label={words.status}
        data={STATUSES}
        value={search.get('statusClass') ?? ''}
        onChange={(event) => set('statusClass', event.currentTarget.value)}
      />
      <EventIdFilter value={search.get('eventId') ?? ''} onSet={(id) => set('eventId', id)} />
      {search.size > 0 && (
        <Button variant="subtle" size="xs" className={classes.clear} onClick={() => onSearch(new URLSearchParams())}>
          {texts.failures.clear}
        </Button>
      )}
    </div>
  );
}

interface BetweenProps {
  readonly search: URLSearchParams;
  readonly onSet: (name: string, value: string) => void;
}

function Between({ search, onSet }: BetweenProps) {
  return (['from', 'to'] as const).map((name) => (
    <TextInput
      key={name}
      type="datetime-local"
      label={`${words[name]} (${zoneName()})`}
      value={search.get(name) ?? ''}
      onChange={(event) => onSet(name, event.currentTarget.value)}
    />
  ));
}

/** Asks once typing rests; a keyed one starts anew when the address changes from elsewhere. */
function EventIdFilter({ value, onSet }: { readonly value: string; readonly onSet: (id: string) => void }) {
  const [text, setText] = useState(value);
  const later = useDebouncedCallback(onSet, 400);
  return (
    <TextInput
      label={words.eventId}
      placeholder={words.eventIdPlaceholder}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
      autoComplete="off"
      spellCheck={false}
      maxLength={256}
    />
  );
}
