/*
 * Threads that many litmus tests have in common: an archive of 5,300 tests has 23,200 threads, of which
 * 1,700 are different. A thread is read once and found again by its text; it is frozen, so what was derived
 * from it once stays true (explore/thread-paths.ts). Bounded, and exact: the text says all there is to know.
 */
import type { Thread } from "./program.ts";

/** Threads of a generation; as many of the generation before are kept beside them. */
const generationMax = 1024;

/** A longer thread is hardly met twice. */
const textMax = 4096;

let young = new Map<string, Thread>();
let old = new Map<string, Thread>();
const all = new WeakSet<Thread>();

/** The thread that was shared under `text`, if it is still known. */
export function sharedThread(text: string): Thread | undefined {
  const recent = young.get(text);
  if (recent !== undefined) return recent;
  const thread = old.get(text);
  if (thread !== undefined) keep(text, thread);
  return thread;
}

/** Freezes a thread that nobody holds yet. `text` is all it was made from. */
export function shareThread(text: string, thread: Thread): void {
  if (text.length > textMax) return;
  freeze(thread);
  all.add(thread);
  keep(text, thread);
}

export function isShared(thread: Thread): boolean {
  return all.has(thread);
}

function keep(text: string, thread: Thread): void {
  if (young.size >= generationMax) {
    old = young;
    young = new Map();
  }
  young.set(text, thread);
}

/** No deeper than the parser lets expressions and blocks nest. */
function freeze(value: object): void {
  Object.freeze(value);
  for (const part of Object.values(value) as unknown[]) if (typeof part === "object" && part !== null) freeze(part);
}
