import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Kafka, logLevel, type ISocketFactory, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { fetchInLoops } from './fetch-loops.js';
import { ownNodeIds } from './own-node-ids.js';
import { quietRequestQueues } from './quiet-request-queue.js';
import { steadyHeartbeats } from './steady-heartbeats.js';

/**
 * The one place where a Kafka client is made.
 *
 * Retries inside kafkajs are short: what is away for longer is our business (back off, go red, give up after a bound),
 * and a hidden retry of minutes would look like a stuck process.
 */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  readonly sasl: SASLOptions | undefined;
  readonly clientId: string;
}

/**
 * After so long a consumer and a producer ask for a topic's partitions again: those that were added are read, and written
 * to, from then on. kafkajs's own producers would write to the old ones alone for five minutes.
 */
export const METADATA_MAX_AGE_MS = 30_000;

/**
 * Receives what kafkajs has to say, from warnings up. All of it is a warning to us: what it calls an error it mostly
 * mends by itself (a coordinator that loads, a broker that restarts), and what it can't mend ends the process.
 */
export type KafkaLog = (detail: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Whether a consumer found records gone that it had not read: the topic's retention was faster. It goes on with the
 * oldest that is left. The one thing of kafkajs's log that is a loss, and nobody else says so.
 */
export function tellsOfLoss(detail: string): boolean {
  return detail.startsWith('Offset out of range, resetting');
}

export function createKafka(settings: KafkaSettings, log: KafkaLog): Kafka {
  quietRequestQueues();
  steadyHeartbeats();
  fetchInLoops();
  ownNodeIds();
  const config: KafkaConfig = {
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    ssl: settings.ssl,
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    socketFactory: connectWithoutDelay,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => forward(entry, log),
  };
  return new Kafka(settings.sasl === undefined ? config : { ...config, sasl: settings.sasl });
}

/**
 * kafkajs leaves Nagle's algorithm on: a request then waits for the acknowledgement of the one before it, which the
 * broker's side delays by up to 40 ms.
 */
const connectWithoutDelay: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // `ssl` is what the settings say, a boolean or options, whatever kafkajs's types declare.
  const encrypted = ssl as ConnectionOptions | boolean | undefined;
  const serverName = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    encrypted === undefined || encrypted === false
      ? connectTcp({ host, port }, onConnect)
      : connectTls({ host, port, ...serverName, ...(encrypted === true ? {} : encrypted) }, onConnect);
  socket.setKeepAlive(true, 60_000);
  socket.setNoDelay(true);
  return socket;
};

function forward(
  { log: { message, timestamp: _timestamp, logger: _logger, ...fields } }: LogEntry,
  log: KafkaLog,
): void {
  log(message, fields);
}
