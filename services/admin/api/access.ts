/**
 * Who may do what: the matrix as a literal table, and the list of all routes.
 *
 * "Owner and Admin of that company; every other role and every other company gets nothing." A route that isn't in this
 * table can't be registered, and one in it that isn't registered fails the start: nothing is open by omission. The
 * company is not a column: each route reads and writes the signed-in company alone, so that a foreign id answers
 * exactly as a random one.
 *
 * `token` is a company's API token, for automation: it works on webhooks but makes no further tokens.
 */
export const ACCESS = {
  'sign-in-method.read': {
    method: 'GET',
    path: '/api/v1/sign-in-method',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'yes',
  },
  'session.create': {
    method: 'POST',
    path: '/api/v1/session',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'yes',
  },
  'session.read': { method: 'GET', path: '/api/v1/session', owner: 'yes', admin: 'yes', token: 'yes', anyone: 'no' },
  'session.delete': {
    method: 'DELETE',
    path: '/api/v1/session',
    owner: 'yes',
    admin: 'yes',
    token: 'no',
    anyone: 'no',
  },
  'tokens.list': { method: 'GET', path: '/api/v1/tokens', owner: 'yes', admin: 'yes', token: 'no', anyone: 'no' },
  'tokens.create': { method: 'POST', path: '/api/v1/tokens', owner: 'yes', admin: 'yes', token: 'no', anyone: 'no' },
  'tokens.revoke': {
    method: 'DELETE',
    path: '/api/v1/tokens/:tokenId',
    owner: 'yes',
    admin: 'yes',
    token: 'no',
    anyone: 'no',
  },
  'events.list': { method: 'GET', path: '/api/v1/events', owner: 'yes', admin: 'yes', token: 'yes', anyone: 'no' },
  'webhooks.list': { method: 'GET', path: '/api/v1/webhooks', owner: 'yes', admin: 'yes', token: 'yes', anyone: 'no' },
  'webhooks.create': {
    method: 'POST',
    path: '/api/v1/webhooks',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'webhooks.read': {
    method: 'GET',
    path: '/api/v1/webhooks/:webhookId',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'webhooks.replace': {
    method: 'PUT',
    path: '/api/v1/webhooks/:webhookId',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'webhooks.delete': {
    method: 'DELETE',
    path: '/api/v1/webhooks/:webhookId',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'webhooks.enable': {
    method: 'POST',
    path: '/api/v1/webhooks/:webhookId/enable',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'webhooks.disable': {
    method: 'POST',
    path: '/api/v1/webhooks/:webhookId/disable',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'test-events.send': {
    method: 'POST',
    path: '/api/v1/test-events',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'figures.read': {
    method: 'GET',
    path: '/api/v1/webhooks/:webhookId/figures',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'failures.list': {
    method: 'GET',
    path: '/api/v1/webhooks/:webhookId/failures',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'failures.export': {
    method: 'GET',
    path: '/api/v1/webhooks/:webhookId/failures/export',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'failures.read': {
    method: 'GET',
    path: '/api/v1/webhooks/:webhookId/failures/:attemptId',
    owner: 'yes',
    admin: 'yes',
    token: 'yes',
    anyone: 'no',
  },
  'audit.list': { method: 'GET', path: '/api/v1/audit', owner: 'yes', admin: 'no', token: 'no', anyone: 'no' },
} as const satisfies Readonly<Record<string, Access>>;

type Answer = 'yes' | 'no';

export interface Access {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly owner: Answer;
  readonly admin: Answer;
  readonly token: Answer;
  /** Without signing in. */
  readonly anyone: Answer;
}

export type RouteName = keyof typeof ACCESS;

/** Who asks: the column of the table. */
export type AccessColumn = 'owner' | 'admin' | 'token';

export function mayUse(route: RouteName, column: AccessColumn): boolean {
  return ACCESS[route][column] === 'yes';
}
