/**
 * npm run bench -- [--quick] [--only a,c] [--json] [--profile folder]
 * Measures the delivery engine: the compiled processes against real servers, with a sink and a generator that are
 * processes of their own. Figures that depend on the machine stand beside the limit of the same run, a bare loop of the
 * same clients without a feature.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../services/shared/platform/process/project-root.js';
import { readBenchArguments } from './engine/bench-arguments.js';
import { chartOf } from './engine/chart.js';
import { cellsOf, FIGURE_COLUMNS, isMet, ratioOf, type Figure } from './engine/figure.js';
import { SCENARIOS } from './engine/scenarios.js';
import { table } from './shared/table.js';

const options = readBenchArguments(process.argv.slice(2));
const RESULTS = join(projectRoot(), 'test', 'bench', 'results');

interface Result {
  readonly scenario: string;
  readonly title: string;
  readonly figures: readonly Figure[];
}

const say = (line: string) => void process.stderr.write(`${line}\n`);
const results: Result[] = [];
for (const { id, title, run } of SCENARIOS.filter((scenario) => options.only.includes(scenario.id))) {
  const beganAt = performance.now();
  say(`${id}: ${title}`);
  const figures = await run(options, (line) => say(`   ${line}`));
  say(`   ${((performance.now() - beganAt) / 1_000).toFixed(1)} s`);
  results.push({ scenario: id, title, figures });
  // A quick run is a look, not a result to keep.
  if (options.quick) continue;
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${id}.svg`), chartOf(`${id}: ${title}`, figures));
}

const rows = results.flatMap(({ scenario, figures }) => figures.map((figure) => [scenario, ...cellsOf(figure)]));
process.stdout.write(`\n${table([['', ...FIGURE_COLUMNS], ...rows])}\n`);
if (options.json) {
  const told = results.map(({ figures, ...result }) => ({
    ...result,
    figures: figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), met: isMet(figure) })),
  }));
  process.stdout.write(`${JSON.stringify({ quick: options.quick, results: told })}\n`);
}
