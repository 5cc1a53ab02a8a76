/** The last lines of the log, for a report that a person sends by hand. */
export class RecentLines {
  readonly #lineCountMax: number;
  #lines: readonly string[] = [];

  constructor(lineCountMax: number) {
    this.#lineCountMax = lineCountMax;
  }

  add(text: string): void {
    this.#lines = [...this.#lines, ...text.split(/\r?\n/)].slice(-this.#lineCountMax);
  }

  all(): readonly string[] {
    return this.#lines;
  }
}
