import type { TcpProxy } from '../../support/tcp-proxy.js';

/** Servers that a scenario may hurt: several nodes as local processes, or a proxy before one that all share. */
export interface ClusterControl {
  /** What the services are told of them. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly ClusterNode[];
  /** By name, as `MongoDB` or `broker 2`. */
  readonly proxies: ReadonlyMap<string, TcpProxy>;
  stop(): Promise<void>;
}

export interface ClusterNode {
  readonly name: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Asks it to end in order. */
  end(): Promise<void>;
  /** Starts it again on its data and waits until it listens. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT: it holds its connections and does nothing. */
  freeze(): void;
  thaw(): void;
  /** From now on it can write no file beyond `bytes`: for what writes, the disk is full. Linux alone. */
  limitFiles(bytes: number): Promise<void>;
  /** Resolves when it has ended, by itself or not. */
  ended(): Promise<void>;
}

/** Gives back what a scenario that did not come to its end has taken away. Nodes that are dead stay so. */
export async function giveBack({ nodes, proxies }: ClusterControl): Promise<void> {
  for (const node of nodes) node.thaw();
  await Promise.all([...proxies.values()].map((proxy) => proxy.restore()));
}
