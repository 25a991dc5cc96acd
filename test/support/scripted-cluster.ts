import type { PartitionMetadata } from 'kafkajs';
import type Cluster from 'kafkajs/src/cluster/index.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';

/** A cluster of kafkajs as far as a direct send sees it: brokers 1 and 2, topic t; the test plays the brokers. */
export interface ScriptedCluster {
  readonly cluster: Cluster;
  readonly brokerPool: { metadata: object | null; metadataExpireAt: number; brokers: Record<number, object> };
  readonly targetTopics: Set<string>;
  /** Partition 1 is led by broker 2, the others by broker 1. */
  readonly partitions: PartitionMetadata[];
  /** By broker. */
  readonly answers: Record<number, Buffer | Error>;
  readonly requests: [broker: number, bytes: Buffer][];
  /** What happened beside the requests, in order. */
  readonly told: string[];
}

export function scriptedCluster(): ScriptedCluster {
  const scripted = {
    brokerPool: { metadata: {}, metadataExpireAt: Infinity, brokers: {} as Record<number, object> },
    targetTopics: new Set(['t']),
    partitions: [0, 1, 2].map((partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: partitionId === 1 ? 2 : 1,
      replicas: [],
      isr: [],
    })),
    answers: { 1: stored([0, 2]), 2: stored([1]) },
    requests: [],
    told: [],
  };
  const { brokerPool, targetTopics, partitions } = scripted;
  const cluster = { brokerPool, targetTopics, findTopicPartitionMetadata: () => partitions } as unknown as Cluster;
  for (const nodeId of [1, 2]) brokerPool.brokers[nodeId] = brokerOf(nodeId, { ...scripted, cluster });
  return { ...scripted, cluster };
}

function brokerOf(nodeId: number, { answers, requests, told }: ScriptedCluster) {
  const connection = {
    clientId: 'c',
    sasl: null,
    isConnected: () => true,
    nextCorrelationId: () => 7,
    logError: (detail: string, { error }: { error: string }) => told.push(`${detail}: ${error}`),
    socket: { write: (bytes: Buffer) => requests.push([nodeId, bytes]) },
    requestQueue: {
      maybeThrottle: (ms: number) => ms > 0 && told.push(`throttled ${ms}`),
      push: (request: {
        entry: { resolve: (answer: object) => void; reject: (error: Error) => void };
        sendRequest: () => void;
      }) => {
        request.sendRequest();
        const answer = answers[nodeId]!;
        if (answer instanceof Error) request.entry.reject(answer);
        else request.entry.resolve({ payload: answer });
      },
    },
  };
  return {
    connectionPool: { pool: [connection] },
    versions: { 0: { minVersion: 3, maxVersion: 12 } },
    disconnect: () => Promise.resolve(told.push('disconnected')),
  };
}

/** The answer of a broker that stored what was sent to these partitions. */
export function stored(partitions: readonly number[], refused: readonly number[] = [], throttleMs = 0): Buffer {
  const bytes = new Encoder()
    .writeInt32(1)
    .writeString('t')
    .writeInt32(partitions.length + refused.length);
  for (const partition of [...partitions, ...refused]) {
    bytes.writeInt32(partition).writeInt16(refused.includes(partition) ? 6 : 0);
    bytes.writeInt64(12).writeInt64(-1).writeInt64(0);
  }
  return bytes.writeInt32(throttleMs).buffer;
}
