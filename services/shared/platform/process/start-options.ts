// What a process is started with, because it can't set it for itself any more.

/**
 * The flags of Node for the processes that carry events.
 *
 * Most of what an event or a delivery leaves behind is garbage within milliseconds. With young generations of at most 32 MB,
 * twice what Node takes by itself, less of it lives until a collection: 6 to 15 % of a process's CPU at full speed
 * (DECISIONS 39), for at most 48 MB. The admin process goes without: its exports promise not to grow.
 *
 * The heap may double between two full collections. By itself V8 lets that of a process with little to do grow by some 5 MB:
 * at 200 events/s a full collection every four to five seconds, on both cores for tens of milliseconds (DECISIONS 50).
 */
export const EVENT_PROCESS_FLAGS = ['--max-semi-space-size=32', '--heap-growing-percent=100'] as const;

/**
 * The environment of every process, for glibc's allocator. From this size on, in bytes, a buffer has pages of its own, which
 * go back to the system as it is freed. By itself glibc raises the bound to 32 MiB, after which what Kafka answers lies
 * between small long-lived pieces and leaves holes: 60 MiB of a delivery process at full speed (DECISIONS 44).
 */
export const ALLOCATOR_ENV = { MALLOC_MMAP_THRESHOLD_: '131072' } as const;
