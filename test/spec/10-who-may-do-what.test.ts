import { describe, expect, test } from '@jest/globals';
import { ACCESS, mayUse, type AccessColumn, type RouteName } from '../../services/admin/api/access.js';

/**
 * Who may do what.
 *
 * "A company's Owner or Admin" manages webhooks; "other roles have no access". What a company did is its Owner's to
 * read. A company's API token works on webhooks, and makes no further tokens. Without signing in there is only the way
 * to sign in. The table below is the rule; the code's own must agree with it, row by row.
 */
const RULE: readonly (readonly [RouteName, readonly (AccessColumn | 'anyone')[]])[] = [
  ['sign-in-method.read', ['owner', 'admin', 'token', 'anyone']],
  ['session.create', ['owner', 'admin', 'token', 'anyone']],
  ['session.read', ['owner', 'admin', 'token']],
  ['session.delete', ['owner', 'admin']],
  ['tokens.list', ['owner', 'admin']],
  ['tokens.create', ['owner', 'admin']],
  ['tokens.revoke', ['owner', 'admin']],
  ['events.list', ['owner', 'admin', 'token']],
  ['webhooks.list', ['owner', 'admin', 'token']],
  ['webhooks.create', ['owner', 'admin', 'token']],
  ['webhooks.read', ['owner', 'admin', 'token']],
  ['webhooks.replace', ['owner', 'admin', 'token']],
  ['webhooks.delete', ['owner', 'admin', 'token']],
  ['webhooks.enable', ['owner', 'admin', 'token']],
  ['webhooks.disable', ['owner', 'admin', 'token']],
  ['test-events.send', ['owner', 'admin', 'token']],
  ['figures.read', ['owner', 'admin', 'token']],
  ['failures.list', ['owner', 'admin', 'token']],
  ['failures.export', ['owner', 'admin', 'token']],
  ['failures.read', ['owner', 'admin', 'token']],
  ['audit.list', ['owner']],
];

describe('the matrix', () => {
  test.each(RULE)('%s is for %j', (route, who) => {
    const columns = (['owner', 'admin', 'token'] as const).filter((column) => mayUse(route, column));
    const anyone = ACCESS[route].anyone === 'yes' ? ['anyone'] : [];
    expect([...columns, ...anyone]).toEqual(who);
  });

  test('has no route beside these', () => {
    expect(Object.keys(ACCESS)).toEqual(RULE.map(([route]) => route));
  });
});
