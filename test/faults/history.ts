import type { OffsetMap } from '../../services/shared/core/offset-map.js';
import type { EventType } from '../../services/shared/core/vocabulary.js';

/**
 * What the witnesses of a run tell, in plain data: what the producer had acknowledged (and what Kafka really stored),
 * what the receivers got, what MongoDB and the topics say at the end, and what was sampled meanwhile. All instants are
 * epoch ms of one machine's clock.
 */
export interface History {
  readonly produced: readonly Produced[];
  /** How often each event stands in the topics of events: a repeated produce stores it twice. */
  readonly stored: ReadonlyMap<string, number>;
  readonly subscriptions: readonly Subscriber[];
  readonly posts: readonly Post[];
  readonly entries: readonly Entry[];
  /** Still held at the end. */
  readonly held: readonly { readonly jobId: string }[];
  /** Held at any time, as the processes' logs tell. */
  readonly everHeld: ReadonlySet<string>;
  readonly letters: readonly Letter[];
  readonly records: readonly JobRecord[];
  readonly commits: readonly CommitSample[];
  readonly faults: readonly Fault[];
  readonly processes: readonly ProcessEnd[];
  readonly stops: readonly Stop[];
  /** Every process that there was since the run began, from its start to its end. */
  readonly lives: readonly Life[];
  /** Records that a group has not committed at the end, by group. */
  readonly lag: ReadonlyMap<string, number>;
  /** Places where a secret stood in clear. */
  readonly leaks: readonly string[];
  /** Connections to addresses that nothing may connect to. */
  readonly forbiddenConnections: number;
}

export interface Produced {
  readonly eventId: string;
  readonly eventType: EventType;
  readonly companyId: string;
  readonly conversationId: string;
  readonly sequence: number | null;
  readonly at: number;
  /** If not, it may have been stored or not. */
  readonly acked: boolean;
  /** When the producer knew that. */
  readonly knownAt: number;
}

/** A webhook that was there, Active, before the first event. */
export interface Subscriber {
  readonly webhookId: string;
  readonly companyId: string;
  readonly events: readonly EventType[];
}

export interface Post {
  readonly webhookId: string;
  readonly jobId: string;
  readonly eventId: string;
  readonly attempt: number;
  readonly arrivedAt: number;
  /** Undefined when it had not ended when the receiver was asked. */
  readonly completedAt: number | undefined;
  /** What the receiver answered in full; undefined when it hung, cut or was left. */
  readonly status: number | undefined;
  /** How long the receiver waited, by its script, before it answered. */
  readonly answeredAfterMs: number;
  /** The answer asked to wait: the same attempt follows again. */
  readonly asksToWait: boolean;
}

/** An entry of the failure log. */
export interface Entry {
  readonly jobId: string;
  readonly attempt: number;
  readonly followUp: 'retry' | 'exhausted' | 'held' | 'dropped';
}

/** An event or a job that was dead-lettered. */
export interface Letter {
  readonly eventId: string;
  /** Of the record's own bytes: `digestOf`. */
  readonly digest: string;
}

/** Where a record stands. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A job as it stands in one of the topics of jobs. */
export interface JobRecord extends Place {
  /** When it was written, by its producer's clock. */
  readonly at: number;
  readonly jobId: string;
  readonly attempt: number;
  readonly postponed: number;
  /** The event that it was made of. */
  readonly source: Place;
}

/** A commit of a group, and when its coordinator wrote it down. */
export interface CommitSample {
  readonly at: number;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When it could be read: brokers show what the majority of replicas has, and nothing else. */
  readonly seenAt: number;
  /** What the commit told of what had finished beyond it. */
  readonly map: OffsetMap | undefined;
}

export interface Fault {
  readonly name: string;
  readonly at: number;
  /** When it was taken back; the same as `at` for what lasts no time. */
  readonly endedAt: number;
  /**
   * Records of the groups concerned that were neither committed nor told to have finished when it struck, read or not:
   * more than these can't be handled twice. What was under way is less, and is known to the processes alone.
   */
  readonly exposed: number;
  /** What its groups do, and a fault may have them do again: deliver, or write jobs. */
  readonly doubles: readonly ('deliveries' | 'jobs')[];
}

export interface ProcessEnd {
  readonly name: string;
  /** It was asked to end, and for good. */
  readonly retired: boolean;
  /** At the end of the run. */
  readonly running: boolean;
  readonly peakRssMb: number;
  /** Times that it ended by itself and was started again. */
  readonly selfEnded: number;
}

/** A process that was asked to end. */
export interface Stop {
  readonly as: string;
  /** Its exit code, or the signal that ended it. */
  readonly code: number | string;
  /** From the signal to its end. */
  readonly ms: number;
}

/** One process from its start to its end, or until now. */
export interface Life {
  readonly name: string;
  /** Resident memory, once a second. */
  readonly rssMb: readonly number[];
}

export type GroupName = 'call' | 'whatsapp' | 'delivery' | 'overflow' | 'retry' | 'retryLong';

/** A consumer group of the system, and the topic that it reads. */
export interface Reader {
  readonly id: string;
  readonly topic: string;
}

/** What a run has to hold to. */
export interface Rules {
  readonly attempts: number;
  readonly retryDelayMs: number;
  readonly recoverWithinMs: number;
  readonly rssLimitMb: number;
  /** First attempts of a conversation arrive in its order. Not where webhooks were Failed or changed lanes. */
  readonly ordered: boolean;
  readonly groups: Readonly<Record<GroupName, Reader>>;
  /** Answers of brokers may be lost: a producer then writes again what it can't know to be there. */
  readonly answersLost: boolean;
  /** What a fault may double on the average, where less is promised than all that was in doubt until it settles. */
  readonly doublesPerFault?: number;
  /** Of faults that are kills: beside that, what was under way when they struck, or over and not committed for so long. */
  readonly committedWithinMs?: number;
  /** Webhooks whose endpoints stay sick: what is still held for them at the end is where it belongs. */
  readonly sick: ReadonlySet<string>;
  /** Webhooks whose endpoints use up the attempts of some events by plan: of no other may an event be given up, or held. */
  readonly givingUp: ReadonlySet<string>;
}
