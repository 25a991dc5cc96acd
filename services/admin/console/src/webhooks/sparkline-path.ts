/** The drawing of a sparkline: one SVG path per run of values without a gap. */
export interface SparklineDrawing {
  readonly lines: readonly string[];
  /** Values with a gap on both sides: a line of one point would be invisible. */
  readonly dots: readonly (readonly [x: number, y: number])[];
}

/**
 * Fits the values into a box: the first on its left edge, the last on its right, nought at the bottom, the greatest at
 * the top. `inset` keeps the stroke's width inside. Gaps (null: no attempt in that hour) stay gaps.
 */
export function drawSparkline(
  values: readonly (number | null)[],
  box: { readonly width: number; readonly height: number; readonly inset: number },
): SparklineDrawing {
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  const step = values.length > 1 ? (box.width - 2 * box.inset) / (values.length - 1) : 0;
  const tall = box.height - 2 * box.inset;
  const runs: [number, number][][] = [[]];
  values.forEach((value, index) => {
    if (value === null) return void runs.push([]);
    const y = box.height - box.inset - (most === 0 ? 0 : (value / most) * tall);
    runs.at(-1)?.push([rounded(box.inset + index * step), rounded(y)]);
  });
  return {
    lines: runs.filter((run) => run.length > 1).map((run) => `M${run.map(([x, y]) => `${x} ${y}`).join('L')}`),
    dots: runs.filter((run) => run.length === 1).flat(),
  };
}

const rounded = (n: number): number => Math.round(n * 100) / 100;
