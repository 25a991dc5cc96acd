import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startProcessGuard } from '../../../deploy/local/process-guard.js';
import { findServerPrograms } from '../../../deploy/local/server-programs.js';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import type { ServersNeeded } from '../scenario.js';
import type { ClusterControl } from './cluster-control.js';
import { startBrokers } from './kafka-brokers.js';
import { startMembers } from './mongodb-members.js';
import { startSharedProxies } from './shared-proxies.js';

/** What a scenario needs beside the servers of the environment. It ends with this process, however that ends. */
export async function openCluster(
  needed: ServersNeeded,
  report: (line: string) => void,
): Promise<ClusterControl | undefined> {
  switch (needed) {
    case 'stack':
      return undefined;
    case 'proxied':
      return startSharedProxies(process.env);
    case 'brokers':
    case 'replica-set':
      return openNodes(needed, report);
  }
}

async function openNodes(needed: 'brokers' | 'replica-set', report: (line: string) => void): Promise<ClusterControl> {
  const guard = startProcessGuard();
  const cache = join(projectRoot(), '.cache');
  const folder = join(projectRoot(), '.data', `cluster-${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true });
  const clean = async (): Promise<void> => {
    await guard.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const signal = AbortSignal.timeout(300_000);
    const server = needed === 'brokers' ? 'kafka' : 'mongodb';
    const { java, mongod } = await findServerPrograms([server], { guard, signal, report, cache });
    const cluster =
      needed === 'brokers'
        ? await startBrokers({ guard, java, cache, folder })
        : await startMembers({ guard, mongod, folder });
    return { ...cluster, stop: () => cluster.stop().finally(clean) };
  } catch (error) {
    await clean();
    throw error;
  }
}
