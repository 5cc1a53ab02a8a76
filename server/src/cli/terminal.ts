/**
 * The two streams, and nothing else, so that the rule is easy to keep: stdout is the answer and only the answer
 * (text, JSON, TSV); progress, summaries and complaints go to stderr, one line each.
 */

export type ExitStatus = 0 | 1 | 2;

export function printOut(text: string | Uint8Array): void {
  try {
    process.stdout.write(text);
  } catch (error) {
    // A file or a full device is written synchronously, and throws here.
    complain(`the output could not be written: ${messageOf(error)}`);
    process.exit(2);
  }
}

/** True: some of it waits (on a pipe of Windows), so the bytes must not be written over. */
export function printBytes(bytes: Uint8Array): boolean {
  printOut(bytes);
  return process.stdout.writableLength > 0;
}

/** One line; newlines inside a message would break "one line says what, where and what to do". */
export function complain(line: string): void {
  process.stderr.write(`quiesce: ${oneLine(line)}\n`);
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}

/** What went wrong in words, without a stack. */
export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error)) || "no reason given";
}

export type Progress = { readonly step: (done: number, total: number, what: string) => void; readonly end: () => void };

export const noProgress: Progress = { step: () => undefined, end: () => undefined };

/** A line that rewrites itself on a terminal; elsewhere (`--progress` in a log) a line every `stepsPerLine` files. */
export function progressLine(): Progress {
  const stepsPerLine = 100;
  const isTerminal = process.stderr.isTTY;
  const width = isTerminal ? process.stderr.columns - 1 : 0;
  return {
    step(done, total, what) {
      if (isTerminal) process.stderr.write(`\r\u001b[K${`[${String(done)}/${String(total)}] ${what}`.slice(0, width)}`);
      else if (done % stepsPerLine === 0 || done === total) process.stderr.write(`[${String(done)}/${String(total)}] ${what}\n`);
    },
    end() {
      if (isTerminal) process.stderr.write("\r\u001b[K");
    },
  };
}

/** `head` closing the pipe is not an error of ours. */
export function ignoreClosedPipe(): void {
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE") process.exit(0);
    try {
      process.stderr.write(`quiesce: the output could not be written: ${messageOf(error)}\n`);
    } finally {
      process.exit(2);
    }
  };
  process.stdout.on("error", onError);
  process.stderr.on("error", onError);
}

/** Code-unit order: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}
