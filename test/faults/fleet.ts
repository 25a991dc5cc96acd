import { readFileSync } from 'node:fs';
import type { LogLine, ServiceProcess } from '../support/service-process.js';
import type { ServiceName, System } from '../support/system.js';
import { pause } from '../support/waiting.js';
import type { Life, ProcessEnd, Stop } from './history.js';

/**
 * The processes of a run and their supervisor: a process that ends, killed or by itself, is started again after a
 * second, as systemd or Kubernetes does it. Nothing else helps it. Every generation's log is kept.
 */
export interface Member {
  /** Unique in the fleet: `delivery-1`. */
  readonly as: string;
  readonly service: ServiceName;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Place {
  readonly member: Member;
  current: ServiceProcess | undefined;
  wanted: boolean;
  retired: boolean;
  selfEnded: number;
  peakRssMb: number;
}

export interface Generation {
  readonly as: string;
  readonly process: ServiceProcess;
  /** Resident memory, once a second while it lives. */
  readonly rssMb: number[];
}

/** Two delivery processes share the work, so that rebalances are real ones. */
export const USUAL_FLEET: readonly Member[] = [
  { as: 'call-1', service: 'call-consumer' },
  { as: 'whatsapp-1', service: 'whatsapp-consumer' },
  { as: 'delivery-1', service: 'delivery-consumer' },
  { as: 'delivery-2', service: 'delivery-consumer' },
  { as: 'overflow-1', service: 'delivery-consumer', args: ['--lane', 'overflow'] },
  { as: 'retry-1', service: 'retry-consumer' },
];

/** How long one generation is asked before we look whether there is another. */
const LOOK_MS = 1_000;
const RESTART_AFTER_MS = 1_000;
const SAMPLE_EVERY_MS = 1_000;

export class Fleet {
  readonly #system: Pick<System, 'start'>;
  readonly #places = new Map<string, Place>();
  readonly #sampling: NodeJS.Timeout;
  /** Every process there ever was. */
  readonly generations: Generation[] = [];
  /** Every process that was asked to end. */
  readonly stops: Stop[] = [];
  #closed = false;

  constructor(system: Pick<System, 'start'>) {
    this.#system = system;
    this.#sampling = setInterval(() => this.#sampleMemory(), SAMPLE_EVERY_MS);
  }

  /** What every process there ever was has logged. */
  get logLines(): LogLine[] {
    return this.generations.flatMap(({ process }) => process.lines);
  }

  /** Those that are to run. */
  get names(): string[] {
    return [...this.#places].filter(([, { wanted }]) => wanted).map(([name]) => name);
  }

  /** Adds processes and waits until all are ready. */
  async add(members: readonly Member[]): Promise<void> {
    await Promise.all(
      members.map(async (member) => {
        this.#places.set(member.as, {
          member,
          current: undefined,
          wanted: true,
          retired: false,
          selfEnded: 0,
          peakRssMb: 0,
        });
        await (await this.#start(this.#place(member.as))).ready();
      }),
    );
  }

  process(as: string): ServiceProcess {
    const { current } = this.#place(as);
    if (current === undefined) throw new Error(`${as} has not been started`);
    return current;
  }

  /** kill -9; the supervisor does the rest. Resolves when it is dead. */
  async kill(as: string): Promise<void> {
    const process = this.process(as);
    process.kill('SIGKILL');
    await process.exited;
  }

  /** Stops a process that isn't to be there at the end. */
  retire(as: string): Promise<void> {
    this.#place(as).retired = true;
    return this.stop(as);
  }

  /** SIGTERM, until it is started again; resolves when it has ended. */
  async stop(as: string): Promise<void> {
    this.#place(as).wanted = false;
    const askedAt = performance.now();
    const code = await this.process(as).stop();
    this.stops.push({ as, code, ms: Math.round(performance.now() - askedAt) });
  }

  /** Starts a process that was stopped; `wait` until it is ready. */
  async start(as: string, { wait }: { readonly wait: boolean }): Promise<void> {
    const place = this.#place(as);
    place.wanted = true;
    const process = await this.#start(place);
    if (wait) await process.ready();
  }

  ends(): ProcessEnd[] {
    return [...this.#places].map(([name, { current, retired, peakRssMb, selfEnded }]) => ({
      name,
      retired,
      running: current?.running === true,
      peakRssMb,
      selfEnded,
    }));
  }

  lives(): Life[] {
    return this.generations.map(({ as, rssMb: samples }) => ({ name: as, rssMb: [...samples] }));
  }

  /** Forgets the logs so far, for runs too long to be kept in memory; every process must be ready. */
  forgetLogs(): void {
    for (const { process } of this.generations) process.forget();
  }

  /** Waits until every process answers /readyz with 200. Throws if one doesn't in time. */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (const as of this.names) {
      // A process may be between two generations.
      for (;;) {
        const outcome = await this.process(as)
          .ready(LOOK_MS)
          .then(() => undefined, String);
        if (outcome === undefined) break;
        if (Date.now() >= deadline) throw new Error(outcome);
        await pause(200);
      }
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#sampling);
    // Whoever is frozen can't end in order.
    for (const { current } of this.#places.values()) current?.kill('SIGCONT');
  }

  #place(as: string): Place {
    const place = this.#places.get(as);
    if (place === undefined) throw new Error(`there is no ${as} in the fleet`);
    return place;
  }

  async #start(place: Place): Promise<ServiceProcess> {
    // A scenario that was interrupted may go on for a while: what it starts then, nobody would end.
    if (this.#closed) throw new Error('the fleet is closed');
    const { as, service, args, env } = place.member;
    const process = await this.#system.start(service, {
      as,
      wait: false,
      ...(args === undefined ? {} : { args }),
      ...(env === undefined ? {} : { env }),
    });
    place.current = process;
    this.generations.push({ as, process, rssMb: [] });
    void process.exited.then((how) => this.#ended(place, process, how));
    return process;
  }

  async #ended(place: Place, process: ServiceProcess, how: number | string): Promise<void> {
    if (!place.wanted || this.#closed) return;
    if (how !== 'SIGKILL') place.selfEnded += 1;
    await pause(RESTART_AFTER_MS);
    if (place.wanted && !this.#closed && place.current === process) await this.#start(place);
  }

  #sampleMemory(): void {
    for (const { as, process, rssMb: samples } of this.generations) {
      if (!process.running) continue;
      const now = rssMb(process.pid);
      samples.push(now);
      const place = this.#places.get(as);
      if (place !== undefined) place.peakRssMb = Math.max(place.peakRssMb, now);
    }
  }
}

/** 0 where there is no /proc, or no such process any more. */
export function rssMb(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
