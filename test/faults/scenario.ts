import type { Random } from '../../deploy/local/simulator/random.js';
import type { Member } from './fleet.js';
import type { Unread } from './check/find-expired.js';
import type { Violation } from './check/violation.js';
import type { EstateBuilder } from './estate.js';
import type { History, Rules } from './history.js';
import type { Rig } from './rig.js';

/**
 * A scenario: which processes run, what load, which faults. `inject` runs while the load does, and returns when the last
 * fault has been taken back; then the run waits for everything to come to an end, and is judged. What it throws is a
 * violation, and the run is judged all the same.
 */
export interface Scenario {
  readonly name: string;
  /** The fear, in a sentence. */
  readonly about: string;
  /** Numbers of the list of scenarios. */
  readonly covers: readonly number[];
  readonly servers: ServersNeeded;
  /** How long the load lasts when nothing else is asked for. */
  readonly seconds: number;
  /** Events per second. */
  readonly rate: number;
  readonly fleet?: readonly Member[];
  readonly env?: Readonly<Record<string, string>>;
  readonly estate?: EstateBuilder;
  readonly rules?: Partial<Rules>;
  /** Paths whose endpoints are still sick at the end. */
  readonly stays?: readonly string[];
  /** Records are deleted before they are read: how many, which are no debt. */
  readonly expired?: (rig: Rig) => Unread;
  /**
   * A run that is longer is made of several chapters of so many seconds, each with its load, its faults and its verdict;
   * the processes live on.
   */
  readonly chapterSeconds?: number;
  /** How long everything may take to come to an end after load and faults; a minute unless told. */
  readonly settleMs?: number;
  readonly inject: (rig: Rig, during: During) => Promise<void>;
  /** What this scenario holds to beside the invariants, and figures of its own. */
  readonly examine?: (history: History, rig: Rig) => Examination;
}

export interface Examination {
  readonly violations: readonly Violation[];
  readonly notes: readonly string[];
}

/**
 * `stack`: one node of each, shared by all scenarios. `proxied`: the same, MongoDB and registry behind a proxy.
 * `brokers`: three Kafka brokers. `replica-set`: MongoDB with three members.
 */
export type ServersNeeded = 'stack' | 'proxied' | 'brokers' | 'replica-set';

export interface During {
  readonly random: Random;
  /** How long the load lasts. */
  readonly ms: number;
  /** This is the n-th chapter of the run, from 0. */
  readonly chapter: number;
  readonly chapters: number;
  /** Whether the load has ended. */
  readonly loadEnded: () => boolean;
}
