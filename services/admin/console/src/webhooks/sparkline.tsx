import { durationText } from '../instants.js';
import { texts } from '../texts.js';
import { drawSparkline } from './sparkline-path.js';

const BOX = { width: 84, height: 24, inset: 1.5 };

/** Latency of 24 hours, one point an hour. */
export function Sparkline({ valuesMs }: { readonly valuesMs: readonly (number | null)[] }) {
  const known = valuesMs.filter((value) => value !== null);
  if (known.length === 0)
    return (
      <span>
        <span aria-hidden="true">–</span>
        <span className="visually-hidden">{texts.list.noLatency}</span>
      </span>
    );
  const { lines, dots } = drawSparkline(valuesMs, BOX);
  const label = texts.list.sparkline(durationText(Math.min(...known)), durationText(Math.max(...known)));
  return (
    <svg width={BOX.width} height={BOX.height} viewBox={`0 0 ${BOX.width} ${BOX.height}`} role="img" aria-label={label}>
      <title>{label}</title>
      <g stroke="var(--panel-accent)" fill="none" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round">
        {lines.map((d) => (
          <path key={d} d={d} />
        ))}
      </g>
      <g fill="var(--panel-accent)">
        {dots.map(([x, y]) => (
          <circle key={x} cx={x} cy={y} r="1.5" />
        ))}
      </g>
    </svg>
  );
}
