import { DependencyError, type Dependency } from '../../core/errors.js';
import { createLogger, type Log, type LogLevel } from '../log/logger.js';
import type { LogFields } from '../log/render-line.js';
import { createMetrics, type Metrics } from '../metrics/metrics.js';
import { createHealth, type Health } from './health.js';
import { EXIT_CONFIG, faultsOf } from './load-or-exit.js';
import { startOpsServer } from './ops-server.js';
import { productVersion } from './product-version.js';
import { reasonOf } from './reason-of.js';
import { runShutdown, type ShutdownStep } from './shutdown.js';
import { untilReachable } from './until-reachable.js';

const EXIT_FAILED = 1;
const EXIT_FORCED = 130;

/**
 * The life of a process, from its first log line to its exit code.
 *
 *   exit  0    SIGTERM or SIGINT, and every shutdown step succeeded
 *   exit  1    it could not start, gave up, hit a bug, or its end was not clean: the supervisor restarts it
 *   exit 78    its settings are wrong (load-or-exit.ts), or its servers are not prepared: a restart won't help
 *   exit 130   a second signal: at once, as it is
 *
 * An orderly end turns /readyz red, lets `start` finish or give up, then runs the steps in reverse within
 * SHUTDOWN_TIMEOUT_MS. After a fatal error or an uncaught one nothing more is run: the state is unknown, and an abrupt
 * end can only double deliveries, never lose one, while a commit out of a broken state could.
 */
export interface ServiceOptions {
  /** The name of the process in logs and metrics. */
  readonly service: string;
  readonly settings: ServiceSettings;
  /** What the start log tells of the settings; holds no secret. */
  readonly summary: Readonly<Record<string, unknown>>;
  /** Opens what the service needs and registers how to close it, each at once after it was opened. */
  readonly start: (context: ServiceContext) => Promise<void>;
}

/** The part of the settings that every process needs. */
export interface ServiceSettings {
  readonly ops: { readonly host: string; readonly port: number };
  readonly log: { readonly level: LogLevel };
  readonly process: { readonly shutdownTimeoutMs: number; readonly dependencyGiveUpMs: number };
}

export interface ServiceContext {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Aborted as soon as the process is asked to end. */
  readonly signal: AbortSignal;
  readonly onShutdown: (name: string, run: ShutdownStep['run']) => void;
  /** Ends the process now, with exit code 1. */
  readonly fatal: (error: unknown) => void;
  /** Tries until the dependency is there; see until-reachable.ts. */
  readonly untilReachable: <T>(dependency: Dependency, connect: () => Promise<T>) => Promise<T>;
}

/** Runs a service until a signal or a fault ends the process. Resolves when it is started; never rejects. */
export async function runService(options: ServiceOptions): Promise<void> {
  await new ServiceLife(options).run();
}

class ServiceLife {
  readonly #options: ServiceOptions;
  readonly #log: Log;
  readonly #health = createHealth();
  readonly #metrics: Metrics;
  readonly #stopping = new AbortController();
  readonly #steps: ShutdownStep[] = [];
  #ending = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#log = createLogger({ service: options.service, level: options.settings.log.level });
    this.#metrics = createMetrics(options.service);
  }

  async run(): Promise<void> {
    process.on('uncaughtException', (err) => this.#fail('process.uncaught-exception', { err }));
    process.on('unhandledRejection', (err) => this.#fail('process.unhandled-rejection', { err }));
    const started = this.#start();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#onSignal(signal, started));
    try {
      await started;
      if (this.#ending) return;
      this.#health.enter('running');
      this.#log.info('service.started');
    } catch (error) {
      if (!this.#ending) await this.#failStart(error);
    }
  }

  async #start(): Promise<void> {
    const { settings, summary, start } = this.#options;
    this.#log.info('service.starting', {
      version: productVersion(),
      node: process.version,
      pid: process.pid,
      settings: summary,
    });
    const ops = await startOpsServer(settings.ops, this.#health, this.#metrics);
    this.#steps.push({ name: 'ops-server', run: ops.close });
    this.#log.info('ops.listening', { host: settings.ops.host, port: ops.port });
    await start(this.#context());
  }

  #context(): ServiceContext {
    const { signal } = this.#stopping;
    const giveUpMs = this.#options.settings.process.dependencyGiveUpMs;
    return {
      log: this.#log,
      metrics: this.#metrics,
      health: this.#health,
      signal,
      onShutdown: (name, run) => void this.#steps.push({ name, run }),
      fatal: (err) => this.#fail('service.fatal', { reason: reasonOf(err), err }),
      untilReachable: (dependency, connect) =>
        untilReachable(dependency, connect, { log: this.#log, giveUpMs, signal }),
    };
  }

  #onSignal(signal: NodeJS.Signals, started: Promise<void>): void {
    if (!this.#ending) {
      void this.#stop(signal, started);
      return;
    }
    this.#log.warn('shutdown.forced', { signal });
    process.exit(EXIT_FORCED);
  }

  async #stop(signal: NodeJS.Signals, started: Promise<void>): Promise<void> {
    this.#log.info('service.stopping', { signal });
    this.#end();
    this.#steps.push({ name: 'start', run: () => started.catch(() => undefined) });
    const result = await runShutdown(this.#steps, this.#options.settings.process.shutdownTimeoutMs, this.#log);
    if (result.kind === 'stuck') this.#fail('shutdown.stuck', { step: result.step });
    if (result.kind === 'unclean') this.#fail('shutdown.unclean', { failed: result.failed });
    this.#log.info('service.stopped');
    process.exit(0);
  }

  /** What was opened is closed, so that a consumer leaves its group at once instead of by its session time-out. */
  async #failStart(error: unknown): Promise<void> {
    const faults = faultsOf(error);
    const known = error instanceof DependencyError || faults !== undefined;
    this.#log.error('service.start-failed', { reason: reasonOf(error), ...(known ? {} : { err: error }) });
    this.#end();
    await runShutdown(this.#steps, this.#options.settings.process.shutdownTimeoutMs, this.#log);
    process.exit(faults === undefined ? EXIT_FAILED : EXIT_CONFIG);
  }

  #end(): void {
    this.#ending = true;
    this.#health.enter('stopping');
    this.#stopping.abort(new Error('the process was asked to end'));
  }

  #fail(event: string, fields: LogFields): never {
    this.#health.enter('failed');
    this.#log.error(event, fields);
    process.exit(EXIT_FAILED);
  }
}
