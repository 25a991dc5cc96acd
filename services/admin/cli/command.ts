import type { KeyEncryptionKey } from '../../shared/platform/crypto/key-ring.js';
import type { openMongo } from '../../shared/platform/process/open-mongo.js';

/** What a command works with; the terminal stays outside of it. */
export interface CommandContext {
  readonly db: Awaited<ReturnType<typeof openMongo>>;
  readonly keys: readonly KeyEncryptionKey[];
  readonly print: (line: string) => void;
  /** The password that the operator types; undefined to generate one. @throws UsageError when none can be read */
  readonly readPassword: () => Promise<string | undefined>;
}

/** Options that take a value; all that a command names are required. */
export type ValueName = 'company' | 'name' | 'email' | 'role';
export type FlagName = 'password-stdin' | 'new-data-keys';

/** The command line of one command, read and complete. */
export interface Given {
  value(name: ValueName): string;
  has(name: FlagName): boolean;
}

export interface Command {
  readonly values: readonly ValueName[];
  readonly flags: readonly FlagName[];
  /** @throws UsageError, IncompleteError, DependencyError */
  readonly run: (context: CommandContext, given: Given) => Promise<void>;
}
