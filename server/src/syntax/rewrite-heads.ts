import { rewriteCommaList } from "./rewrite-expressions.ts";
import type { NoteKind } from "./notes.ts";
import type { Rewriting } from "./rewriting.ts";

/** Guards run their body once and are left by `break`, as a loop is. */
const guardName = /^scoped_/;

export const isGuard = (name: string): boolean => guardName.test(name);

/** `if_not_guard(…) {`: runs its body at most once. */
const conditionName = /^(?:if|unless)_|^IF_/;

/**
 * The head of a statement that a macro makes: its name becomes `while` (never `if`, which would take a later `else`),
 * so that the grammar binds the body to it. Gives the token after the head, where the body starts.
 */
export function rewriteHead(r: Rewriting, name: number): number {
  const text = r.text(name);
  const kind: NoteKind = guardName.test(text) ? "guard" : conditionName.test(text) ? "condition" : "loop";
  return rewriteTo(r, name, { kind, keyword: kind === "condition" ? "if" : "while" });
}

/** `do_each_thread(g, p) {` … `} while_each_thread(g, p);` */
export function rewriteDoEach(r: Rewriting, name: number): number {
  const after = r.after(name + 1);
  noteHead(r, name, "loop");
  r.blank(name, after);
  r.put(r.start(name), "do");
  return after;
}

export function rewriteWhileEach(r: Rewriting, name: number): number {
  const after = r.after(name + 1);
  r.blank(name, after);
  r.put(r.start(name), "while");
  r.putBefore(r.end(after - 1), "(1)");
  return after;
}

function noteHead(r: Rewriting, name: number, kind: NoteKind): void {
  const open = name + 1;
  const close = r.match[open]!;
  r.note(kind, name, close + 1, r.text(name), open + 1 === close ? [] : r.split(open + 1, close));
}

function rewriteTo(r: Rewriting, name: number, { kind, keyword }: { kind: NoteKind; keyword: "while" | "if" }): number {
  const open = name + 1;
  const close = r.match[open]!;
  const room = r.start(open) - r.start(name);
  const isEmpty = open + 1 === close || r.split(open + 1, close).every(([from, to]) => from === to);
  const fits = room >= keyword.length ? keyword : room >= 2 ? "if" : undefined;
  if (fits === undefined || (isEmpty && r.room(r.start(name), r.end(close)) < fits.length + 3)) {
    r.blankAttribute(name, close + 1);
    return close + 1;
  }
  noteHead(r, name, kind);
  r.replace(name, "");
  r.put(r.start(name), fits);
  if (isEmpty) {
    r.blank(open, close + 1);
    r.putBefore(r.end(close), "(1)");
  } else {
    rewriteCommaList(r, open);
  }
  return close + 1;
}
