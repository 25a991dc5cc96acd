import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { DependencyError } from '../../core/errors.js';

/**
 * The schema registry over HTTP: the library's client with what it lacks.
 *
 * A hanging registry is given up after `timeoutMs` (the library waits for ever), an answer that isn't the registry's
 * (a proxy's HTML with status 200) is an error, and "there is no such schema" is told from "the registry is away":
 * the first condemns a record, the second must not. There is no retry here: who waits for us has its own back-off.
 */
export interface RegistryClient {
  /** @throws DependencyError */
  readonly findSchema: (id: number) => Promise<FoundSchema>;
  /** The id of that very schema under the subject; undefined when it isn't registered. @throws DependencyError */
  readonly findId: (subject: string, schema: string) => Promise<number | undefined>;
  /** Registers it, a no-op when it is there already, and sets BACKWARD on a new subject. @throws DependencyError */
  readonly register: (subject: string, schema: string) => Promise<number>;
}

export type FoundSchema =
  | { readonly kind: 'schema'; readonly text: string }
  | { readonly kind: 'none' }
  /** There is one, but not in Avro, or not one that can be parsed. */
  | { readonly kind: 'unusable'; readonly detail: string };

export interface RegistryOptions {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly timeoutMs?: number;
}

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

/** `url` may end in a path, as Apicurio's `/apis/ccompat/v7`. */
export function createRegistryClient({ url, username, password, timeoutMs = 2000 }: RegistryOptions): RegistryClient {
  const auth = username === undefined ? {} : { auth: { username, password: password ?? '' } };

  /**
   * A library client for one question: it keeps a question whose answer broke off for ever, so that a shared one
   * would never ask for that schema again.
   */
  async function ask<T>(deadlineMs: number, question: (registry: SchemaRegistry, asked: Asked) => Promise<T>) {
    const asked: Asked = { answered: false };
    const deadline = startDeadline(deadlineMs);
    const middlewares = [abortBy(deadline.signal), checkAnswer(asked)];
    const registry = new SchemaRegistry({ host: url, retry: { retries: 0 }, middlewares, ...auth });
    try {
      return await Promise.race([question(registry, asked), deadline.passed]);
    } catch (error) {
      throw new DependencyError('schema-registry', plainText(error), { cause: error });
    } finally {
      deadline.clear();
    }
  }

  return {
    findSchema: (id) => ask(timeoutMs, (registry, asked) => findSchema(registry, id, asked)),
    findId: (subject, schema) => ask(timeoutMs, (registry) => findId(registry, subject, schema)),
    // Three requests: compatibility, schema, compatibility.
    register: (subject, schema) =>
      ask(3 * timeoutMs, async (registry) => {
        const { id } = await registry.register(avro(schema), { subject, compatibility: COMPATIBILITY.BACKWARD });
        return checkId(id);
      }),
  };
}

/** What became of a question: once the registry has answered it, what goes wrong is the schema's own fault. */
interface Asked {
  answered: boolean;
}

const NOT_A_REGISTRY = "the answer is not a schema registry's";

const avro = (schema: string) => ({ type: SchemaType.AVRO, schema }) as const;

async function findSchema(registry: SchemaRegistry, id: number, asked: Asked): Promise<FoundSchema> {
  try {
    const schema = await registry.getSchema(id);
    // The exported form holds what the library resolved from other subjects. It lacks what only a reader needs
    // (logical types, default symbols), and the reader is always our own version.
    if ('createResolver' in schema) return { kind: 'schema', text: JSON.stringify(schema) };
    return { kind: 'unusable', detail: `schema ${id} is not Avro` };
  } catch (error) {
    if ((error as { status?: number }).status === 404) return { kind: 'none' };
    if (asked.answered) return { kind: 'unusable', detail: `schema ${id} is unusable: ${plainText(error)}` };
    throw error;
  }
}

async function findId(registry: SchemaRegistry, subject: string, schema: string): Promise<number | undefined> {
  try {
    return checkId(await registry.getRegistryIdBySchema(subject, avro(schema)));
  } catch (error) {
    // For 404, and for that alone, the library throws an error of this name.
    if ((error as Error).name === 'ConfluentSchemaRegistryError') return undefined;
    throw error;
  }
}

function checkId(id: unknown): number {
  if (typeof id !== 'number') throw new Error(NOT_A_REGISTRY);
  return id;
}

/** Ends the request and frees its socket wherever it hangs: connecting, waiting, or in a body that drips. */
function abortBy(signal: AbortSignal): Middleware {
  return () => ({ prepareRequest: async (next) => (await next()).enhance({ signal }) });
}

/** Tells the registry's own answer from that of whoever else listens there. */
function checkAnswer(asked: Asked): Middleware {
  return ({ resourceName, resourceMethod }) => ({
    response: async (next) => {
      const response = await next();
      if (resourceName !== 'Schema' || resourceMethod !== 'find') return response;
      asked.answered = holdsSchema(response.rawData());
      if (!asked.answered) throw new Error(NOT_A_REGISTRY);
      return response;
    },
  });
}

function holdsSchema(body: string | null): boolean {
  try {
    return typeof (JSON.parse(body ?? '') as { schema?: unknown }).schema === 'string';
  } catch {
    return false;
  }
}

function startDeadline(deadlineMs: number) {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${deadlineMs} ms`));
      controller.abort();
    }, deadlineMs);
  });
  return { signal: controller.signal, passed, clear: () => clearTimeout(timer) };
}

/** Network failures come as "Confluent_Schema_Registry - Error, status 400: connect ECONNREFUSED …". */
function plainText(error: unknown): string {
  return (error as Error).message.replace(/^Confluent_Schema_Registry - (Error, status 400: )?/, '');
}
