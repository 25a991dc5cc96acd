import type { Violation } from './check/violation.js';
import type { History } from './history.js';
import type { ChapterResult } from './run-chapter.js';
import { unlessAborted } from './unless-aborted.js';
import { unplayed } from './unplayed.js';

/** What a chapter was judged by, and the processes' logs. */
export interface Evidence {
  /** Undefined where the witnesses were never asked. */
  readonly history: History | undefined;
  readonly logs: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

/** A run as far as it has come. Whatever ends it, an error or a signal, leaves what was told and kept until then. */
export class Course {
  readonly told: ChapterResult[] = [];
  /** What ended the run before its time. */
  readonly broken: Violation[] = [];
  /** Of the first chapter that doesn't hold, or of the last. */
  evidence: Evidence | undefined;

  get holds(): boolean {
    return this.broken.length === 0 && this.told.every((chapter) => chapter.violations.length === 0);
  }

  note(result: ChapterResult, evidence: Evidence): void {
    if (this.holds) this.evidence = evidence;
    this.told.push(result);
  }

  fail(error: unknown, logs: Evidence['logs']): void {
    if (this.holds) this.evidence = { history: undefined, logs };
    this.broken.push(unplayed(error));
  }
}

/**
 * Fills a course until `play` has ended, fails, or the signal aborts; what `play` notes after that nobody sees. `keep` is
 * called as soon as a chapter is noted that doesn't hold, for the first of them.
 */
export async function runCourse(
  signal: AbortSignal | undefined,
  play: (note: Course['note']) => Promise<void>,
  logs: () => Evidence['logs'],
  keep: (course: Course) => void,
): Promise<Course> {
  const course = new Course();
  let ended = false;
  try {
    await unlessAborted(signal, () =>
      play((result, evidence) => {
        if (ended) return;
        const held = course.holds;
        course.note(result, evidence);
        if (held && !course.holds) keep(course);
      }),
    );
  } catch (error) {
    course.fail(error, logs());
  }
  ended = true;
  return course;
}
