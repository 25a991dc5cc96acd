import type { Lease } from './recovery.js';

/**
 * Looks for recoveries that are due, takes them by lease and looks after each, several at a time.
 *
 * Every delivery process does so and none leads: what one that dies had leased is due again when its lease ends. Leases
 * of what takes long are renewed; one that was lost meanwhile, because the process slept, ends its look: another is at it.
 * `stop` begins nothing more and lets what is under way come to an end.
 */
export interface RecoveryWatchPorts {
  /** Leases at most `limit` recoveries that are due. */
  readonly lease: (limit: number) => Promise<readonly Lease[]>;
  /** Returns those that are not ours any more. */
  readonly renew: (leases: readonly Lease[]) => Promise<readonly Lease[]>;
  readonly look: (lease: Lease, stopping: AbortSignal) => Promise<void>;
  /** What a look threw: the process was interrupted, or it is a bug. */
  readonly onError: (error: unknown) => void;
}

export interface RecoveryWatchSettings {
  /** Webhooks looked after at a time. */
  readonly recoveries: number;
  readonly everyMs: number;
  readonly renewEveryMs: number;
}

interface Look {
  readonly lease: Lease;
  readonly looking: Promise<void>;
  readonly lost: AbortController;
}

export class RecoveryWatch {
  readonly #settings: RecoveryWatchSettings;
  readonly #ports: RecoveryWatchPorts;
  readonly #stopping = new AbortController();
  readonly #underWay = new Map<string, Look>();
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
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll();
    }, this.#settings.everyMs);
  }

  /** Begins nothing more. */
  quiesce(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.quiesce();
    await this.#polling;
    await Promise.all([...this.#underWay.values()].map(({ looking }) => looking));
  }

  async #poll(): Promise<void> {
    try {
      await this.#renew();
      const room = this.#settings.recoveries - this.#underWay.size;
      if (room > 0) for (const lease of await this.#ports.lease(room)) this.#begin(lease);
    } catch (error) {
      this.#ports.onError(error);
    }
    if (!this.#stopping.signal.aborted) this.start();
  }

  async #renew(): Promise<void> {
    if (performance.now() - this.#renewedAt < this.#settings.renewEveryMs) return;
    this.#renewedAt = performance.now();
    const lost = await this.#ports.renew([...this.#underWay.values()].map(({ lease }) => lease));
    for (const { webhookId } of lost) this.#underWay.get(webhookId)?.lost.abort();
  }

  /** One that is under way here already lost its lease for a moment, and has it again now. */
  #begin(lease: Lease): void {
    if (this.#underWay.has(lease.webhookId)) return;
    const lost = new AbortController();
    const looking = this.#ports
      .look(lease, AbortSignal.any([this.#stopping.signal, lost.signal]))
      .catch((error: unknown) => this.#ports.onError(error))
      .finally(() => this.#underWay.delete(lease.webhookId));
    this.#underWay.set(lease.webhookId, { lease, looking, lost });
  }
}
