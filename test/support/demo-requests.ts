import { DEMO_WEBHOOKS, type DemoWebhook } from '../../deploy/local/demo/demo-webhooks.js';
import type { LogLine } from '../../deploy/local/receiver/log-line.js';
import type { ProducedEvent } from '../../deploy/local/simulator/produce.js';
import type { EventType } from '../../services/shared/core/vocabulary.js';

/** 2026-11-24T09:00:00.000Z, in epoch ms. */
export const AT = Date.UTC(2026, 10, 24, 9);

/** The demo's webhook with this path. */
export function webhookAt(path: string): DemoWebhook {
  const found = DEMO_WEBHOOKS.find(({ companyId, name }) => `/${companyId}/${name}` === path);
  if (found === undefined) throw new Error(`the demo has no webhook at ${path}`);
  return found;
}

export function producedEvent(eventId: string, companyId: string, eventType: EventType): ProducedEvent {
  return {
    ...{ eventId, companyId, eventType, conversationId: 'call_1', occurredAt: '2026-11-24T09:00:00.000Z' },
    eventSequence: eventType === 'call.disposition' ? null : 2,
    data: { call_id: 'call_1', note: 'Zoë 🎧' } as never,
    ...{ producedAt: AT, acked: true },
  };
}

/** A request as it should be for a webhook without authentication. */
export function requestOf(event: ProducedEvent, path: string, changes: Partial<LogLine> = {}, attempt = 1): LogLine {
  const { eventId, eventType, companyId, occurredAt, eventSequence, data } = event;
  const body = JSON.stringify({
    ...{ event_id: eventId, event_type: eventType, company_id: companyId, occurred_at: occurredAt },
    ...(eventSequence === null ? {} : { event_sequence: eventSequence }),
    data,
  });
  return {
    ...{ index: 0, endpoint: path, arrivedAt: AT + 5, method: 'POST', url: path, status: 200, completion: 'answered' },
    body: Buffer.from(body).toString('base64'),
    ...changes,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'webhook-v2/0.1.0',
      'webhook-id': `msg_${eventId}`,
      'webhook-timestamp': String(AT / 1_000),
      'webhook-attempt': String(attempt),
      ...changes.headers,
    },
  };
}
