import type { Lease, Look } from './recovery.js';

/**
 * Looks for recoveries that are due, takes them by lease and looks after each, several at a time.
 *
 * Every delivery process of the dispatch lane does so and none leads: what one that dies had leased is due again when
 * its lease ends. Leases of what takes long are renewed; one that was lost meanwhile, because the process slept, ends its
 * look: another is at it. `stop` begins nothing more and lets what is under way come to an end.
 *
 * Looks that wait for a probe hold one event each and no place of the others', so that endpoints that hang don't keep
 * those that are well again waiting for their turn; of all together there are at most four times as many.
 */
export interface RecoveryWatchPorts {
  /** Leases at most `limit` recoveries that are due. `quiet`: none waits to become due either. */
  readonly lease: (limit: number) => Promise<{ readonly leases: readonly Lease[]; readonly quiet: boolean }>;
  /** Returns those that are not ours any more. */
  readonly renew: (leases: readonly Lease[]) => Promise<readonly Lease[]>;
  readonly look: (lease: Lease, look: Look) => Promise<void>;
  /** What a look threw: the process was interrupted, or it is a bug. */
  readonly onError: (error: unknown) => void;
}

export interface RecoveryWatchSettings {
  /** Webhooks looked after at a time, beside those whose probe is under way. */
  readonly recoveries: number;
  readonly everyMs: number;
  /** How often while all is quiet. What is held first then has time: its probe comes seconds later. */
  readonly quietEveryMs: number;
  readonly renewEveryMs: number;
}

interface UnderWay {
  readonly lease: Lease;
  readonly looking: Promise<void>;
  /** Of its lease being lost, or of the process. */
  readonly ending: AbortController;
}

/** Looks in all, as a multiple of the places. */
const WITH_PROBES = 4;

export class RecoveryWatch {
  readonly #settings: RecoveryWatchSettings;
  readonly #ports: RecoveryWatchPorts;
  readonly #underWay = new Map<string, UnderWay>();
  #quiesced = false;
  #probing = 0;
  #polling: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #renewedAt = performance.now();

  constructor(settings: RecoveryWatchSettings, ports: RecoveryWatchPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Webhooks looked after just now. */
  get size(): number {
    return this.#underWay.size;
  }

  start(): void {
    this.#pollAfter(this.#settings.everyMs);
  }

  /** Begins nothing more. */
  quiesce(): void {
    this.#quiesced = true;
    clearTimeout(this.#timer);
    for (const { ending } of this.#underWay.values()) ending.abort();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.quiesce();
    await this.#polling;
    await Promise.all([...this.#underWay.values()].map(({ looking }) => looking));
  }

  #pollAfter(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll();
    }, ms);
  }

  async #poll(): Promise<void> {
    let pauseMs = this.#settings.everyMs;
    try {
      await this.#renew();
      const { recoveries } = this.#settings;
      const { size } = this.#underWay;
      const room = Math.min(recoveries - (size - this.#probing), recoveries * WITH_PROBES - size);
      if (room > 0) pauseMs = await this.#take(room);
    } catch (error) {
      this.#ports.onError(error);
    }
    if (!this.#quiesced) this.#pollAfter(pauseMs);
  }

  /** The pause until the next look. */
  async #take(room: number): Promise<number> {
    const { everyMs, quietEveryMs } = this.#settings;
    const { leases, quiet } = await this.#ports.lease(room);
    for (const [index, lease] of leases.entries()) this.#begin(lease, (index * everyMs) / leases.length);
    // A backlog that is being worked off gives its turn back, and takes the next one soon.
    if (quiet && this.#underWay.size === 0) return quietEveryMs;
    // Where all places were taken more are due.
    return leases.length === room ? everyMs / 2 : everyMs;
  }

  async #renew(): Promise<void> {
    if (performance.now() - this.#renewedAt < this.#settings.renewEveryMs) return;
    this.#renewedAt = performance.now();
    const lost = await this.#ports.renew([...this.#underWay.values()].map(({ lease }) => lease));
    for (const { webhookId } of lost) this.#underWay.get(webhookId)?.ending.abort();
  }

  /** One that is under way here already lost its lease for a moment, and has it again now. */
  #begin(lease: Lease, probeAfterMs: number): void {
    if (this.#underWay.has(lease.webhookId)) return;
    // Not one of the process's with one of the lease: Node keeps all that were ever joined with one that lives.
    const ending = new AbortController();
    if (this.#quiesced) ending.abort();
    const probing = (isProbing: boolean): void => void (this.#probing += isProbing ? 1 : -1);
    const looking = this.#ports
      .look(lease, { stopping: ending.signal, probeAfterMs, probing })
      .catch((error: unknown) => this.#ports.onError(error))
      .finally(() => this.#underWay.delete(lease.webhookId));
    this.#underWay.set(lease.webhookId, { lease, looking, ending });
  }
}
