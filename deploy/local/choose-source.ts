/**
 * Decides where each server comes from: an address given in the environment is taken as it is; the rest come from
 * a Docker engine if one is usable, else they run as local processes. A half-given environment is allowed, because
 * "my own Kafka, your MongoDB" is a common wish.
 */

/** The servers of the stack, in the order in which they are named to people. */
export const serverNames = ['kafka', 'mongodb', 'schemaRegistry'] as const;
export type ServerName = (typeof serverNames)[number];

export const serverLabels: Readonly<Record<ServerName, string>> = {
  kafka: 'Kafka',
  mongodb: 'MongoDB',
  schemaRegistry: 'Schema Registry',
};

/** The environment variables that give an address, and into which the stack's addresses are put for children. */
export const addressVariables: Readonly<Record<ServerName, string>> = {
  kafka: 'KAFKA_BROKERS',
  mongodb: 'MONGODB_URI',
  schemaRegistry: 'SCHEMA_REGISTRY_URL',
};

export type StackSource = 'environment' | 'docker' | 'local';

export interface SourceChoice {
  readonly given: Readonly<Partial<Record<ServerName, string>>>;
  /** The servers that have to be started. */
  readonly toStart: readonly ServerName[];
}

/** Splits the servers into given ones and ones to start. A blank variable counts as not given. */
export function splitByEnvironment(env: Readonly<Record<string, string | undefined>>): SourceChoice {
  const given: Partial<Record<ServerName, string>> = {};
  const toStart: ServerName[] = [];
  for (const name of serverNames) {
    const address = env[addressVariables[name]]?.trim() ?? '';
    if (address === '') toStart.push(name);
    else given[name] = address;
  }
  return { given, toStart };
}

/** What is known of the Docker engine: usable, or the reason why not, as the end of a sentence. */
export type DockerVerdict = { readonly kind: 'usable' } | { readonly kind: 'unusable'; readonly reason: string };

/** The source of the servers that have to be started, or 'environment' when there are none. */
export function chooseSource(toStart: readonly ServerName[], docker: DockerVerdict): StackSource {
  if (toStart.length === 0) return 'environment';
  return docker.kind === 'usable' ? 'docker' : 'local';
}

/** The one line that tells which source was taken and why. */
export function sourceLine(choice: SourceChoice, docker: DockerVerdict): string {
  const given = serverNames.filter((name) => choice.given[name] !== undefined);
  const fromEnvironment = given.map((name) => `${serverLabels[name]} from ${addressVariables[name]}`);
  if (choice.toStart.length === 0) return `Servers: ${fromEnvironment.join(', ')}`;
  const started = given.length === 0 ? 'Servers' : choice.toStart.map((name) => serverLabels[name]).join(', ');
  const source = docker.kind === 'usable' ? 'Docker containers' : `local processes (${docker.reason})`;
  return [...fromEnvironment, `${started}: ${source}`].join('; ');
}
