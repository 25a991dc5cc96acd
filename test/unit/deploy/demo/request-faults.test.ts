import { describe, expect, test } from '@jest/globals';
import { requestFaults } from '../../../../deploy/local/demo/request-faults.js';
import type { LogLine } from '../../../../deploy/local/receiver/log-line.js';
import { AT, producedEvent, requestOf, webhookAt } from '../../../support/demo-requests.js';

const PLAIN = '/co_aurora/everything';

function faultsAt(
  path: string,
  changes: Partial<LogLine> = {},
  eventType: 'call.end' | 'call.disposition' = 'call.end',
) {
  const event = producedEvent('evt_1', webhookAt(path).companyId, eventType);
  return requestFaults(requestOf(event, path, changes), webhookAt(path), event);
}

describe('a request as promised', () => {
  test.each<[string, Partial<LogLine>]>([
    [PLAIN, {}],
    [
      '/co_aurora/calls',
      { headers: { authorization: `Basic ${Buffer.from('aurora:pa:ss wörd').toString('base64')}` } },
    ],
    ['/co_aurora/slow', { headers: { 'x-api-key': 'demo-key-1' } }],
    ['/co_borealis/crm', { url: '/co_borealis/crm?source=webhooks&v=2&api+key=demo%26key%3D2' }],
    ['/co_borealis/chat', { headers: { 'x-tenant': 'borealis-7', 'x-empty': '' } }],
    ['/co_cumulus/everything', { headers: { authorization: 'Bearer demo-key-3', 'x-environment': 'demo' } }],
  ])('to %s has no fault', (path, changes) => {
    expect(faultsAt(path, changes)).toEqual([]);
  });

  test('of a disposition has no event_sequence', () => {
    expect(faultsAt(PLAIN, {}, 'call.disposition')).toEqual([]);
  });
});

describe('a fault is found', () => {
  const body = (text: string): Partial<LogLine> => ({ body: Buffer.from(text).toString('base64') });

  test.each<[string, string, Partial<LogLine>, string]>([
    ['another method', PLAIN, { method: 'PUT' }, 'the method is "PUT", not "POST"'],
    ['another path', PLAIN, { url: '/co_aurora/calls' }, 'the URL is'],
    ['a query that nobody gave', PLAIN, { url: `${PLAIN}?a=1` }, 'the URL is'],
    [
      'the API key missing from the query',
      '/co_borealis/crm',
      { url: '/co_borealis/crm?source=webhooks&v=2' },
      'the URL is',
    ],
    ['the Owner’s query missing', '/co_borealis/crm', { url: '/co_borealis/crm?api+key=demo%26key%3D2' }, 'the URL is'],
    ['another content type', PLAIN, { headers: { 'content-type': 'text/plain' } }, 'content-type is "text/plain"'],
    ['credentials that are not asked for', PLAIN, { headers: { authorization: 'Basic eDp5' } }, 'authorization is'],
    ['credentials missing', '/co_aurora/calls', {}, 'authorization is undefined'],
    ['an API key missing', '/co_aurora/slow', {}, 'x-api-key is undefined, not "demo-key-1"'],
    ['an empty header missing', '/co_borealis/chat', { headers: { 'x-tenant': 'borealis-7' } }, 'x-empty is undefined'],
    ['no version', PLAIN, { headers: { 'user-agent': 'node' } }, 'user-agent lacks name and version'],
    ['an id with a dot', PLAIN, { headers: { 'webhook-id': 'msg.1' } }, 'webhook-id is no id'],
    [
      'an old timestamp',
      PLAIN,
      { headers: { 'webhook-timestamp': String(AT / 1_000 - 60) } },
      'webhook-timestamp is not',
    ],
    ['no timestamp', PLAIN, { headers: { 'webhook-timestamp': '' } }, 'webhook-timestamp is not'],
    ['a body of another event', PLAIN, body('{"event_id":"evt_2"}'), 'the body is'],
  ])('%s', (_name, path, changes, fault) => {
    expect(faultsAt(path, changes).join('\n')).toContain(fault);
  });
});
