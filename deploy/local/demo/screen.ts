import type { WriteStream } from 'node:tty';

/**
 * Shows lines in place: each `show` takes the place of the one before. Lines are cut to the width of the terminal, since
 * one that wraps would break the count of lines to go back.
 */
export class Screen {
  readonly #terminal: WriteStream;
  #shownLines = 0;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  show(lines: readonly string[]): void {
    const width = this.#terminal.columns - 1;
    const back = this.#shownLines > 0 ? `\u001b[${this.#shownLines}A` : '';
    // From the cursor to the end of the screen.
    const clear = '\u001b[0J';
    this.#terminal.write(`${back}${clear}${lines.map((line) => `${line.slice(0, width)}\n`).join('')}`);
    this.#shownLines = lines.length;
  }

  /** What is shown stays; the next `show` goes below. */
  keep(): void {
    this.#shownLines = 0;
  }
}
