/**
 * Handshakes with Kafka. Failed attempts are what waiting consists of, so the client neither logs nor retries them.
 */
import { type Admin, Kafka, logLevel } from 'kafkajs';

/**
 * One handshake: connects, and asks the cluster for its brokers. Rejects if nobody answers now, or if the cluster
 * has no broker yet.
 */
export async function expectKafka(brokers: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    const { brokers: answering, controller } = await admin.describeCluster();
    if (answering.length === 0 || controller === null) throw new Error('the cluster has no broker yet');
  });
}

/**
 * One handshake with the group coordinator of a new cluster: rejects until consumers can join. The first question
 * makes Kafka create its offsets topic, so the first service doesn't start with "coordinator not available".
 */
export async function expectGroupCoordinator(brokers: readonly string[]): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    // The client needs to know the brokers before it can ask one of them for a coordinator.
    await admin.describeCluster();
    await admin.describeGroups(['local-stack-readiness']);
  });
}

async function withAdmin(brokers: readonly string[], use: (admin: Admin) => Promise<void>): Promise<void> {
  const kafka = new Kafka({
    clientId: 'local-stack',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await use(admin);
  } finally {
    await admin.disconnect();
  }
}
