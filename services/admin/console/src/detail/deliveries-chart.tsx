import '@mantine/charts/styles.css';
import { BarChart, LineChart } from '@mantine/charts';
import type { Figures } from '../../../contract/figures.js';
import { axisTime, durationText } from '../instants.js';
import { texts } from '../texts.js';
import classes from './detail.module.css';

/** A line needs two neighbours; where values are few, dots keep the lonely ones visible. */
const MANY = 30;

/** Bars of what was delivered and what failed, and below them the latency; the table beside it says the same in words. */
export function DeliveriesChart({ figures }: { readonly figures: Figures }) {
  const long = figures.window === '7d';
  const data = figures.series.map(({ at, deliveries, failures, p50Ms, p95Ms }) => ({
    at: axisTime(at, long),
    [texts.detail.delivered]: deliveries,
    [texts.detail.failed]: failures,
    [texts.detail.p50]: p50Ms,
    [texts.detail.p95]: p95Ms,
  }));
  const attempted = figures.series.filter(({ p50Ms }) => p50Ms !== null);
  const shared = { data, dataKey: 'at', withLegend: true, gridAxis: 'x', tickLine: 'none' } as const;
  return (
    <div
      className={classes.charts}
      role="img"
      aria-label={texts.detail.chartLabel(figures.deliveries, figures.failures)}
    >
      <BarChart
        {...shared}
        h={220}
        type="stacked"
        series={[
          { name: texts.detail.delivered, color: 'var(--chart-good)' },
          { name: texts.detail.failed, color: 'var(--chart-bad)' },
        ]}
        barProps={{ isAnimationActive: false }}
        yAxisProps={{ allowDecimals: false, width: 44 }}
      />
      <LineChart
        {...shared}
        h={160}
        curveType="monotone"
        withDots={figures.window === '24h' || attempted.length < MANY}
        dotProps={{ r: 2, strokeWidth: 0 }}
        strokeWidth={1.75}
        connectNulls={false}
        valueFormatter={(value) => durationText(value)}
        series={[
          { name: texts.detail.p50, color: 'var(--panel-accent)' },
          { name: texts.detail.p95, color: 'var(--chart-late)' },
        ]}
        lineProps={{ isAnimationActive: false }}
        yAxisProps={{ width: 60 }}
      />
    </div>
  );
}
