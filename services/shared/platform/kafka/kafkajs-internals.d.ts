/**
 * What quiet-request-queue.ts, steady-heartbeats.ts, outdated-batches.ts, empty-partitions.ts, produce-encoding.ts and
 * own-node-ids.ts touch of kafkajs (2.2.4) that its types don't tell of.
 */
declare module 'kafkajs/src/consumer/consumerGroup.js' {
  export default class ConsumerGroup {
    /** Epoch ms of the last heartbeat. */
    lastRequest: number;
    /** A new one with each join. */
    offsetManager: object;
    constructor(options: {
      readonly retry: object;
      readonly cluster: object;
      readonly instrumentationEmitter: object;
      readonly logger: object;
    });
    heartbeat(options: { readonly interval: number }): Promise<void>;
    /** The batches of the partitions that this broker leads. */
    fetch(nodeId: number): Promise<readonly object[]>;
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    throttleCheckTimeoutId: NodeJS.Timeout | null;
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
    maybeThrottle(clientSideThrottleMs: number): void;
    push(request: {
      readonly entry: { readonly correlationId: number; readonly reject: (error: Error) => void };
      readonly expectResponse: boolean;
      readonly sendRequest: () => void;
    }): void;
    destroy(): void;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialSize?: number);
    buf: Buffer;
    offset: number;
    readonly buffer: Buffer;
  }
}

declare module 'kafkajs/src/broker/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js';

  export interface Message {
    readonly key?: string | Buffer | null | undefined;
    readonly value: string | Buffer | null;
    readonly headers?: object;
    readonly timestamp?: string | null;
  }

  export interface PartitionMessages {
    readonly partition: number;
    readonly messages: readonly Message[];
  }

  export interface ProduceOptions {
    readonly acks: number;
    readonly timeout: number;
    readonly topicData: readonly { readonly topic: string; readonly partitions: readonly PartitionMessages[] }[];
    readonly transactionalId?: string | null;
    readonly producerId?: unknown;
    readonly compression?: number;
  }

  export interface ProtocolRequest {
    readonly apiVersion: number;
    readonly encode: () => Promise<Encoder>;
  }

  export type Protocol = (options: ProduceOptions) => {
    readonly request: ProtocolRequest;
    readonly response: unknown;
  };

  export interface FetchedPartition {
    readonly partition: number;
    /** Absent before version 11 of the request; -1 where the leader itself is to be read. */
    readonly preferredReadReplica?: number;
    readonly messages: readonly object[];
  }

  export interface FetchResponse {
    readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
  }

  export default class Broker {
    lookupRequest: (apiKey: number, definition: unknown) => Protocol;
    fetch(options: object): Promise<FetchResponse>;
    produce(options: Pick<ProduceOptions, 'topicData'> & Partial<ProduceOptions>): Promise<unknown>;
  }
}

declare module 'kafkajs/src/protocol/requests/produce/v3/request.js' {
  import type { ProduceOptions, ProtocolRequest } from 'kafkajs/src/broker/index.js';

  export default function request(options: ProduceOptions): ProtocolRequest;
}

declare module 'kafkajs/src/cluster/brokerPool.js' {
  interface Address {
    readonly host: string;
    readonly port: number;
  }

  interface PooledBroker {
    nodeId: number | undefined;
    readonly connectionPool: Address;
  }

  export default class BrokerPool {
    constructor(options: {
      readonly connectionPoolBuilder: { readonly build: (address?: Address) => Promise<Address> };
      readonly logger: object;
      readonly retry: object;
      readonly metadataMaxAge: number;
    });
    createBroker: (options: { readonly connectionPool: Address; readonly nodeId?: number }) => PooledBroker;
    readonly brokers: Record<number, PooledBroker>;
    readonly metadata: { readonly brokers: readonly (Address & { readonly nodeId: number })[] } | null;
    metadataExpireAt: number | null;
    connect(): Promise<void>;
    removeBroker(address: Address): void;
    refreshMetadata(topics: readonly string[]): Promise<void>;
  }
}
