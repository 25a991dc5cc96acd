import type { SettingValues } from './schema.js';

/** A rule between settings; it is checked only when every one of them is right by itself. */
export interface CrossCheck {
  /** The setting that the fault is reported for, as `group.name`. */
  readonly setting: string;
  readonly others: readonly string[];
  /** What is expected; undefined when the rule is met. */
  readonly unmet: (values: SettingValues) => string | undefined;
}

const SASL = ['kafka.saslMechanism', 'kafka.saslUsername', 'kafka.saslPassword'] as const;
const TOPICS = ['callEvents', 'whatsappEvents', 'dispatch', 'overflow', 'retry', 'longRetry', 'deadLetter'] as const;

/** The text where `broken`, else undefined. */
function when(broken: boolean, expectation: string): string | undefined {
  return broken ? expectation : undefined;
}

function saslCheck(name: 'saslUsername' | 'saslPassword'): CrossCheck {
  return {
    setting: `kafka.${name}`,
    others: SASL,
    unmet: ({ kafka }) =>
      kafka.saslMechanism === 'none'
        ? when(kafka[name] !== '', 'nothing while KAFKA_SASL_MECHANISM is none')
        : when(kafka[name] === '', `a value, because KAFKA_SASL_MECHANISM is ${kafka.saslMechanism}`),
  };
}

function topicCheck(name: (typeof TOPICS)[number], index: number): CrossCheck {
  const earlier = TOPICS.slice(0, index);
  return {
    setting: `topics.${name}`,
    others: [...earlier.map((other) => `topics.${other}`), 'kafka.prefix'],
    unmet: ({ topics, kafka }) =>
      when(
        earlier.some((other) => topics[other] === topics[name]),
        'a name of its own: another topic has the same',
      ) ?? when(kafka.prefix.length + topics[name].length > 249, 'at most 249 characters together with KAFKA_PREFIX'),
  };
}

function jwtCheck(name: 'jwksUrl' | 'issuer' | 'audience'): CrossCheck {
  return {
    setting: `jwt.${name}`,
    others: ['admin.authentication'],
    unmet: ({ admin, jwt }) =>
      when(admin.authentication === 'jwt' && jwt[name] === '', 'a value, because ADMIN_AUTHENTICATION is jwt'),
  };
}

export const CROSS_CHECKS: readonly CrossCheck[] = [
  saslCheck('saslUsername'),
  saslCheck('saslPassword'),
  {
    setting: 'kafka.heartbeatIntervalMs',
    others: ['kafka.sessionTimeoutMs'],
    unmet: ({ kafka }) =>
      when(
        kafka.heartbeatIntervalMs * 3 > kafka.sessionTimeoutMs,
        `at most a third of KAFKA_SESSION_TIMEOUT_MS, which is ${kafka.sessionTimeoutMs}`,
      ),
  },
  ...TOPICS.map(topicCheck),
  {
    setting: 'schemaRegistry.password',
    others: ['schemaRegistry.username'],
    unmet: ({ schemaRegistry: { username, password } }) =>
      when((username === '') !== (password === ''), 'to be set together with SCHEMA_REGISTRY_USERNAME, or not at all'),
  },
  {
    setting: 'delivery.connectTimeoutMs',
    others: ['delivery.timeoutMs'],
    unmet: ({ delivery }) =>
      when(
        delivery.connectTimeoutMs > delivery.timeoutMs,
        `at most DELIVERY_TIMEOUT_MS, which is ${delivery.timeoutMs}`,
      ),
  },
  {
    setting: 'delivery.maxInFlightPerWebhook',
    others: ['delivery.maxInFlight'],
    unmet: ({ delivery }) =>
      when(
        delivery.maxInFlightPerWebhook > delivery.maxInFlight,
        `at most DELIVERY_MAX_IN_FLIGHT, which is ${delivery.maxInFlight}`,
      ),
  },
  {
    setting: 'delivery.maxConnections',
    others: ['delivery.maxInFlight'],
    unmet: ({ delivery }) =>
      when(
        delivery.maxConnections < delivery.maxInFlight,
        `at least DELIVERY_MAX_IN_FLIGHT, which is ${delivery.maxInFlight}`,
      ),
  },
  {
    setting: 'delivery.maxInFlight',
    others: ['delivery.maxJobs'],
    unmet: ({ delivery }) =>
      when(
        delivery.maxInFlight > delivery.maxJobs,
        `at most DELIVERY_MAX_JOBS, which is ${delivery.maxJobs}: an attempt in flight is a job in memory`,
      ),
  },
  {
    setting: 'status.failureWindowMs',
    others: ['delivery.attempts', 'delivery.retryDelayMs', 'delivery.timeoutMs'],
    unmet: ({ status, delivery }) => {
      const span = delivery.attempts * (delivery.timeoutMs + delivery.retryDelayMs);
      return when(status.failureWindowMs < span, `at least ${span}, which the attempts of one event may take`);
    },
  },
  ...(['jwksUrl', 'issuer', 'audience'] as const).map(jwtCheck),
  {
    setting: 'status.maxProbeMs',
    others: ['status.firstProbeMs'],
    unmet: ({ status }) =>
      when(status.maxProbeMs < status.firstProbeMs, `at least STATUS_FIRST_PROBE_MS, which is ${status.firstProbeMs}`),
  },
  {
    setting: 'process.shutdownTimeoutMs',
    others: ['delivery.timeoutMs'],
    unmet: ({ process, delivery }) =>
      when(
        process.shutdownTimeoutMs <= delivery.timeoutMs,
        `more than DELIVERY_TIMEOUT_MS, which is ${delivery.timeoutMs}: an attempt in flight is waited for`,
      ),
  },
  {
    setting: 'process.stuckAfterMs',
    others: ['kafka.sessionTimeoutMs'],
    unmet: ({ process, kafka }) =>
      when(
        process.stuckAfterMs < kafka.sessionTimeoutMs,
        `at least KAFKA_SESSION_TIMEOUT_MS, which is ${kafka.sessionTimeoutMs}: a rebalance may last that long`,
      ),
  },
];
