/**
 * What Node is started with for the processes that carry events; a process can't set it for itself any more.
 *
 * Most of what an event or a delivery leaves behind is garbage within milliseconds. With young generations of at most 32 MB,
 * twice what Node takes by itself, less of it lives until a collection: 6 to 15 % of a process's CPU at full speed
 * (DECISIONS 39), for at most 48 MB. The admin process goes without: its exports promise not to grow.
 */
export const EVENT_PROCESS_FLAGS = ['--max-semi-space-size=32'] as const;
