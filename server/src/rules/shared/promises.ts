/** What a function says about its callers, and what a path says about the context that its root is entered in. */

import { processEntries, type ProcessEntry } from "../../model/entry-contexts.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { apiOf } from "../../model/kernel-api/index.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";

/** A call by which a function says, and in debug kernels checks, what its callers hold. */
function asserts(name: string): boolean {
  const row = apiOf(name);
  return row?.asserts !== undefined || row?.effects.some(({ kind }) => kind === "assert-held" || kind === "assert-global-held") === true;
}

const comments = /\b(rcu|callers?|called|context|lock(?:ed|s)?|held|hold(?:s|ing)?)\b/i;

/** The function leaves it to its callers to hold a section or a lock: by a check, an annotation or its comment. */
export function promisesCallers(name: string, facts: FileFacts): boolean {
  const fn = facts.functions.get(name);
  if (fn === undefined) return false;
  if (comments.test(fn.comment)) return true;
  if (fn.attributes.some((attribute) => /^__(must_hold|acquires|releases)/.test(attribute.name))) return true;
  return [...(facts.calledNames.get(name) ?? [])].some(asserts);
}

/** The comment on a function says that it is called in a read-side section; what it is called says nothing. */
export function isCalledByReaders(name: string, facts: FileFacts): boolean {
  const fn = facts.functions.get(name);
  return fn !== undefined && /\b(?:with|under|hold\w*|held|inside|within|in|takes?)\b[^.]*\brcu(?:_read_lock\w*)?\b|\brcu_read_lock\w*[^.]*\b(?:held|hold)/i.test(fn.comment.replace(/\s+/g, " "));
}

/** The function checks that its callers are in a read-side section, and takes no lock for one. */
export function checksForReaders(name: string, facts: FileFacts): boolean {
  const called = [...(facts.calledNames.get(name) ?? [])];
  return called.some((one) => apiOf(one)?.asserts === true) && called.some((one) => apiOf(one)?.asserts === "section") && !called.some((one) => isLockCheck.test(one));
}

const isLockCheck = /^lockdep_(?:is_held|rtnl_is_held|\w*_is_held)/;

/** How the root is entered where it is known that no caller is in a read-side section; undefined: not known. */
export type Outside = { readonly why: string; readonly entry: ProcessEntry | undefined; /** A lock that the caller holds. */ readonly holds: string | undefined };

/**
 * Why no caller of the root can be in a read-side section: all its entries are known, or the path sleeps where it has
 * opened none itself (under a caller's section that would be a bug of its own).
 */
export function outsideEvidence(trace: Trace, facts: FileFacts): Outside | undefined {
  const entries = processEntries(facts).get(trace.root) ?? [];
  const entry = entries.find(({ holds }) => holds === undefined) ?? entries[0];
  if (entry !== undefined) return { why: `${trace.root}() is entered as ${entry.name}`, entry, holds: entry.holds };
  const sleeps = trace.events.find((event, index) => isSleep(event, trace, index));
  if (sleeps === undefined || promisesReader(trace.root, facts)) return undefined;
  return { why: `${trace.root}() may sleep outside its own sections`, entry: undefined, holds: undefined };
}

function promisesReader(root: string, facts: FileFacts): boolean {
  return /\brcu\b/i.test(facts.functions.get(root)?.comment ?? "");
}

function isSleep({ what, readers, locks, condition, at }: TraceEvent, trace: Trace, index: number): boolean {
  if (readers.length > 0 || condition !== undefined || locks.some((lock) => lock.class === "spin")) return false;
  if (what.kind === "allocation") return /^GFP_KERNEL(_ACCOUNT)?\b/.test(what.gfp ?? "");
  // A put may sleep where it is the last one.
  return what.kind === "sleep" && !trace.events.slice(index, index + 6).some((event) => event.at.start === at.start && event.what.kind === "put");
}

/** A macro of the file may open sections that nobody sees. */
export function hiddenSections({ unit }: FileFacts): readonly string[] {
  const macro = unit.macros.find(({ body }) => /\b(s?rcu_read_(un)?lock\w*|local_bh_disable|preempt_disable)\s*\(/.test(body));
  return macro === undefined ? [] : [`${macro.name}(), a macro of this file, may open a section`];
}
