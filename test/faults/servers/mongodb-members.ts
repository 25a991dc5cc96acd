import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { chooseFreePort, isPortFree } from '../../../deploy/local/free-port.js';
import { mongodbOptions } from '../../../deploy/local/mongodb-options.js';
import { poll } from '../../../deploy/local/poll.js';
import type { ProcessGuard } from '../../../deploy/local/process-guard.js';
import type { ClusterControl, ClusterNode } from './cluster-control.js';
import { createNode } from './server-node.js';

/** A replica set with three members that hold data, with MongoDB's own time-outs of elections. */
export interface MemberOptions {
  readonly guard: ProcessGuard;
  readonly mongod: string;
  readonly folder: string;
}

const COUNT = 3;
const SET = 'rs0';
const READY_WITHIN_MS = 60_000;

export async function startMembers({ guard, mongod, folder }: MemberOptions): Promise<ClusterControl> {
  const ports: number[] = [];
  const isFree = async (port: number): Promise<boolean> => !ports.includes(port) && (await isPortFree(port));
  while (ports.length < COUNT) ports.push(await chooseFreePort({ usual: undefined, isFree, random: Math.random }));
  const nodes = ports.map((port, index) =>
    createMember(guard, mongod, join(folder, `member-${index + 1}`), port, index),
  );
  await Promise.all(nodes.map((node) => node.start()));
  const hosts = ports.map((port) => `127.0.0.1:${port}`);
  await initiate(hosts);
  return {
    env: { MONGODB_URI: `mongodb://${hosts.join(',')}/?replicaSet=${SET}` },
    nodes,
    proxies: new Map(),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
    },
  };
}

function createMember(guard: ProcessGuard, mongod: string, cwd: string, port: number, index: number): ClusterNode {
  mkdirSync(join(cwd, 'data'), { recursive: true });
  const network = ['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'];
  return createNode(guard, {
    name: `member ${index + 1}`,
    command: mongod,
    args: ['--replSet', SET, ...network, '--dbpath', 'data', ...mongodbOptions],
    cwd,
    logFile: join(cwd, 'mongod.log'),
    port,
  });
}

async function initiate(hosts: readonly string[]): Promise<void> {
  const client = new MongoClient(`mongodb://${hosts[0]}/`, { directConnection: true });
  try {
    const members = hosts.map((host, id) => ({ _id: id, host }));
    await client.db('admin').command({ replSetInitiate: { _id: SET, members } });
    const signal = AbortSignal.timeout(READY_WITHIN_MS);
    await poll(
      async () => {
        const { members: states } = (await client.db('admin').command({ replSetGetStatus: 1 })) as Status;
        if (states.filter(({ stateStr }) => stateStr === 'SECONDARY').length !== COUNT - 1 || primaryOf(states) < 0)
          throw new Error('not yet');
      },
      { everyMs: 100, signal },
    );
  } finally {
    await client.close();
  }
}

interface Status {
  readonly members: readonly { readonly stateStr: string }[];
}

function primaryOf(members: Status['members']): number {
  return members.findIndex(({ stateStr }) => stateStr === 'PRIMARY');
}

/** Which of the nodes is the primary now. */
export async function primaryIndex(client: MongoClient): Promise<number> {
  const { members } = (await client.db('admin').command({ replSetGetStatus: 1 })) as unknown as Status;
  return primaryOf(members);
}

/** The primary becomes a secondary for `seconds`; another is elected. */
export async function stepDown(client: MongoClient, seconds: number): Promise<void> {
  await client.db('admin').command({ replSetStepDown: seconds, secondaryCatchUpPeriodSecs: 5 });
}
