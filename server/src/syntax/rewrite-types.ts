import type { Rewriting } from "./rewriting.ts";

/** `typeof(x)` in a place for a type becomes `int`. */
export function rewriteTypeof(r: Rewriting, token: number): number {
  const after = r.after(token + 1);
  r.note("typeof", token, after, r.text(token));
  r.blank(token, after);
  r.put(r.start(token), "int");
  return after;
}

/** A type of one word becomes `int`, which runs into the blank behind `u8`; without such a blank it stays. */
export function rewriteTypeWord(r: Rewriting, token: number): void {
  const start = r.start(token);
  if (!/^[ \t]*$/.test(r.source.slice(r.end(token), start + "int".length))) return;
  r.note("typeof", token, token + 1, r.text(token));
  r.blank(token, token + 1);
  r.put(start, "int");
}
