/**
 * What direct-request.ts, direct-fetch.ts, direct-produce.ts, fetch-loops.ts, quiet-request-queue.ts,
 * steady-heartbeats.ts and own-node-ids.ts touch of kafkajs (2.2.4) that its types don't tell of.
 */
declare module 'kafkajs/src/consumer/runner.js' {
  import type { EachBatchPayload } from 'kafkajs';
  import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

  export default class Runner {
    readonly consumerGroup: ConsumerGroup;
    readonly instrumentationEmitter: { readonly emit: (event: string, payload: object) => void };
    readonly autoCommit: boolean;
    readonly eachBatchAutoResolve: boolean;
    readonly eachBatch: ((payload: Partial<EachBatchPayload>) => Promise<void>) | null;
    /** In ms. */
    readonly heartbeatInterval: number;
    /** Started anew after each join, for as long as the runner runs. */
    fetchManager: { start(): Promise<void>; stop(): Promise<void> };
    /** Joins the group and begins to fetch. */
    start(): Promise<void>;
  }
}

declare module 'kafkajs/src/errors.js' {
  export const KafkaJSNoBrokerAvailableError: new () => Error;
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type { Offsets } from 'kafkajs';
  import type { FetchedBatch } from 'kafkajs/src/consumer/batch.js';
  import type Cluster from 'kafkajs/src/cluster/index.js';

  export default class ConsumerGroup {
    readonly cluster: Cluster;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly maxBytesPerPartition: number;
    readonly isolationLevel: number;
    readonly rackId: string;
    /** Positions to go to before the next fetch. */
    readonly seekOffset: { readonly size: number; readonly has: (topic: string, partition: number) => boolean };
    /** Of each topic, by partition. */
    readonly preferredReadReplicasPerTopicPartition: Readonly<Record<string, Readonly<Record<number, object>>>>;
    readonly subscriptionState: {
      readonly assigned: () => readonly TopicPartitions[];
      readonly isPaused: (topic: string, partition: number) => boolean;
    };
    /** Epoch ms of the last heartbeat. */
    lastRequest: number;
    /** A new one with each join. Positions by topic and partition: where the next fetch of it begins. */
    offsetManager: { readonly resolvedOffsets: Readonly<Record<string, Record<number, string>>> };
    constructor(options: {
      readonly retry: object;
      readonly cluster: object;
      readonly instrumentationEmitter: object;
      readonly logger: object;
      readonly rackId?: string;
    });
    heartbeat(options: { readonly interval: number }): Promise<void>;
    /** The batches of the partitions that this broker leads. */
    fetch(nodeId: number): Promise<readonly FetchedBatch[]>;
    /** @throws KafkaJSError when a topic has other partitions than at the join */
    checkForStaleAssignment(): void;
    /** Those of the partitions that are to be read from this broker. */
    filterPartitionsByNode(nodeId: number, partitions: readonly TopicPartitions[]): readonly TopicPartitions[];
    /** @throws the error itself when there is no way to recover from it */
    recoverFromFetch(error: Error): Promise<void>;
    /** Of the cluster's brokers. */
    getNodeIds(): readonly number[];
    commitOffsets(offsets?: Offsets): Promise<void>;
  }

  interface TopicPartitions {
    readonly topic: string;
    readonly partitions: readonly number[];
  }
}

declare module 'kafkajs/src/consumer/batch.js' {
  import type { Batch } from 'kafkajs';

  export interface FetchedBatch extends Batch {
    /** There were records, and none is for consumers. */
    isEmptyDueToFiltering(): boolean;
  }

  const KafkaBatch: new (topic: string, fetchedOffset: string, partition: object) => FetchedBatch;
  export default KafkaBatch;
}

declare module 'kafkajs/src/cluster/index.js' {
  import type { PartitionMetadata } from 'kafkajs';
  import type BrokerPool from 'kafkajs/src/cluster/brokerPool.js';

  export default class Cluster {
    readonly brokerPool: BrokerPool;
    /** Whose metadata it reads. */
    readonly targetTopics: ReadonlySet<string>;
    /** None of a topic that it knows nothing of. */
    findTopicPartitionMetadata(topic: string): PartitionMetadata[];
  }
}

declare module 'kafkajs/src/network/connection.js' {
  import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

  export default class Connection {
    readonly clientId: string;
    readonly sasl: object | null;
    readonly requestQueue: RequestQueue;
    readonly socket: { readonly write: (bytes: Buffer) => void };
    isConnected(): boolean;
    isAuthenticated(): boolean;
    nextCorrelationId(): number;
    logError(detail: string, fields: object): void;
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface SentRequest {
    /** Epoch ms. */
    readonly sentAt: number;
    /** In ms. */
    readonly requestTimeout: number;
    /** Ends it: it is rejected with KafkaJSRequestTimeoutError. */
    timeoutRequest(): void;
  }

  export default class RequestQueue {
    readonly pending: readonly unknown[];
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    requestTimeoutIntervalId: NodeJS.Timeout | undefined;
    readonly requestTimeout: number;
    /** By correlation id. */
    readonly inflight: ReadonlyMap<number, SentRequest>;
    readonly isConnected: () => boolean;
    constructor(options: {
      readonly maxInFlightRequests: number | null;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly clientId: string;
      readonly broker: string;
      readonly logger: { readonly debug: () => void; readonly warn: () => void };
    });
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
    /** Begins to look for requests that took too long, in place of an earlier beginning. */
    scheduleRequestTimeoutCheck(): void;
    maybeThrottle(clientSideThrottleMs: number): void;
    push(request: {
      readonly entry: {
        readonly apiKey?: number;
        readonly apiName?: string;
        readonly apiVersion?: number;
        readonly correlationId: number;
        readonly resolve?: (answer: { readonly payload: Buffer }) => void;
        readonly reject: (error: Error) => void;
      };
      readonly expectResponse: boolean;
      /** In ms, if that is more than the queue's own. */
      readonly requestTimeout?: number;
      readonly sendRequest: () => void;
    }): void;
    destroy(): void;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    readonly buffer: Buffer;
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeInt64(value: number): this;
    writeString(value: string): this;
    writeBytes(value: Buffer): this;
  }
}

declare module 'kafkajs/src/protocol/recordBatch/v0/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export function RecordBatch(batch: object): Promise<Encoder>;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export default function encodeRecord(record: object): Encoder;
}

declare module 'kafkajs/src/broker/index.js' {
  import type Connection from 'kafkajs/src/network/connection.js';

  export default class Broker {
    nodeId: number | undefined;
    readonly connectionPool: { readonly host: string; readonly port: number; readonly pool: readonly Connection[] };
    /** By the number of the API; null until the broker was asked. */
    readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
    disconnect(): Promise<void>;
  }
}

declare module 'kafkajs/src/protocol/requests/produce/v7/request.js' {
  import type { Message } from 'kafkajs';
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export default function request(options: {
    readonly acks: number;
    readonly timeout: number;
    readonly topicData: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly messages: readonly Message[] }[];
    }[];
  }): { readonly encode: () => Promise<Encoder> };
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/request.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export default function request(options: object): { readonly encode: () => Promise<Encoder> };
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/response.js' {
  import type { KafkaMessage } from 'kafkajs';

  export interface FetchAnswer {
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly highWatermark: string;
        /** The broker to read from instead of the leader; -1 for the leader itself. */
        readonly preferredReadReplica: number;
        readonly messages: readonly KafkaMessage[];
      }[];
    }[];
    readonly clientSideThrottleTime: number;
  }

  const response: {
    readonly decode: (answer: Buffer) => Promise<FetchAnswer>;
    /** @throws KafkaJSProtocolError or KafkaJSOffsetOutOfRange of the first partition with an error */
    readonly parse: (answer: FetchAnswer) => Promise<FetchAnswer>;
  };
  export default response;
}

declare module 'kafkajs/src/cluster/brokerPool.js' {
  import type Broker from 'kafkajs/src/broker/index.js';

  interface Address {
    readonly host: string;
    readonly port: number;
  }

  export default class BrokerPool {
    constructor(options: {
      readonly connectionPoolBuilder: { readonly build: (address?: Address) => Promise<Address> };
      readonly logger: object;
      readonly retry: object;
      readonly metadataMaxAge: number;
    });
    createBroker: (options: { readonly connectionPool: Address; readonly nodeId?: number }) => Broker;
    readonly brokers: Record<number, Broker>;
    readonly metadata: { readonly brokers: readonly (Address & { readonly nodeId: number })[] } | null;
    metadataExpireAt: number | null;
    connect(): Promise<void>;
    removeBroker(address: Address): void;
    refreshMetadata(topics: readonly string[]): Promise<void>;
  }
}
