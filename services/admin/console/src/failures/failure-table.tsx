import { ActionIcon, Loader, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import type { FailureSummary } from '../../../contract/failure.js';
import { StatusCode } from '../elements/http-message.js';
import { FullTime } from '../elements/time.js';
import { fullTime, zoneName } from '../instants.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import classes from './failures.module.css';
import { followText } from './follow-text.js';

const ROW_PX = 52;
const OVERSCAN = 12;
const NEAR_END = 30;

interface FailureTableProps {
  readonly webhookId: string;
  readonly entries: readonly FailureSummary[];
  readonly search: URLSearchParams;
  readonly complete: boolean;
  readonly onEnd: () => void;
}

/** As long as the log is: only the rows in sight are in the page, and older ones are asked for before they are. */
export function FailureTable({ webhookId, entries, search, complete, onEnd }: FailureTableProps) {
  const list = useRef<HTMLDivElement>(null);
  const [offsetPx, setOffsetPx] = useState(0);
  useLayoutEffect(() => setOffsetPx(list.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: entries.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: offsetPx,
    getItemKey: (index) => entries[index]?.id ?? index,
  });
  const rows = virtualizer.getVirtualItems();
  const lastInSight = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastInSight >= entries.length - NEAR_END) onEnd();
  }, [lastInSight, entries.length, onEnd]);
  return (
    <div role="table" aria-label={texts.failures.table} aria-rowcount={complete ? entries.length + 1 : -1}>
      <Head />
      <div ref={list} role="rowgroup" className={classes.rows} style={{ height: virtualizer.getTotalSize() }}>
        {rows.map(({ index, key, start }) => {
          const entry = entries[index];
          return (
            entry && (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className={classes.row}
                style={{ transform: `translateY(${start - offsetPx}px)` }}
              >
                <Cells webhookId={webhookId} entry={entry} search={search} />
              </div>
            )
          );
        })}
      </div>
      <div className={classes.end}>
        {complete ? (
          <Text size="xs" c="dimmed">
            {texts.failures.end}
          </Text>
        ) : (
          <Loader size="sm" type="dots" role="progressbar" aria-label={texts.failures.more} />
        )}
      </div>
    </div>
  );
}

function Head() {
  const { columns } = texts.failures;
  return (
    <div role="rowgroup">
      <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.head}`}>
        <span role="columnheader">
          {columns.at} ({zoneName()})
        </span>
        <span role="columnheader">{columns.event}</span>
        <span role="columnheader" className={classes.wide}>
          {columns.attempt}
        </span>
        <span role="columnheader">{columns.status}</span>
        <span role="columnheader" className={classes.wide}>
          {columns.cause}
        </span>
        <span role="columnheader" className={classes.wide}>
          {columns.next}
        </span>
        <span role="columnheader">
          <span className="visually-hidden">{texts.failures.inspect}</span>
        </span>
      </div>
    </div>
  );
}

interface CellsProps {
  readonly webhookId: string;
  readonly entry: FailureSummary;
  readonly search: URLSearchParams;
}

/** Entries never change: a row is drawn once, however often the list scrolls past it. */
const Cells = memo(function Cells({ webhookId, entry, search }: CellsProps) {
  const label = texts.failures.inspectOf(entry.eventType, fullTime(entry.at));
  return (
    <>
      <span role="cell" className={classes.number}>
        <FullTime at={entry.at} dense />
      </span>
      <span role="cell" className={classes.event} title={entry.eventId}>
        <span className={classes.type}>{entry.eventType}</span>
        <span className={classes.id}>{entry.eventId}</span>
      </span>
      <span role="cell" className={`${classes.wide} ${classes.number}`}>
        {entry.attempt}
      </span>
      <span role="cell">
        <StatusCode status={entry.status} />
      </span>
      <span role="cell" className={`${classes.wide} ${classes.cause}`} title={entry.cause.text}>
        {entry.cause.text}
      </span>
      <span role="cell" className={`${classes.wide} ${classes.follow}`}>
        {followText(entry.followUp)}
      </span>
      <span role="cell">
        <ActionIcon
          component={Link}
          to={{ pathname: paths.failure(webhookId, entry.id), search: search.toString() }}
          preventScrollReset
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={label}
          title={texts.failures.inspect}
        >
          <IconEye size={18} stroke={1.6} />
        </ActionIcon>
      </span>
    </>
  );
});
