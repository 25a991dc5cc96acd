/** Settings that can't be worked with: the process reports all of them and doesn't start (exit 78). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One line per fault: setting, environment variable, value (masked where it is sensitive), what is expected. */
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}
