export interface JoinTask {
  readonly uri: string;
  readonly database: string;
  /** `co_0` and so on, each with ten webhooks. */
  readonly companies: number;
  readonly events: number;
}

/** Per event, in µs. */
export interface JoinResult {
  /** With a company that is read from MongoDB for the first time. */
  readonly coldUs: number;
  readonly warmUs: number;
  readonly rssMiB: number;
  readonly jobsPerEvent: number;
}
