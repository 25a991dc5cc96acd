import avsc from 'avsc';
import { PoisonRecord } from '../../core/errors.js';
import type { Tap } from './bounded-types.js';

/**
 * A union of records that still reads what it can when the writer's union has branches that ours hasn't got.
 *
 * avsc makes a resolver for all branches or for none, so one new sub-event in the pipeline's schema would make every
 * record of that schema unreadable. Here a branch is resolved by its own: one that we know becomes ours; one that we
 * don't is read as the writer wrote it (PRODUCT.md: "An event type that we don't know yet is not an error"); one that
 * we know but that has become incompatible breaks the contract, and only when such a record turns up.
 */

interface BranchType {
  readonly name: string | undefined;
  readonly aliases: readonly string[] | undefined;
  readonly _branchConstructor: (new (value: unknown) => object) | null;
  _read(tap: Tap): unknown;
}

interface Resolver {
  _read: ((tap: Tap) => unknown) | null;
}

export class TolerantUnionType extends avsc.types.WrappedUnionType {
  /** avsc calls it once per branch of the writer's union, to fill in how that branch is read. */
  _update(resolver: Resolver, written: avsc.Type, opts: Partial<avsc.CreateResolverOptions>): void {
    const writer = written as avsc.Type & BranchType;
    const own = this.types.find((branch) => sharesName(branch as avsc.Type & BranchType, writer)) ?? null;
    resolver._read = own === null ? readWrapped(writer, writer) : this.readAs(own, writer, opts);
  }

  private readAs(own: avsc.Type, writer: avsc.Type, opts: Partial<avsc.CreateResolverOptions>) {
    try {
      // A registry of its own: avsc leaves a half-made resolver in a shared one when a branch can't be resolved.
      const resolver = own.createResolver(writer, { ignoreNamespaces: opts.ignoreNamespaces ?? false });
      return readWrapped(own as avsc.Type & BranchType, resolver as unknown as { _read(tap: Tap): unknown });
    } catch (error) {
      const detail = `its branch ${writer.name} can't be read as ours: ${(error as Error).message}`;
      return (): never => {
        throw new PoisonRecord('contract-broken', detail);
      };
    }
  }
}

/** Avro names match without their namespace, or by an alias of the reader. */
function sharesName(own: avsc.Type & BranchType, writer: avsc.Type & BranchType): boolean {
  if (own.name === undefined || writer.name === undefined) return own.typeName === writer.typeName;
  const name = unqualified(writer.name);
  return [own.name, ...(own.aliases ?? [])].some((candidate) => unqualified(candidate) === name);
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function readWrapped(branch: BranchType, reader: { _read(tap: Tap): unknown }): (tap: Tap) => unknown {
  const Branch = branch._branchConstructor;
  return Branch === null ? () => null : (tap) => new Branch(reader._read(tap));
}
