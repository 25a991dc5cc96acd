/**
 * The stored copy of what the registry said, so that a restart works while the registry is down. Schemas and ids are
 * immutable in the registry, so the copy is never stale and never has to be removed.
 */
export interface KnownSchemas {
  /** All schemas stored so far: id to JSON text. */
  readonly load: () => Promise<ReadonlyMap<number, string>>;
  /** Saving the same again changes nothing. */
  readonly save: (id: number, schema: string) => Promise<void>;
  /** The id under which we write: `fingerprint` names the schema, `subject` where it was registered. */
  readonly loadWriterId: (subject: string, fingerprint: string) => Promise<number | undefined>;
  readonly saveWriterId: (subject: string, fingerprint: string, id: number) => Promise<void>;
}
