import type { GroupName } from '../history.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import type { Rig } from '../rig.js';
import type { ClusterNode } from '../servers/cluster-control.js';

/** The proxy of that name. @throws Error where the scenario's servers have none */
export function proxyOf({ cluster }: Rig, name: string): TcpProxy {
  const proxy = cluster?.proxies.get(name);
  if (proxy === undefined) throw new Error(`the scenario has no proxy before ${name}`);
  return proxy;
}

/** The node with that index. @throws Error where there is none */
export function nodeOf({ cluster }: Rig, index: number): ClusterNode {
  const node = cluster?.nodes[index];
  if (node === undefined) throw new Error(`the scenario's servers have no node ${index}`);
  return node;
}

/** The group of each process of the usual fleet: what its death exposes. */
export const GROUPS: Readonly<Record<string, readonly GroupName[]>> = {
  'call-1': ['call'],
  'whatsapp-1': ['whatsapp'],
  'delivery-1': ['delivery'],
  'delivery-2': ['delivery'],
  'overflow-1': ['overflow'],
  'retry-1': ['retry', 'retryLong'],
};
