import { writeSync } from 'node:fs';

/** The exit code of a process whose settings can't be worked with (EX_CONFIG): a restart won't help. */
export const EXIT_CONFIG = 78;

/**
 * The settings, or the end of the process with all their faults on stderr. It comes before the log, whose level is one
 * of the settings. What isn't a fault of the settings is thrown on.
 */
export function loadOrExit<C>(load: () => C): C {
  try {
    return load();
  } catch (error) {
    const faults = faultsOf(error);
    if (faults === undefined) throw error;
    const count = faults.length === 1 ? 'one setting is' : `${faults.length} settings are`;
    writeSync(2, `The process can't start: ${count} wrong.\n${faults.map((line) => `  ${line}\n`).join('')}`);
    process.exit(EXIT_CONFIG);
  }
}

/** The faults that a ConfigError lists; undefined for any other error. Told by shape: config/ has a class of its own. */
export function faultsOf(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error) || error.name !== 'ConfigError' || !('faults' in error)) return undefined;
  return error.faults as readonly string[];
}
