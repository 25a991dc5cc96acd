import { Kafka, logLevel } from 'kafkajs';

/**
 * One handshake with Kafka: connects, and asks the cluster for its brokers. Rejects if nobody answers now, or if
 * the cluster has no broker yet.
 */
export async function expectKafka(brokers: readonly string[]): Promise<void> {
  const kafka = new Kafka({
    clientId: 'local-stack',
    brokers: [...brokers],
    // Failed attempts are what waiting consists of: no log lines, no retries of its own.
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers: answering, controller } = await admin.describeCluster();
    if (answering.length === 0 || controller === null) throw new Error('the cluster has no broker yet');
  } finally {
    await admin.disconnect();
  }
}
