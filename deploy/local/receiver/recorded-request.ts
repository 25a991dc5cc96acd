import type { IncomingHttpHeaders } from 'node:http';
import type { Step } from './step.js';

/**
 * How a request ended: `answered` the whole answer was handed to the system; `cut` the script ended the connection
 * without a whole answer, or had ended it as idle before the request came (`completedAt` is then before `arrivedAt`);
 * `abandoned` the client went away first, as it does when its time is up.
 */
export type Completion = 'pending' | 'answered' | 'cut' | 'abandoned';

/** One request as the receiver saw it, with what it did. The last four fields are filled in as it goes on. */
export interface RecordedRequest {
  /** Path that the endpoint was registered with; undefined when none fits (answered with 404). */
  readonly endpoint: string | undefined;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
  /** Epoch ms at which the headers were there. */
  readonly arrivedAt: number;
  /** The same on the performance clock of the receiver's process, for differences finer than a millisecond. */
  readonly arrivedAtMonotonic: number;
  /** Counts the receiver's connections from 1. */
  readonly connection: number;
  /** Counts the requests of that connection from 1: above 1, the connection was reused. */
  readonly requestOfConnection: number;
  readonly step: Step;
  /** The bytes of the body, as far as they came. */
  readonly body: Buffer;
  readonly completion: Completion;
  /** Epoch ms; undefined while pending. */
  readonly completedAt: number | undefined;
  /** Performance clock; undefined while pending. */
  readonly completedAtMonotonic: number | undefined;
}

/** The receiver's own view of a record: the same, to be filled in. */
export type OpenRequest = { -readonly [Field in keyof RecordedRequest]: RecordedRequest[Field] };
