/** How findings name things: an object by the text the programmer wrote, a container by its field. */

import type { FileFacts } from "./file-facts.ts";
import { apiOf } from "./kernel-api/index.ts";
import { structOfObject, type Container } from "./lifetimes.ts";
import type { Span, Sym, TraceEvent } from "./trace.ts";

export function sourceText(facts: FileFacts, at: Span): string {
  return facts.unit.text.slice(at.start, at.end).replace(/\s+/g, " ").trim();
}

/** How a section or a lock is entered, without the block that is in it: scoped_guard(srcu, &x->srcu). */
export function enteredBy(facts: FileFacts, at: Span): string {
  return sourceText(facts, at).replace(/\s*\{.*$/, "");
}

/** Line of an offset, from 1, in the file that it is of. */
export function lineOf(facts: FileFacts, offset: number): number {
  return placeOf(facts, offset).line;
}

/** The file that an offset is of, and the line there, from 1. */
export function placeOf(facts: FileFacts, offset: number): { readonly file: string; readonly line: number } {
  const part = facts.parts.findLast(({ start }) => start <= offset);
  const line = newlinesBefore(facts.unit, offset) + 1;
  return part === undefined ? { file: facts.file, line } : { file: part.file, line: line - newlinesBefore(facts.unit, part.start) };
}

const newlines = new WeakMap<FileFacts["unit"], readonly number[]>();

function newlinesBefore(unit: FileFacts["unit"], offset: number): number {
  let ends = newlines.get(unit);
  if (ends === undefined) {
    ends = [...unit.text.matchAll(/\n/g)].map(({ index }) => index);
    newlines.set(unit, ends);
  }
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A function as its file writes it. */
export function writtenName(facts: FileFacts, name: string): string {
  return facts.parts.map(({ names }) => names.get(name)).find((written) => written !== undefined) ?? name;
}

export function lineIn(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < offset; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

/** kmem_cache_free(cache, x) names x second. */
const fromObject = ({ what }: TraceEvent, text: string): string => ((what.kind === "free" && what.memory === "cache") || (what.kind === "link" && isIntoTable(text)) ? text.replace(/^(\w+\()[^,]*,/, "$1") : text);

/** hash_add(table, &x->node, key) */
const isIntoTable = (text: string): boolean => apiOf(/^\w+/.exec(text)?.[0] ?? "")?.effects.some((effect) => effect.kind === "list-add" && effect.isTable === true) === true;

/** `&x->rcu`, which stands for x, or any other. */
const firstArgument = /^\w+\(\s*(?:\([^()]*\)\s*)?(?:&([A-Za-z_][\w.>-]*?)(?:->\w+)?|([A-Za-z_][\w.>-]*))\s*[,)]/;

/** The argument of kfree(x) as written; else what kind of object it is. */
export function objectName(facts: FileFacts, event: TraceEvent | undefined, object: Sym): string {
  const text = event === undefined || event.within !== undefined || event.what.kind === "insert" ? "" : fromObject(event, sourceText(facts, event.at));
  const [, part, whole] = firstArgument.exec(text) ?? [];
  const argument = (part ?? whole ?? "").replace(/->$/, "");
  if (argument !== "") return argument;
  const struct = structOfObject(object);
  return struct === undefined ? "the object" : `the struct ${struct}`;
}

export function containerName(container: Container): string {
  return container.kind !== "list" ? container.key.replace(/^global /, "") : (container.head ?? `the list through ${container.struct}.${container.member}`).replace(/^global /, "");
}

/** The macros and header functions that do what happens at a call, as steps of a path: each stands at that call. */
export function stepsWithin({ at, within = [] }: TraceEvent): readonly { readonly at: Span; readonly function: string; readonly role: string }[] {
  return within.map((name) => {
    const [, fn = name, file] = /^(\w+)\(\)(?: of (.+))?$/.exec(name) ?? [];
    return { at, function: fn, role: file === undefined ? "macro" : `inline of ${file}` };
  });
}

/** `kfree()`, or `kfree() in foo_put() of foo.h`. */
export function apiWithin(api: string, { within = [] }: TraceEvent): string {
  const last = within.at(-1);
  return last === undefined ? `${api}()` : `${api}(), in ${last},`;
}
