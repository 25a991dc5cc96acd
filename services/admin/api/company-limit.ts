import { tooMany } from './rate-limits.js';

/** So many per minute and company, in this process: the instants of the last minute are remembered per company. */
export class CompanyLimit {
  readonly #perMinute: number;
  readonly #taken = new Map<string, number[]>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Takes one; `now` is epoch ms. @throws ApiError 429 when there is none left */
  take(companyId: string, now: number): void {
    const recent = (this.#taken.get(companyId) ?? []).filter((at) => at > now - WINDOW_MS);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= this.#perMinute) throw tooMany(oldest + WINDOW_MS - now);
    // Set anew, so that the map is ordered by last use and its head is who was quiet for longest.
    this.#taken.delete(companyId);
    this.#taken.set(companyId, [...recent, now]);
    for (const [quiet] of this.#taken) {
      if (this.#taken.size <= REMEMBERED) break;
      this.#taken.delete(quiet);
    }
  }
}

const WINDOW_MS = 60_000;
const REMEMBERED = 10_000;
