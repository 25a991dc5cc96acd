import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectationOf } from './formats.js';
import { schema } from './schema.js';
import type { AnySetting, SettingTable } from './setting.js';

/**
 * The text of deploy/env.example: every setting with its meaning, what is expected and its default.
 * Run as a program, compiled, it writes the file.
 */
export function renderEnvExample(): string {
  const groups = Object.entries(schema as SettingTable).map(
    ([group, settings]) => `## ${group}\n\n${Object.values(settings).map(renderSetting).join('\n')}`,
  );
  return [HEAD, ...groups].join('\n');
}

const HEAD = `# All settings of all processes, generated from config/schema.ts by "npm run env-example": don't edit.
# A commented line shows the default. A variable that is set to nothing counts as not set.
`;

function renderSetting(setting: AnySetting): string {
  const required = setting.default === null;
  const marks = [required ? 'Required.' : '', setting.sensitive === true ? 'Secret.' : ''].filter(Boolean);
  const lines = [...wrap(setting.doc), ...wrap([`Expected: ${expectationOf(setting)}.`, ...marks].join(' '))];
  const value = Array.isArray(setting.default) ? setting.default.join(',') : String(setting.default ?? '');
  return `${lines.join('\n')}\n${required ? '' : '#'}${setting.env}=${value}\n`;
}

/** Comment lines of at most 120 characters. */
function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 120) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL('../../deploy/env.example', import.meta.url), renderEnvExample());
