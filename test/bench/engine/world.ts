import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { subjectOf } from '../../../services/shared/platform/avro/register-schemas.js';
import { createRegistryClient } from '../../../services/shared/platform/avro/registry-client.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { EVENT_PROCESS_FLAGS } from '../../../services/shared/platform/process/start-options.js';
import { startSystem, type System } from '../../support/system.js';
import { runInChild } from '../shared/child-task.js';
import { pidListeningOn } from '../shared/listening-pid.js';
import { Bare } from './bare.js';
import type { BareTask } from './bare-task.js';
import type { Watched } from './cpu.js';
import type { GeneratorResult, GeneratorTask } from './generator-task.js';
import { EVENT_TYPE, type Recipient } from './samples.js';
import { Service } from './service.js';
import { Sink } from './sink.js';

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Of each topic; 6, unless told otherwise. */
  readonly partitions?: number | undefined;
  /** TLS, unless told otherwise. */
  readonly plain?: boolean | undefined;
  /** Origins of the sink; webhooks take them in turns. */
  readonly ports?: number;
  /** Folder for CPU profiles of the delivery and fan-out processes. */
  readonly profile?: string | undefined;
}

/** Until the last attempt of a webhook that was deleted has begun. */
const DELETED_MS = 1_000;
const PLAIN_HTTP = new URL('./plain-http.js', import.meta.url).href;

/**
 * What one scenario works with: topics, groups and a database of its own on the servers of the environment, the sink,
 * and whatever it starts. `close` ends all of it.
 */
export class World {
  readonly system: System;
  readonly sink: Sink;
  readonly #options: WorldOptions;
  readonly #folder: string;
  readonly #servers: Watched;
  #services: { readonly name: string; readonly service: Service }[] = [];
  #bares: Bare[] = [];
  #started = 0;
  #companies = 0;
  #recipients = 0;

  private constructor(system: System, sink: Sink, options: WorldOptions, folder: string, servers: Watched) {
    this.system = system;
    this.sink = sink;
    this.#options = options;
    this.#folder = folder;
    this.#servers = servers;
  }

  static async open(options: WorldOptions = {}): Promise<World> {
    const system = await startSystem([], { KAFKA_PARTITIONS: String(options.partitions ?? 6), ...options.env });
    const { keyPem: key, certificatePem: cert } = await system.receiver.ca.issue();
    const tls = options.plain === true ? undefined : { key, cert };
    const sink = await Sink.start({ tls, ports: options.ports ?? 10 });
    const folder = await mkdtemp(join(tmpdir(), 'webhook-v2-bench-'));
    return new World(system, sink, options, folder, await serversOf(system));
  }

  /** Registers webhooks of new companies for the sink, at most ten each; `pathOf` says what each does. */
  async recipients(count: number, perCompany = 10, pathOf = (_index: number) => '/ok'): Promise<Recipient[]> {
    const [firstCompany, firstPort] = [this.#companies, this.#recipients];
    this.#companies += Math.ceil(count / perCompany);
    this.#recipients += count;
    return Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const companyId = `co_${firstCompany + Math.floor(index / perCompany)}`;
        const url = this.sink.url(firstPort + index, pathOf(index));
        const events = [EVENT_TYPE] as const;
        return { companyId, webhookId: await this.system.webhook(companyId, '/', { url, events }) };
      }),
    );
  }

  /** Deletes webhooks, and waits until they concern nobody any more: no attempt is under way, nothing is held. */
  async retire(recipients: readonly Recipient[]): Promise<void> {
    await Promise.all(recipients.map((recipient) => this.system.webhooks.deleteWebhook(recipient)));
    await pause(this.system.config.delivery.timeoutMs + DELETED_MS);
    const held = this.system.mongo.db.collection('held_deliveries');
    while ((await held.countDocuments({}, { limit: 1 })) > 0) await pause(250);
  }

  async start(
    name: 'call-consumer' | 'delivery-consumer' | 'retry-consumer',
    options: { readonly lane?: 'overflow'; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<Service> {
    const { profile, plain } = this.#options;
    const service = await Service.start({
      name,
      env: { ...this.system.env, ...options.env },
      args: options.lane === undefined ? [] : ['--lane', options.lane],
      nodeOptions: [
        ...EVENT_PROCESS_FLAGS,
        ...(plain === true ? ['--import', PLAIN_HTTP] : []),
        ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--cpu-prof-interval', '500']),
      ],
      logFile: join(this.#folder, `${name}-${(this.#started += 1)}.log`),
    });
    this.#services.push({ name: options.lane === undefined ? name : `${name} (overflow)`, service });
    return service;
  }

  /** So many processes of one group, at work; resolves when each has joined. */
  async startBare(topic: string, work: BareTask['work'], processes = 1): Promise<void> {
    const groupId = `${this.system.config.kafka.prefix}bare-${(this.#started += 1)}`;
    const { brokers } = this.system.config.kafka;
    const { NODE_EXTRA_CA_CERTS = '' } = this.system.env;
    const task = { brokers, groupId, topic, work };
    const bares = Array.from({ length: processes }, () => new Bare(task, { NODE_EXTRA_CA_CERTS }));
    this.#bares.push(...bares);
    await Promise.all(bares.map(({ joined }) => joined));
  }

  /** Runs the generator to its end; `onBreak` is done between its warm-up and the rest. */
  async generate(
    content: GeneratorTask['content'],
    recipients: readonly Recipient[],
    pace: GeneratorTask['pace'],
    firstNumber = 0,
    onBreak?: () => Promise<void>,
  ): Promise<GeneratorResult> {
    const { kafka, topics } = this.system.config;
    const topic = content === 'jobs' ? topics.dispatch : topics.callEvents;
    const schemaId = await this.#schemaId(topic, content === 'jobs' ? 'delivery-job' : 'call-event');
    const task: GeneratorTask = { brokers: kafka.brokers, topic, schemaId, content, recipients, pace, firstNumber };
    return runInChild<GeneratorResult>(new URL('./generator-process.js', import.meta.url), task, { onBreak });
  }

  /** All processes and servers that work for a delivery; the sink apart from them. */
  watched(): Watched {
    const watched = new Map<string, number[]>();
    for (const { name, service } of this.#services) watched.set(name, [...(watched.get(name) ?? []), service.pid]);
    if (this.#bares.length > 0)
      watched.set(
        'bare',
        this.#bares.map(({ pid }) => pid),
      );
    for (const [name, pids] of this.#servers) watched.set(name, [...pids]);
    return watched.set('sink', [this.sink.pid]);
  }

  async describe(): Promise<string> {
    const told = await Promise.all(
      this.#services.map(async ({ name, service }) => `${name}:\n${await service.describe()}`),
    );
    return told.join('\n');
  }

  async stopServices(): Promise<void> {
    const [services, bares] = [this.#services, this.#bares];
    this.#services = [];
    this.#bares = [];
    await Promise.all([...services.map(({ service }) => service.stop()), ...bares.map((bare) => bare.stop())]);
  }

  /** At once, whatever they have in flight. */
  async killServices(): Promise<void> {
    const services = this.#services;
    this.#services = [];
    await Promise.all(services.map(({ service }) => service.end('SIGKILL')));
  }

  async close(): Promise<void> {
    await this.stopServices();
    await this.sink.stop();
    await this.system.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #schemaId(topic: string, record: 'delivery-job' | 'call-event'): Promise<number> {
    const { url } = this.system.config.schemaRegistry;
    const id = await createRegistryClient({ url, timeoutMs: 10_000 }).findId(subjectOf(topic), newestSchema(record));
    if (id === undefined) throw new Error(`${record} is not registered`);
    return id;
  }
}

/** The servers by the ports that they listen on; of one that isn't on this machine there is no process to watch. */
async function serversOf({ config }: System): Promise<Watched> {
  const [broker = ''] = config.kafka.brokers;
  const ports: readonly (readonly [string, number])[] = [
    ['kafka', Number(broker.split(':').at(-1))],
    ['mongod', Number(/:(\d+)/.exec(config.mongodb.uri.replace('mongodb://', ''))?.[1])],
    ['registry', Number(new URL(config.schemaRegistry.url).port)],
  ];
  const servers = new Map<string, readonly number[]>();
  for (const [name, port] of ports) {
    const pid = await pidListeningOn(port);
    servers.set(name, pid === undefined ? [] : [pid]);
  }
  return servers;
}
