import type { Kafka } from 'kafkajs';

/** Asks the cluster whether it is there, over a connection of its own; for /readyz. */
export interface KafkaProbe {
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

export function kafkaProbe(kafka: Kafka): KafkaProbe {
  const admin = kafka.admin({ retry: { retries: 0, initialRetryTime: 100, maxRetryTime: 100 } });
  return {
    async answers() {
      try {
        await admin.connect();
        return (await admin.describeCluster()).brokers.length > 0;
      } catch {
        return false;
      }
    },
    close: () => admin.disconnect(),
  };
}
