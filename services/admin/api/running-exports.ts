import type { Readable } from 'node:stream';
import { ApiError } from './api-error.js';

/** Of one company, in each admin process. */
const MOST_PER_COMPANY = 2;
const RETRY_AFTER_SECONDS = 10;

/**
 * The exports that are being sent: a few at once per company, so that one can't use up the connections to MongoDB; and
 * all are cut when the process ends, because the end can't wait for whoever reads slowly.
 */
export class RunningExports {
  readonly #perCompany = new Map<string, number>();
  readonly #streams = new Set<Readable>();

  /** Takes a place; the answer gives it back, once. @throws ApiError 429 when there is none */
  enter(companyId: string): () => void {
    const running = this.#perCompany.get(companyId) ?? 0;
    if (running >= MOST_PER_COMPANY)
      throw new ApiError('too-many-requests', `${MOST_PER_COMPANY} exports are running: wait for one to end.`, {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    this.#perCompany.set(companyId, running + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const others = (this.#perCompany.get(companyId) ?? 1) - 1;
      if (others === 0) this.#perCompany.delete(companyId);
      else this.#perCompany.set(companyId, others);
    };
  }

  /** Cuts the stream when all are cut. */
  watch(stream: Readable): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
  }

  cutAll(): void {
    for (const stream of this.#streams) stream.destroy(new Error('the process ends'));
  }
}
