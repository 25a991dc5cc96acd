/** One measured number, with the limit that was measured in the same run, and the bound that it is held against. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same of the bare loop. */
  readonly limit?: number;
  readonly target?: Target;
}

/** `of` is what is compared: the value (when absent), or its ratio to the limit. */
export interface Target {
  readonly kind: 'at least' | 'at most';
  readonly value: number;
  readonly of?: 'ratio';
}

export function ratioOf({ value, limit }: Figure): number | undefined {
  return limit === undefined || limit === 0 ? undefined : value / limit;
}

/** Undefined where no bound is set; what wasn't measured meets none. */
export function isMet(figure: Figure): boolean | undefined {
  const { target, value } = figure;
  if (target === undefined) return undefined;
  const compared = target.of === 'ratio' ? ratioOf(figure) : value;
  if (compared === undefined) return undefined;
  return target.kind === 'at least' ? compared >= target.value : compared <= target.value;
}

/** Whole numbers from 100 on, three digits below; a dash where nothing was measured. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** The cells of a figure's row, without its scenario. */
export function cellsOf(figure: Figure): string[] {
  const { what, value, unit, limit, target } = figure;
  const ratio = ratioOf(figure);
  const met = isMet(figure);
  return [
    what,
    rounded(value),
    unit,
    limit === undefined ? '' : rounded(limit),
    ratio === undefined ? '' : Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : '–',
    target === undefined
      ? ''
      : `${target.kind === 'at least' ? '≥' : '≤'} ${target.value}${target.of === 'ratio' ? ' ×' : ''}`,
    met === undefined ? '' : met ? 'yes' : 'NO',
  ];
}

export const FIGURE_COLUMNS = ['figure', 'value', 'unit', 'limit', 'ratio', 'target', 'met'];
