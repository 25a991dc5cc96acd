import type { SettingTable } from './setting.js';

/** The process that people talk to: where it listens, and how they prove who they are. */
export const adminSchema = {
  admin: {
    host: {
      doc: 'Address at which the API and the console listen. TLS ends before it: put a proxy or load balancer in front.',
      format: 'host',
      default: '127.0.0.1',
      env: 'ADMIN_HOST',
    },
    port: {
      doc: 'Port of the same; 0 takes a free one, which the log tells.',
      format: 'whole',
      min: 0,
      max: 65_535,
      default: 8_080,
      env: 'ADMIN_PORT',
    },
    trustedProxies: {
      doc:
        'Networks of the proxies in front, whose X-Forwarded-For is believed: limits per address count the client. ' +
        'Empty: no header is believed.',
      format: 'networks',
      default: [] as readonly string[],
      env: 'ADMIN_TRUSTED_PROXIES',
    },
    authentication: {
      doc:
        'How people sign in. local: users of our own in MongoDB, with a session cookie. jwt: tokens of the host ' +
        'platform’s identity provider. API tokens of companies work with both.',
      format: 'choice',
      choices: ['local', 'jwt'] as const,
      default: 'local',
      env: 'ADMIN_AUTHENTICATION',
    },
    sessionHours: {
      doc: 'How long a session lasts, with local authentication.',
      format: 'whole',
      min: 1,
      max: 720,
      unit: 'hours',
      default: 12,
      env: 'ADMIN_SESSION_HOURS',
    },
    requestsPerMinute: {
      doc: 'Requests that a user or API token may make per minute, in each admin process; an address five times that.',
      format: 'whole',
      min: 10,
      max: 10_000_000,
      unit: 'requests',
      default: 600,
      env: 'ADMIN_REQUESTS_PER_MINUTE',
    },
    testEventsPerMinute: {
      doc: 'Test events that a company may send per minute, in each admin process.',
      format: 'whole',
      min: 1,
      max: 10_000,
      unit: 'test events',
      default: 20,
      env: 'ADMIN_TEST_EVENTS_PER_MINUTE',
    },
  },
  jwt: {
    jwksUrl: {
      doc: 'Address of the identity provider’s public keys (JWKS). Required with ADMIN_AUTHENTICATION=jwt.',
      format: 'optional-http-url',
      default: '',
      env: 'JWT_JWKS_URL',
    },
    issuer: {
      doc: 'The iss that a token must have. Required with ADMIN_AUTHENTICATION=jwt.',
      format: 'text',
      default: '',
      env: 'JWT_ISSUER',
    },
    audience: {
      doc: 'The aud that a token must have. Required with ADMIN_AUTHENTICATION=jwt.',
      format: 'text',
      default: '',
      env: 'JWT_AUDIENCE',
    },
    companyClaim: {
      doc: 'Claim that holds the id of the user’s company; dots lead into objects.',
      format: 'text',
      default: 'company_id',
      env: 'JWT_COMPANY_CLAIM',
    },
    roleClaim: {
      doc: 'Claim that holds the user’s role or list of roles; dots lead into objects.',
      format: 'text',
      default: 'role',
      env: 'JWT_ROLE_CLAIM',
    },
    userClaim: {
      doc: 'Claim that holds the user’s id; dots lead into objects.',
      format: 'text',
      default: 'sub',
      env: 'JWT_USER_CLAIM',
    },
    ownerRole: {
      doc: 'What the role claim says of an Owner.',
      format: 'text',
      default: 'owner',
      env: 'JWT_OWNER_ROLE',
    },
    adminRole: {
      doc: 'What the role claim says of an Admin.',
      format: 'text',
      default: 'admin',
      env: 'JWT_ADMIN_ROLE',
    },
  },
} satisfies SettingTable;
