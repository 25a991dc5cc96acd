/** The bare loops: what Kafka's client and the HTTP client cost alone, without a feature. */
export interface BareTask {
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly topic: string;
  /** POSTs the last part of each record to one of these in turns, or copies each record so often to a topic. */
  readonly work:
    | {
        readonly kind: 'post';
        readonly urls: readonly string[];
        readonly bodyFromEnd: number;
        readonly bodyBytes: number;
      }
    | { readonly kind: 'copy'; readonly to: string; readonly copies: number };
}
