import type { ScenarioResult } from './run-scenario.js';

const HEAD = ['scenario', 'faults', 'events', 'lost', 'doubled (bound)', 'recovery', 'RSS', 'ended itself', 'verdict'];

/** The results as a table for people, one line per scenario, and below it what went wrong. */
export function table(results: readonly ScenarioResult[]): string {
  const rows = [HEAD, ...results.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const faults = results.flatMap(({ scenario, violations }) =>
    violations.map(({ invariant, what }) => `${scenario}: ${invariant} ${what}`),
  );
  const notes = results.flatMap(({ scenario, notes: texts }) => texts.map((text) => `${scenario}: ${text}`));
  return [lines[0], rule, ...lines.slice(1), ...notes, ...faults].join('\n');
}

function rowOf(result: ScenarioResult): string[] {
  const { scenario, faults, events, lost, doubled, bound, recoveryMs, peakRssMb, selfEnded, violations } = result;
  return [
    scenario,
    String(faults),
    String(events),
    String(lost),
    `${doubled} (${bound})`,
    `${(recoveryMs / 1_000).toFixed(1)} s`,
    `${peakRssMb} MB`,
    String(selfEnded),
    violations.length === 0
      ? 'holds'
      : `broken: ${[...new Set(violations.map(({ invariant }) => invariant))].join(' ')}`,
  ];
}
