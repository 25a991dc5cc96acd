import {
  figuresOver,
  latencyOf,
  seriesOver,
  spanOf,
  type AttemptFigures,
  type FiguresSpan,
  type RollUp,
} from '../../shared/core/roll-up.js';
import type { Figures, FiguresWindow, Sparkline } from '../contract/figures.js';

/**
 * What webhooks did, from the roll-ups that the delivery processes write: in short for each row of a list, in full for
 * one webhook. The list is read again and again by everybody who looks at it, so what it needs is kept per company for
 * as long as figures may be old anyway.
 */
export interface FiguresPorts {
  readonly rollUps: (companyId: string, webhookIds: readonly string[], span: FiguresSpan) => Promise<readonly RollUp[]>;
  /** Epoch ms; null when there is none. */
  readonly lastDeliveryAt: (companyId: string, webhookId: string) => Promise<number | null>;
}

export interface WebhookActivity {
  readonly lastDeliveryAt: string | null;
  readonly last24h: Sparkline;
}

type Activities = ReadonlyMap<string, WebhookActivity>;

const FRESH_MS = 5_000;
const REMEMBERED_COMPANIES = 1_000;

export class WebhookFigures {
  readonly #ports: FiguresPorts;
  readonly #recent = new Map<
    string,
    { readonly until: number; readonly webhooks: string; activities: Promise<Activities> }
  >();

  constructor(ports: FiguresPorts) {
    this.#ports = ports;
  }

  /** For a list: of each webhook, when it delivered last and its last 24 hours; at most 5 s old. */
  figuresOf(companyId: string, webhookIds: readonly string[], now: number): Promise<Activities> {
    const webhooks = [...webhookIds].sort().join(' ');
    const known = this.#recent.get(companyId);
    if (known?.webhooks === webhooks && now < known.until) return known.activities;
    const activities = this.#activities(companyId, webhookIds, now);
    this.#recent.delete(companyId);
    this.#recent.set(companyId, { until: now + FRESH_MS, webhooks, activities });
    activities.catch(() => this.#recent.delete(companyId));
    for (const [oldest] of this.#recent) {
      if (this.#recent.size <= REMEMBERED_COMPANIES) break;
      this.#recent.delete(oldest);
    }
    return activities;
  }

  /** Of one webhook over a window that ends now. */
  async figures(companyId: string, webhookId: string, window: FiguresWindow, now: number): Promise<Figures> {
    const span = spanOf(window, now);
    const rollUps = await this.#ports.rollUps(companyId, [webhookId], span);
    const all = figuresOver(rollUps);
    return {
      window,
      from: instant(span.from),
      to: instant(now),
      ...countsOf(all),
      successRate: all.successRate,
      p50Ms: latencyOf(all, 0.5),
      p95Ms: latencyOf(all, 0.95),
      p99Ms: latencyOf(all, 0.99),
      series: seriesOver(rollUps, span).map((point) => ({
        at: instant(point.at),
        ...countsOf(point),
        p50Ms: latencyOf(point, 0.5),
        p95Ms: latencyOf(point, 0.95),
      })),
    };
  }

  async #activities(companyId: string, webhookIds: readonly string[], now: number): Promise<Activities> {
    const span = spanOf('24h', now);
    const rollUps = await this.#ports.rollUps(companyId, webhookIds, span);
    const perWebhook = new Map(webhookIds.map((id): [string, RollUp[]] => [id, []]));
    for (const rollUp of rollUps) perWebhook.get(rollUp.webhookId)?.push(rollUp);
    const activities = [...perWebhook].map(async ([webhookId, own]): Promise<[string, WebhookActivity]> => {
      const last = lastOf(own) ?? (await this.#ports.lastDeliveryAt(companyId, webhookId));
      return [webhookId, { lastDeliveryAt: last === null ? null : instant(last), last24h: sparklineOf(own, span) }];
    });
    return new Map(await Promise.all(activities));
  }
}

function sparklineOf(rollUps: readonly RollUp[], span: FiguresSpan): Sparkline {
  const all = figuresOver(rollUps);
  return {
    ...countsOf(all),
    successRate: all.successRate,
    p50Ms: seriesOver(rollUps, span).map((point) => latencyOf(point, 0.5)),
  };
}

function lastOf(rollUps: readonly RollUp[]): number | null {
  const instants = rollUps.flatMap(({ lastDeliveryAt }) => lastDeliveryAt ?? []);
  return instants.length === 0 ? null : Math.max(...instants);
}

function countsOf({ deliveries, failures }: AttemptFigures) {
  return { deliveries, failures };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
