/** Readers that walk a list plainly although its changes leave readers a way on. */

import type { FileFacts } from "../../model/file-facts.ts";
import { processEntries } from "../../model/entry-contexts.ts";
import { isLocal, touches, usableKey } from "../../model/lifetimes.ts";
import { isCalledFromElsewhere, listKey, runsAlone, updateLockOf, type ListUses, type Use } from "../../model/protection.ts";
import { listReaders } from "./list-readers.ts";

/** `access`: where it reads what it found. `changes`: those of the same list by _rcu operations. `openLock`: the lock of the updates, where nothing on the path says that readers are waited for and callers would have to hold it. */
export type PlainWalk = { readonly use: Use; readonly access: number; readonly changes: readonly Use[]; readonly openLock: string | undefined };

export function plainWalksOf(list: ListUses, facts: FileFacts): readonly PlainWalk[] {
  const marked = [...list.links, ...list.unlinks].filter(({ event: { what } }) => (what.kind === "link" || what.kind === "unlink") && what.rcu);
  if (marked.length === 0) return [];
  const walks = list.walks.filter(({ event: { what, condition } }) => what.kind === "walk" && !what.rcu && (what.access ?? "plain") === "plain" && condition === undefined);
  const inSections = listReaders({ ...list, walks }, undefined).flatMap(({ use, access }) => (access === undefined ? [] : [{ use, access, openLock: undefined }]));
  return [...inSections, ...withoutSection(list, walks, facts)].flatMap((walk): PlainWalk[] => {
    const changes = marked.filter((change) => isOf(change, headOf(walk.use)) && !excludes(walk.use, change));
    return changes.length === 0 || keepsUpdatersOut(walk.use, list) ? [] : [{ ...walk, changes }];
  });
}

/**
 * Walks that hold nothing, of a list that others walk with _rcu iterators and whose changes hold a lock that only this
 * file can take: callers cannot hold that one, so that they are readers or keep updaters out in a way of their own.
 */
function withoutSection(list: ListUses, walks: readonly Use[], facts: FileFacts): readonly Omit<PlainWalk, "changes">[] {
  const lock = updateLockOf(changesOf(list));
  if (lock === undefined || !isOfThisFile(lock.key, facts)) return [];
  if (!list.walks.some((use) => use.event.what.kind === "walk" && use.event.what.rcu && use.event.locks.length === 0)) return [];
  const bySite = new Map<string, Omit<PlainWalk, "changes">>();
  for (const use of walks) {
    const { trace, index, event } = use;
    const { what } = event;
    if (what.kind !== "walk" || event.locks.length > 0 || event.readers.length > 0 || !isCalledFromElsewhere(trace.root, facts)) continue;
    if (runsAlone(trace.root, facts) !== undefined || processEntries(facts).has(trace.root) || trace.events.some((other) => other.locks.length > 0)) continue;
    const access = trace.events.findIndex((other, at) => at > index && other.what.kind !== "advance" && touches(other.what, what.element));
    if (access >= 0) bySite.set(`${event.function} ${String(event.at.start)}`, { use, access, openLock: lock.lock.text });
  }
  return [...bySite.values()];
}

/** A lock of the file itself, or in a structure that no other file knows. */
function isOfThisFile(key: string, facts: FileFacts): boolean {
  const global = /^global (\w+)/.exec(key)?.[1];
  if (global !== undefined) return facts.unit.globals.some(({ isStatic, declarator }) => isStatic && declarator.name === global);
  const struct = /^(\w+)\./.exec(key)?.[1];
  return facts.file.endsWith(".c") && facts.unit.structs.some(({ name }) => name === struct);
}

const changesOf = ({ links, unlinks }: ListUses): readonly Use[] => [...links, ...unlinks].filter(({ event: { what } }) => !(what.kind === "link" && isLocal(what.head)));

/** Who holds the lock of an update, or changes the list itself, is no reader. */
function keepsUpdatersOut({ trace, event }: Use, list: ListUses): boolean {
  const updates = changesOf(list);
  const isUpdater = trace.events.some(({ what }) => (what.kind === "link" || what.kind === "unlink") && listKey(what.element, what.member) === `${list.struct}.${list.member}`);
  const isLocked = event.locks.some((lock) => updates.some((update) => update.event.locks.some((held) => held.key === lock.key)));
  return isUpdater || isLocked || (event.locks.length > 0 && updates.every((update) => update.event.locks.length === 0));
}

const headOf = ({ event: { what } }: Use): string | undefined => (what.kind === "walk" ? usableKey(what.head?.key) : undefined);

/** A change of the list at `head`, or of one that may be it. */
function isOf({ event: { what } }: Use, head: string | undefined): boolean {
  const place = what.kind === "link" ? what.head : what.kind === "unlink" && what.element.origin.kind === "element" ? what.element.origin.head : undefined;
  const own = usableKey(place?.key);
  return own === undefined || head === undefined || own === head;
}

const excludes = (reader: Use, { event }: Use): boolean => event.locks.some((lock) => reader.event.locks.some((held) => held.key === lock.key && !(held.class === "read" && lock.class === "read")));
