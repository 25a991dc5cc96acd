/** A package-lock.json, as far as freshness.mjs reads it. */
export interface LockFile {
  readonly packages?: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly integrity?: string;
        readonly optional?: boolean;
        readonly devOptional?: boolean;
      }
    >
  >;
}
export function isInstallCurrent(wanted: LockFile, installed: LockFile | undefined): boolean;
export function isNodeNewEnough(version: string, oldest: string): boolean;
export function orphans(compiled: readonly string[], sources: ReadonlySet<string>): string[];
