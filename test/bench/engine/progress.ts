import type { World } from './world.js';

/** Records in a topic, by its offsets. */
export function recordsIn(
  world: World,
  topic: string,
): { readonly count: () => Promise<number>; close(): Promise<void> } {
  const admin = world.system.kafka.admin();
  const connected = admin.connect();
  return {
    count: async () => {
      await connected;
      const offsets = await admin.fetchTopicOffsets(topic);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    },
    close: () => admin.disconnect(),
  };
}
