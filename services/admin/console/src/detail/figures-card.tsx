import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Figures, FiguresWindow } from '../../../contract/figures.js';
import { figuresQuery } from '../api/figures.js';
import { Card } from '../elements/card.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { countText, durationText, shareText } from '../instants.js';
import { texts } from '../texts.js';
import classes from './detail.module.css';
import { FiguresTable } from './figures-table.js';

const Chart = lazy(() => import('./deliveries-chart.js').then((module) => ({ default: module.DeliveriesChart })));
const WINDOWS = (['1h', '24h', '7d'] as const).map((value) => ({ value, label: texts.detail.windows[value] }));

/** Deliveries and failures over time, success rate, latency percentiles. */
export function FiguresCard({ webhookId }: { readonly webhookId: string }) {
  const [window, setWindow] = useState<FiguresWindow>('24h');
  const { data, error, refetch } = useQuery(figuresQuery(webhookId, window));
  return (
    <Card
      title={texts.detail.chart}
      aside={
        <SegmentedControl
          size="xs"
          data={WINDOWS}
          value={window}
          onChange={setWindow}
          aria-label={texts.detail.over}
          role="radiogroup"
        />
      }
    >
      {error !== null && <FaultNotice error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <PageLoading />}
      {data !== undefined && (
        <>
          <Tiles figures={data} />
          <Suspense fallback={<div className={classes.chart} />}>
            <Chart figures={data} />
          </Suspense>
          <FiguresTable figures={data} />
        </>
      )}
    </Card>
  );
}

function Tiles({ figures }: { readonly figures: Figures }) {
  const tiles = [
    [texts.detail.delivered, countText(figures.deliveries)],
    [texts.detail.failed, countText(figures.failures)],
    [texts.detail.rate, shareText(figures.successRate)],
    [texts.detail.p50, durationText(figures.p50Ms)],
    [texts.detail.p95, durationText(figures.p95Ms)],
    [texts.detail.p99, durationText(figures.p99Ms)],
  ] as const;
  return (
    <dl className={classes.tiles}>
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
