import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import type { Assignment } from './assignment.js';

/**
 * Divides a group's partitions so that as few as possible move: kafkajs deals them out anew at every join. A partition
 * that stays with its member keeps its progress; of one that moves, what is under way is done again.
 *
 * Each member tells with its join what it holds, and under which member id. A claim under another id is void: who was
 * evicted and comes back has lost its partitions to others. Of two claims on a partition that of the member whose last
 * assignment is the newer one counts: the other has missed a division of the group.
 */
const { MemberMetadata, MemberAssignment } = AssignerProtocol;

/** A member's last assignment, and how many joins ago it was. */
export interface HeldBefore extends Pick<Assignment, 'memberId' | 'partitions'> {
  /** 1 when it was the last one. */
  readonly joins: number;
}

/** `held` is asked once at each join. */
export function stickyAssigner(held: () => HeldBefore | undefined): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'sticky',
    version: 0,
    protocol: ({ topics }) => ({
      name: 'sticky',
      metadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.from(JSON.stringify(held() ?? null)) }),
    }),
    assign: ({ members, topics }) => {
      const partitions = topics.flatMap((topic) => partitionsOf(cluster.findTopicPartitionMetadata(topic), topic));
      const claims = members.map(({ memberId, memberMetadata }) => claimOf(memberId, memberMetadata));
      const shares = [...shareOut(claims, partitions)];
      return Promise.resolve(
        shares.map(([memberId, share]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: 0,
            assignment: byTopic(share),
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Claim {
  readonly memberId: string;
  readonly owned: readonly TopicPartition[];
  /** How many joins ago it owned them. */
  readonly joins: number;
}

/**
 * Every partition to one member, numbers that differ by one at most, and no partition moved that need not be. The same
 * claims in another order give the same shares.
 */
export function shareOut(
  claims: readonly Claim[],
  partitions: readonly TopicPartition[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const free = new Map(partitions.map((partition) => [keyOf(partition), partition]));
  const shares = claims
    .toSorted((one, other) => one.joins - other.joins || compare(one.memberId, other.memberId))
    .map(({ memberId, owned }) => ({ memberId, share: owned.filter((partition) => free.delete(keyOf(partition))) }))
    // Who holds most keeps the one that can't be divided.
    .toSorted((one, other) => other.share.length - one.share.length);
  const quota = Math.floor(partitions.length / shares.length);
  const remainder = partitions.length % shares.length;
  const quotaOf = (index: number): number => (index < remainder ? quota + 1 : quota);
  shares.forEach(({ share }, index) => {
    for (const surplus of share.splice(quotaOf(index))) free.set(keyOf(surplus), surplus);
  });
  const left = partitions.filter((partition) => free.has(keyOf(partition)));
  shares.forEach(({ share }, index) => share.push(...left.splice(0, quotaOf(index) - share.length)));
  return new Map(shares.map(({ memberId, share }) => [memberId, share]));
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function partitionsOf(metadata: readonly { readonly partitionId: number }[], topic: string): TopicPartition[] {
  return metadata.map(({ partitionId }) => ({ topic, partition: partitionId }));
}

/** What another member wrote is read with care: a claim that can't be read is none. */
function claimOf(memberId: string, memberMetadata: Buffer): Claim {
  try {
    const userData = MemberMetadata.decode(memberMetadata)?.userData;
    const { memberId: heldAs, partitions, joins } = JSON.parse(String(userData)) as HeldBefore;
    const owned = Object.entries(partitions).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition })),
    );
    return { memberId, owned: heldAs === memberId ? owned : [], joins };
  } catch {
    return { memberId, owned: [], joins: 0 };
  }
}

function byTopic(share: readonly TopicPartition[]): Record<string, number[]> {
  const assignment: Record<string, number[]> = {};
  for (const { topic, partition } of share) (assignment[topic] ??= []).push(partition);
  return assignment;
}
