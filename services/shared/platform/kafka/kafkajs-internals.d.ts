/** What quiet-request-queue.ts and steady-heartbeats.ts touch of kafkajs (2.2.4) that its types don't tell of. */
declare module 'kafkajs/src/consumer/consumerGroup.js' {
  export default class ConsumerGroup {
    /** Epoch ms of the last heartbeat. */
    lastRequest: number;
    constructor(options: {
      readonly retry: object;
      readonly cluster: object;
      readonly instrumentationEmitter: object;
      readonly logger: object;
    });
    heartbeat(options: { readonly interval: number }): Promise<void>;
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
