import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';
import {
  shareOut,
  stickyAssigner,
  type Claim,
  type TopicPartition,
} from '../../../../services/shared/platform/kafka/sticky-assigner.js';

/** A rebalance that moves partitions without need makes deliveries repeat. */
const TOPIC = 'dispatch';
const partitionsOf = (count: number): TopicPartition[] =>
  Array.from({ length: count }, (_, partition) => ({ topic: TOPIC, partition }));
const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
type Shares = ReadonlyMap<string, readonly TopicPartition[]>;
const claimsOf = (shares: Shares): Claim[] => [...shares].map(([memberId, owned]) => ({ memberId, owned, joins: 1 }));
const plain = (shares: Shares): Record<string, number[]> =>
  Object.fromEntries([...shares].map(([memberId, share]) => [memberId, share.map(({ partition }) => partition)]));
const fresh = (...memberIds: string[]): Claim[] => memberIds.map((memberId) => ({ memberId, owned: [], joins: 1 }));

const anyPartition = fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(9) });
const anyClaims = fc.uniqueArray(
  fc.record({
    memberId: fc.stringMatching(/^[a-z]{1,3}$/),
    owned: fc.array(anyPartition, { maxLength: 12 }),
    joins: fc.integer({ min: 1, max: 3 }),
  }),
  { selector: ({ memberId }) => memberId, minLength: 1, maxLength: 6 },
);
const anyPartitions = fc.uniqueArray(anyPartition, { selector: keyOf, maxLength: 20 });

describe('whatever members claim', () => {
  test('every partition has one owner, and numbers differ by one at most', () => {
    fc.assert(
      fc.property(anyClaims, anyPartitions, (claims, partitions) => {
        const shares = shareOut(claims, partitions);
        const given = [...shares.values()].flat().map(keyOf);
        expect(given.toSorted()).toEqual(partitions.map(keyOf).toSorted());
        const counts = [...shares.values()].map(({ length }) => length);
        expect(counts).toHaveLength(claims.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('who leads the group makes no difference', () => {
    fc.assert(
      fc.property(anyClaims, anyPartitions, (claims, partitions) => {
        expect(plain(shareOut(claims.toReversed(), partitions))).toEqual(plain(shareOut(claims, partitions)));
      }),
    );
  });

  test('a second round moves nothing', () => {
    fc.assert(
      fc.property(anyClaims, anyPartitions, (claims, partitions) => {
        const shares = shareOut(claims, partitions);
        const again = shareOut(claimsOf(shares), partitions);
        for (const [memberId, share] of shares)
          expect(again.get(memberId)?.map(keyOf).toSorted()).toEqual(share.map(keyOf).toSorted());
      }),
    );
  });
});

test('who joins gets its part, and nothing else moves', () => {
  const before = shareOut(fresh('a', 'b'), partitionsOf(12));
  const after = shareOut([...claimsOf(before), ...fresh('c')], partitionsOf(12));
  for (const memberId of ['a', 'b'])
    expect(before.get(memberId)?.map(keyOf)).toEqual(expect.arrayContaining(after.get(memberId)?.map(keyOf) ?? []));
  expect([...after.values()].map(({ length }) => length)).toEqual([4, 4, 4]);
});

test('of who leaves the others share what it had, and keep theirs', () => {
  const before = shareOut(fresh('a', 'b', 'c'), partitionsOf(12));
  const after = shareOut(
    claimsOf(before).filter(({ memberId }) => memberId !== 'b'),
    partitionsOf(12),
  );
  for (const memberId of ['a', 'c'])
    expect(after.get(memberId)?.map(keyOf)).toEqual(expect.arrayContaining(before.get(memberId)?.map(keyOf) ?? []));
});

describe('as kafkajs asks', () => {
  const cluster = {
    findTopicPartitionMetadata: () => partitionsOf(4).map(({ partition }) => ({ partitionId: partition })),
  };
  type Config = Parameters<PartitionAssigner>[0];
  const config = { cluster, groupId: 'g' } as unknown as Config;
  const member = (memberId: string, heldAs: string, partitions: number[], joins = 1) => {
    const assigner = stickyAssigner(() => ({ memberId: heldAs, partitions: { [TOPIC]: partitions }, joins }))(config);
    return { memberId, memberMetadata: assigner.protocol({ topics: [TOPIC] }).metadata };
  };
  const assigned = async (members: { memberId: string; memberMetadata: Buffer }[]) => {
    const assigner = stickyAssigner(() => undefined)(config);
    const shares = await assigner.assign({ members, topics: [TOPIC] });
    return Object.fromEntries(
      shares.map(({ memberId, memberAssignment }) => [
        memberId,
        AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
      ]),
    );
  };

  test('members keep what they say that they hold', async () => {
    expect(await assigned([member('a', 'a', [1, 3]), member('b', 'b', [0, 2])])).toEqual({
      a: { [TOPIC]: [1, 3] },
      b: { [TOPIC]: [0, 2] },
    });
  });

  test('what a member held before it was evicted is no claim: its owner since then keeps it', async () => {
    expect(await assigned([member('a-again', 'a', [0, 1]), member('b', 'b', [0, 1, 2, 3])])).toEqual({
      'a-again': { [TOPIC]: [2, 3] },
      b: { [TOPIC]: [0, 1] },
    });
  });

  test('of who missed a division of the group, its claim gives way to that of the owner since then', async () => {
    expect(await assigned([member('a', 'a', [0, 1], 2), member('b', 'b', [0, 3])])).toEqual({
      a: { [TOPIC]: [1, 2] },
      b: { [TOPIC]: [0, 3] },
    });
  });

  test('a member whose metadata are broken claims nothing, and stops nobody', async () => {
    const [known] = [member('b', 'b', [0, 3])];
    expect(await assigned([{ memberId: 'a', memberMetadata: Buffer.of(1) }, known])).toEqual({
      a: { [TOPIC]: [1, 2] },
      b: { [TOPIC]: [0, 3] },
    });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['what is no JSON', Buffer.from('{')],
    ['JSON of another kind', Buffer.from('{"memberId":"a","partitions":{"dispatch":7}}')],
  ])('a member that tells %s claims nothing', async (_what, userData) => {
    const memberMetadata = AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [TOPIC], userData });
    expect(await assigned([{ memberId: 'a', memberMetadata }])).toEqual({ a: { [TOPIC]: [0, 1, 2, 3] } });
  });
});
