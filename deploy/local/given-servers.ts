/**
 * Checks the servers whose addresses are given in the environment: each must answer the same handshake as a server
 * of ours. Addresses may carry a password, so they are never printed; the variable's name is.
 */
import { addressVariables, type ServerName } from './choose-source.js';
import { expectKafka } from './kafka-handshake.js';
import { expectMongodbPrimary } from './mongodb-handshake.js';
import { poll } from './poll.js';
import { expectSchemaRegistry } from './registry-handshake.js';
import { StackError } from './stack-error.js';

const answerWithinMs = 10_000;

const handshakes: Readonly<Record<ServerName, (address: string) => Promise<void>>> = {
  kafka: (brokers) => expectKafka(brokers.split(',').map((broker) => broker.trim())),
  mongodb: expectMongodbPrimary,
  schemaRegistry: expectSchemaRegistry,
};

/** Resolves when the given server answers. Throws StackError if it doesn't within 10 seconds. */
export async function expectGivenServer(name: ServerName, address: string, signal: AbortSignal): Promise<void> {
  let reason = 'no answer';
  const attempt = () =>
    handshakes[name](address).catch((error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
      throw error;
    });
  try {
    await poll(attempt, { everyMs: 500, signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]) });
  } catch {
    signal.throwIfAborted();
    throw new StackError(
      `The server that ${addressVariables[name]} names doesn't answer (${withoutPassword(reason)}): start it, or unset ${addressVariables[name]} to have one started.`,
    );
  }
}

/** Error messages of drivers may quote the address they were given. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]*@/g, '//');
}
