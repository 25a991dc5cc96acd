import type { AgentProfile, Named } from './company-profile.js';

/**
 * The data of call events as schemas/call-event holds them, instants in ISO-8601.
 * A test holds every generated event against the schema; these types help who writes the generator.
 */
export interface CallParties {
  readonly call_id: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from_number: string;
  readonly to_number: string;
}

export interface Ivr extends Named {
  readonly pressed_keys: readonly string[];
}

export interface CallInitiated extends CallParties {
  readonly queue: Named | null;
  readonly ivr: Ivr | null;
  readonly initiated_at: string;
}

export interface DialledLeg {
  readonly leg_id: string;
  readonly type: 'agent' | 'customer';
  readonly number: string;
  readonly agent: Named | null;
}

export interface CallDialBegin extends CallParties {
  readonly queue: Named | null;
  readonly leg: DialledLeg;
  readonly dial_started_at: string;
}

export interface CallAnswered extends CallParties {
  readonly queue: Named | null;
  readonly leg: DialledLeg;
  readonly answered_at: string;
  readonly ring_seconds: number;
}

export interface CallLeg<Agent extends Named = Named> {
  readonly leg_id: string;
  readonly type: 'agent' | 'customer';
  readonly number: string;
  readonly agent: Agent | null;
  readonly started_at: string;
  readonly answered_at: string | null;
  readonly ended_at: string;
  readonly ring_seconds: number;
  readonly talk_seconds: number;
  readonly end_reason: string;
}

export interface CallEnd<Agent extends Named = Named> extends CallParties {
  readonly queue: Named | null;
  readonly ivr: Ivr | null;
  readonly started_at: string;
  readonly answered_at: string | null;
  readonly ended_at: string;
  readonly duration_seconds: number;
  readonly wait_seconds: number;
  readonly talk_seconds: number;
  readonly hold_seconds: number;
  readonly end_reason: string;
  readonly ended_by: 'agent' | 'customer' | 'system';
  readonly legs: readonly CallLeg<Agent>[];
  readonly recording: { readonly url: string; readonly duration_seconds: number } | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface CallSummary extends CallEnd<AgentProfile> {
  readonly agent: AgentProfile | null;
  readonly department: Named | null;
}

export interface CallDisposition extends CallParties {
  readonly disposition: { readonly tag: string; readonly note: string | null };
  readonly agent: Named;
  readonly submitted_at: string;
}
