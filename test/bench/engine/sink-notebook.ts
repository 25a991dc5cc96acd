import type { SeenRequest } from './request-reader.js';
import type { SinkNotes } from './sink-protocol.js';

/** An event's id in the measurements: `evt_<µs at which it was produced, 16 digits>_<number>`. */
const BODY_BEFORE_ID = '{"event_id":"'.length;
const ID_BEFORE_TIME = 'evt_'.length;
const TIME_DIGITS = 16;

export function eventIdOf(producedAtUs: number, number: number): string {
  return `evt_${String(producedAtUs).padStart(TIME_DIGITS, '0')}_${number}`;
}

export function producedAtUsOf(eventId: string): number {
  return Number(eventId.slice(ID_BEFORE_TIME, ID_BEFORE_TIME + TIME_DIGITS));
}

/** What the sink remembers of each request, while it is told to. */
export class SinkNotebook {
  on = false;
  /** Events that were produced earlier belong to the warm-up, however late they come. */
  #fromUs = 0;
  #ok: number[] = [];
  #sick: number[] = [];
  #retried: number[] = [];
  #arrivals = new Map<string, number>();
  #lastNewAtMs = 0;
  /** When the first attempt on /flaky was answered, by event. */
  readonly #failedAtUs = new Map<string, number>();

  /** `fromUs`: epoch µs. */
  begin(on: boolean, fromUs = 0): void {
    this.on = on;
    this.#fromUs = fromUs;
    this.#ok = [];
    this.#sick = [];
    this.#retried = [];
    this.#arrivals = new Map();
  }

  note(path: 'ok' | 'sick', { body }: SeenRequest, atUs: number, accepted: boolean): void {
    const id = idIn(body);
    // An event that arrives again is neither late nor another one.
    if (producedAtUsOf(id) < this.#fromUs || this.#arrivals.has(id)) return;
    (path === 'ok' ? this.#ok : this.#sick).push((atUs - producedAtUsOf(id)) / 1_000);
    if (accepted) this.#arrive(id, atUs);
  }

  /** Whether this attempt is to fail: the first of each event does. */
  noteFlaky({ body }: SeenRequest, atUs: number): boolean {
    const id = idIn(body);
    const failedAtUs = this.#failedAtUs.get(id);
    if (failedAtUs === undefined) {
      this.#failedAtUs.set(id, atUs);
      return true;
    }
    this.#failedAtUs.delete(id);
    // An event that comes again after its retry fails and is retried once more, but is one event.
    if (!this.on || producedAtUsOf(id) < this.#fromUs || this.#arrivals.has(id)) return false;
    this.#retried.push((atUs - failedAtUs) / 1_000);
    this.#arrive(id, atUs);
    return false;
  }

  read(): SinkNotes {
    return {
      ok: this.#ok,
      sick: this.#sick,
      retried: this.#retried,
      events: this.#arrivals.size,
      lastNewAtMs: this.#lastNewAtMs,
      arrivals: [...this.#arrivals],
    };
  }

  #arrive(id: string, atUs: number): void {
    this.#arrivals.set(id, atUs);
    this.#lastNewAtMs = atUs / 1_000;
  }
}

function idIn(body: Buffer): string {
  return body.toString('latin1', BODY_BEFORE_ID, body.indexOf('"', BODY_BEFORE_ID));
}
