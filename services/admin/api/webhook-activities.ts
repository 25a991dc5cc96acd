import {
  latencyOf,
  RESOLUTION_MS,
  seriesOver,
  spanOf,
  startOf,
  type FiguresSpan,
  type RollUp,
} from '../../shared/core/roll-up.js';
import type { Sparkline } from '../contract/figures.js';

/**
 * What each webhook of a list did in the last 24 hours, in short. Everybody who looks at a list reads it again and
 * again, so it is kept per company, in two parts: the hours that are over, which no process writes any more, for some
 * minutes; the hour that is going on for as long as figures may be old anyway.
 */
export interface ActivityPorts {
  /** Within [from, before). */
  readonly rollUps: (
    companyId: string,
    webhookIds: readonly string[],
    range: RollUpRange,
  ) => Promise<readonly RollUp[]>;
  /** Epoch ms; null when there is none. */
  readonly lastDeliveryAt: (companyId: string, webhookId: string) => Promise<number | null>;
}

export interface RollUpRange {
  readonly resolution: FiguresSpan['resolution'];
  readonly from: number;
  readonly before: number;
}

export interface WebhookActivity {
  readonly lastDeliveryAt: string | null;
  readonly last24h: Sparkline;
}

type Activities = ReadonlyMap<string, WebhookActivity>;

interface Hour {
  readonly at: number;
  readonly deliveries: number;
  readonly failures: number;
  readonly p50Ms: number | null;
}

interface Past {
  readonly hours: readonly Hour[];
  readonly lastDeliveryAt: number | null;
}

interface Kept {
  readonly webhooks: string;
  /** Hours that began before this instant are `past`. */
  readonly before: number;
  readonly pastUntil: number;
  readonly past: Promise<ReadonlyMap<string, Past>>;
  readonly freshUntil: number;
  readonly activities: Promise<Activities>;
}

const FRESH_MS = 5_000;
/** After its end, how long an hour may still be written: roll-ups are written every 10 s, and again when that failed. */
const SETTLING_MS = 2 * 60_000;
/** Plus as much again by chance: so that not all companies read their day in one moment. */
const PAST_MS = 5 * 60_000;
const REMEMBERED_COMPANIES = 1_000;

export class WebhookActivities {
  readonly #ports: ActivityPorts;
  /** In the order in which they were read last. */
  readonly #kept = new Map<string, Kept>();

  constructor(ports: ActivityPorts) {
    this.#ports = ports;
  }

  /** Of each webhook, when it delivered last and its last 24 hours; at most 5 s old, past hours at most 10 minutes. */
  of(companyId: string, webhookIds: readonly string[], now: number): Promise<Activities> {
    const webhooks = [...webhookIds].sort().join(' ');
    const known = this.#kept.get(companyId);
    const same = known?.webhooks === webhooks ? known : undefined;
    if (same !== undefined && now < same.freshUntil) return same.activities;
    const past = same !== undefined && now < same.pastUntil ? same : this.#readPast(companyId, webhookIds, now);
    const activities = this.#activities(companyId, webhookIds, past, now);
    const kept: Kept = { ...past, webhooks, freshUntil: now + FRESH_MS, activities };
    this.#keep(companyId, kept);
    activities.catch(() => {
      if (this.#kept.get(companyId) === kept) this.#kept.delete(companyId);
    });
    return activities;
  }

  #keep(companyId: string, kept: Kept): void {
    this.#kept.delete(companyId);
    this.#kept.set(companyId, kept);
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= REMEMBERED_COMPANIES) break;
      this.#kept.delete(oldest);
    }
  }

  #readPast(
    companyId: string,
    webhookIds: readonly string[],
    now: number,
  ): Pick<Kept, 'before' | 'pastUntil' | 'past'> {
    const span = spanOf('24h', now);
    const before = startOf('hour', now - SETTLING_MS);
    const pastUntil = now + PAST_MS * (1 + Math.random());
    return { before, pastUntil, past: this.#past(companyId, webhookIds, { ...span, before }) };
  }

  async #past(
    companyId: string,
    webhookIds: readonly string[],
    range: RollUpRange & FiguresSpan,
  ): Promise<ReadonlyMap<string, Past>> {
    const perWebhook = byWebhook(webhookIds, await this.#ports.rollUps(companyId, webhookIds, range));
    const read = [...perWebhook].map(async ([id, own]): Promise<[string, Past]> => {
      const lastDeliveryAt = lastOf(own) ?? (await this.#ports.lastDeliveryAt(companyId, id));
      return [id, { hours: hoursOf(own, range), lastDeliveryAt }];
    });
    return new Map(await Promise.all(read));
  }

  async #activities(
    companyId: string,
    webhookIds: readonly string[],
    { past, before }: Pick<Kept, 'past' | 'before'>,
    now: number,
  ): Promise<Activities> {
    const { resolution, from, points } = spanOf('24h', now);
    const range = { resolution, from: before, before: now + RESOLUTION_MS.hour };
    const [settled, rollUps] = await Promise.all([past, this.#ports.rollUps(companyId, webhookIds, range)]);
    const recent = [...byWebhook(webhookIds, rollUps)];
    return new Map(
      recent.map(([id, own]): [string, WebhookActivity] => {
        const known = settled.get(id);
        const going = hoursOf(own, { resolution, from, points }).filter(({ at }) => at >= before);
        const hours = [...(known?.hours ?? []).filter(({ at }) => at >= from && at < before), ...going];
        const last = lastOf(own) ?? known?.lastDeliveryAt ?? null;
        const lastDeliveryAt = last === null ? null : new Date(last).toISOString();
        return [id, { lastDeliveryAt, last24h: sparklineOf(hours) }];
      }),
    );
  }
}

function byWebhook(webhookIds: readonly string[], rollUps: readonly RollUp[]): ReadonlyMap<string, readonly RollUp[]> {
  const perWebhook = new Map(webhookIds.map((id): [string, RollUp[]] => [id, []]));
  for (const rollUp of rollUps) perWebhook.get(rollUp.webhookId)?.push(rollUp);
  return perWebhook;
}

function hoursOf(rollUps: readonly RollUp[], span: FiguresSpan): Hour[] {
  return seriesOver(rollUps, span).map((point) => {
    const { at, deliveries, failures } = point;
    return { at, deliveries, failures, p50Ms: latencyOf(point, 0.5) };
  });
}

function sparklineOf(hours: readonly Hour[]): Sparkline {
  const deliveries = hours.reduce((sum, hour) => sum + hour.deliveries, 0);
  const failures = hours.reduce((sum, hour) => sum + hour.failures, 0);
  const attempts = deliveries + failures;
  const successRate = attempts === 0 ? null : deliveries / attempts;
  return { deliveries, failures, successRate, p50Ms: hours.map(({ p50Ms }) => p50Ms) };
}

function lastOf(rollUps: readonly RollUp[]): number | null {
  const instants = rollUps.flatMap(({ lastDeliveryAt }) => lastDeliveryAt ?? []);
  return instants.length === 0 ? null : Math.max(...instants);
}
