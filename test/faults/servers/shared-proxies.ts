import { startTcpProxy } from '../../support/tcp-proxy.js';
import type { ClusterControl } from './cluster-control.js';

/** Proxies before the MongoDB and the registry of the environment: `MongoDB` and `registry`. */
export async function startSharedProxies(env: NodeJS.ProcessEnv): Promise<ClusterControl> {
  const mongo = new URL(env['MONGODB_URI'] ?? '');
  const registry = new URL(env['SCHEMA_REGISTRY_URL'] ?? '');
  const mongoProxy = await startTcpProxy({ host: mongo.hostname, port: Number(mongo.port || 27017) });
  const registryProxy = await startTcpProxy({ host: registry.hostname, port: Number(registry.port || 80) });
  registry.host = `127.0.0.1:${registryProxy.port}`;
  return {
    env: {
      MONGODB_URI: `mongodb://127.0.0.1:${mongoProxy.port}/?directConnection=true`,
      SCHEMA_REGISTRY_URL: registry.href.replace(/\/$/, ''),
    },
    nodes: [],
    proxies: new Map([
      ['MongoDB', mongoProxy],
      ['registry', registryProxy],
    ]),
    stop: async () => {
      await Promise.all([mongoProxy.close(), registryProxy.close()]);
    },
  };
}
