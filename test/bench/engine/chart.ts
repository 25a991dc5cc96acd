import { isMet, rounded, type Figure } from './figure.js';

/**
 * A scenario's figures as a plain SVG: one row each, a bar for the value, a thin one below for the limit, a line for the
 * target. Each row has a scale of its own, since units differ.
 */
const WIDTH = 860;
const ROW = 44;
const TOP = 56;
const LEFT = 330;
const BAR_WIDTH = 400;
const COLOURS = { ok: '#2b8a3e', missed: '#c92a2a', free: '#1971c2', limit: '#adb5bd', line: '#212529' };

export function chartOf(title: string, figures: readonly Figure[]): string {
  const height = TOP + figures.length * ROW + 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="16" y="28" font-size="16" font-weight="600">${escaped(title)}</text>`,
    `<text x="16" y="46" font-size="11" fill="#495057">bar: measured; grey: the bare loop in the same run; line: target (green met, red missed)</text>`,
    ...figures.map((figure, index) => rowOf(figure, TOP + index * ROW)),
    '</svg>',
    '',
  ].join('\n');
}

function rowOf(figure: Figure, top: number): string {
  const { what, value, unit, limit } = figure;
  const mark = targetOf(figure);
  const most = Math.max(...[value, limit, mark].map(drawn), Number.MIN_VALUE);
  const width = (part: number) => ((drawn(part) / most) * BAR_WIDTH).toFixed(1);
  const told = `${rounded(value)} ${unit}${limit === undefined ? '' : ` (${rounded(limit)})`}`;
  return [
    `<text x="${LEFT - 12}" y="${top + 22}" text-anchor="end">${escaped(what)}</text>`,
    `<rect x="${LEFT}" y="${top + 8}" width="${width(value)}" height="18" fill="${colourOf(figure)}"/>`,
    limit === undefined
      ? ''
      : `<rect x="${LEFT}" y="${top + 28}" width="${width(limit)}" height="6" fill="${COLOURS.limit}"/>`,
    mark === undefined || !Number.isFinite(mark)
      ? ''
      : `<rect x="${LEFT + Number(width(mark)) - 1}" y="${top + 4}" width="2" height="32" fill="${COLOURS.line}"/>`,
    `<text x="${LEFT + Number(width(value)) + 6}" y="${top + 22}" font-size="12">${escaped(told)}</text>`,
  ].join('');
}

/** What wasn't measured has no length. */
function drawn(part: number | undefined): number {
  return part === undefined || !Number.isFinite(part) ? 0 : Math.max(0, part);
}

/** On the scale of the value. */
function targetOf({ target, limit }: Figure): number | undefined {
  if (target === undefined) return undefined;
  return target.of === 'ratio' ? target.value * (limit ?? NaN) : target.value;
}

function colourOf(figure: Figure): string {
  const met = isMet(figure);
  if (met === undefined) return COLOURS.free;
  return met ? COLOURS.ok : COLOURS.missed;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
