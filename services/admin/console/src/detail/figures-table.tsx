import { Table } from '@mantine/core';
import type { Figures } from '../../../contract/figures.js';
import { axisTime, countText, durationText, zoneName } from '../instants.js';
import { texts } from '../texts.js';
import classes from './detail.module.css';

/** The chart in figures, for who can't see it or wants them exact. Buckets without attempts are left out. */
export function FiguresTable({ figures }: { readonly figures: Figures }) {
  const rows = figures.series.filter(({ deliveries, failures }) => deliveries + failures > 0);
  if (rows.length === 0) return <p className={classes.words}>{texts.detail.noData}</p>;
  const words = texts.detail;
  return (
    <details className={classes.details}>
      <summary>{words.chartTable}</summary>
      <Table.ScrollContainer
        minWidth={420}
        maxHeight={280}
        type="native"
        tabIndex={0}
        aria-label={words.chartTable}
        role="region"
      >
        <Table fz="xs" verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              {[
                `${texts.failures.columns.at} (${zoneName()})`,
                words.delivered,
                words.failed,
                words.p50,
                words.p95,
              ].map((name) => (
                <Table.Th key={name}>{name}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.at}>
                <Table.Td>{axisTime(row.at, figures.window === '7d')}</Table.Td>
                <Table.Td>{countText(row.deliveries)}</Table.Td>
                <Table.Td>{countText(row.failures)}</Table.Td>
                <Table.Td>{durationText(row.p50Ms)}</Table.Td>
                <Table.Td>{durationText(row.p95Ms)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </details>
  );
}
