import type { SettingTable } from './setting.js';

/** How a process is watched, how it ends, and what it says. */
export const processSchema = {
  ops: {
    host: {
      doc: 'Address at which /livez, /readyz and /metrics listen. They tell no secret but aren’t meant for customers.',
      format: 'host',
      default: '127.0.0.1',
      env: 'OPS_HOST',
    },
    port: {
      doc: 'Port of the same; 0 takes a free one, which the log tells.',
      format: 'whole',
      min: 0,
      max: 65_535,
      default: 9_464,
      env: 'OPS_PORT',
    },
  },
  log: {
    level: {
      doc: 'The least severe level that is logged.',
      format: 'choice',
      choices: ['error', 'warn', 'info', 'debug'] as const,
      default: 'info',
      env: 'LOG_LEVEL',
    },
  },
  process: {
    shutdownTimeoutMs: {
      doc: 'Longest duration of an orderly end; then the process ends as it is. Less than what the supervisor grants.',
      format: 'whole',
      min: 100,
      max: 600_000,
      unit: 'milliseconds',
      default: 25_000,
      env: 'SHUTDOWN_TIMEOUT_MS',
    },
    dependencyGiveUpMs: {
      doc: 'How long Kafka, MongoDB or the registry may be away before the process ends, for its supervisor to see.',
      format: 'whole',
      min: 100,
      max: 86_400_000,
      unit: 'milliseconds',
      default: 900_000,
      env: 'DEPENDENCY_GIVE_UP_MS',
    },
    stuckAfterMs: {
      doc: 'A process that holds partitions but fetches nothing for this long counts as stuck and ends.',
      format: 'whole',
      min: 1_000,
      max: 3_600_000,
      unit: 'milliseconds',
      default: 60_000,
      env: 'STUCK_AFTER_MS',
    },
  },
} satisfies SettingTable;
