import {
  figuresOver,
  latencyOf,
  seriesOver,
  spanOf,
  type AttemptFigures,
  type FiguresSpan,
  type RollUp,
} from '../../shared/core/roll-up.js';
import type { Figures, FiguresWindow } from '../contract/figures.js';

export interface FiguresPorts {
  readonly rollUps: (companyId: string, webhookIds: readonly string[], span: FiguresSpan) => Promise<readonly RollUp[]>;
}

/** What one webhook did, in full, from the roll-ups that the delivery processes write. */
export class WebhookFigures {
  readonly #ports: FiguresPorts;

  constructor(ports: FiguresPorts) {
    this.#ports = ports;
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
}

function countsOf({ deliveries, failures }: AttemptFigures) {
  return { deliveries, failures };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
