import type { ParkReason } from './verdict.js';

/**
 * The errors that have a meaning. An endpoint's refusal is not among them: that is an Outcome, a value.
 */

/** What we depend on and may have to wait for: servers, and the keys that an operator gives us. */
export type Dependency = 'kafka' | 'mongodb' | 'schema-registry' | 'encryption-keys' | 'identity-provider';

/** A record that can never be handled: the loop parks it in the dead-letter topic with this reason. */
export class PoisonRecord extends Error {
  override readonly name = 'PoisonRecord';
  readonly reason: ParkReason;
  constructor(reason: ParkReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

/** Kafka, MongoDB or the registry is away: nothing is committed, the work is tried again with a growing pause. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError';
  readonly dependency: Dependency;
  constructor(dependency: Dependency, detail: string, options?: ErrorOptions) {
    super(`${dependency}: ${detail}`, options);
    this.dependency = dependency;
  }
}

/** Settings that can't be worked with: the process reports all of them and doesn't start (exit 78). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** A bug of ours: logged with its stack, the process stops, nothing is committed. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Makes a switch over a closed union exhaustive: fails to compile when a kind is missing. @throws InvariantError */
export function assertNever(value: never): never {
  throw new InvariantError(`unexpected value ${JSON.stringify(value)}`);
}
