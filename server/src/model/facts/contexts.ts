/** Which locks and sections hold at a place: on every followed path that comes there, or on some. */

import type { Moment } from "../watching.ts";
import type { Raw } from "./recorder.ts";
import type { Spelling } from "./spelling.ts";
import type { Context, HeldFact, On, SectionFact } from "./types.ts";

/** What is left at an exit once the guards of the function are undone. */
export function withoutGuards(moment: Moment, spelling: Spelling): Moment {
  return { ...moment, locks: moment.locks.filter((lock) => spelling.guardAt(lock.at) === null), readers: moment.readers.filter((section) => spelling.guardAt(section.at) === null) };
}

export function contextOf(moments: readonly Moment[], spelling: Spelling, sectionNames: ReadonlyMap<number, string>): Context {
  const count = moments.length;
  const locks = counted(moments.map(({ locks: held }) => held.map((lock): Omit<HeldFact, "on"> => ({
    place: spelling.lock(lock), key: spelling.lockKey(lock), class: lock.class, line: spelling.ownLine(lock.at), isAsserted: lock.at === undefined, guard: spelling.guardAt(lock.at),
  }))));
  const sections = counted(moments.map(({ readers }) => readers.map((section): Omit<SectionFact, "on"> => ({
    name: sectionNames.get(section.at.start) ?? section.flavour, domain: spelling.domain(section), line: spelling.ownLine(section.at), guard: spelling.guardAt(section.at),
  }))));
  const on = (times: number): On => (times === count ? "all" : "some");
  return {
    locks: [...byPlace(locks, (lock) => `${lock.place} ${lock.class}`)].map(([fact, times]) => ({ ...fact, on: on(times) })),
    sections: [...byPlace(sections, (section) => `${section.name} ${section.domain}`)].map(([fact, times]) => ({ ...fact, on: on(times) })),
  };
}

/** Each fact with the number of moments it holds at. */
function counted<T>(lists: readonly (readonly T[])[]): ReadonlyMap<string, { readonly fact: T; readonly moments: ReadonlySet<number> }> {
  const found = new Map<string, { fact: T; moments: Set<number> }>();
  lists.forEach((list, moment) => {
    for (const fact of list) {
      const key = JSON.stringify(fact);
      const known = found.get(key);
      if (known === undefined) found.set(key, { fact, moments: new Set([moment]) });
      else known.moments.add(moment);
    }
  });
  return found;
}

/** One lock taken in two places is one lock. */
function byPlace<T>(facts: ReturnType<typeof counted<T>>, placeOf: (fact: T) => string): ReadonlyMap<T, number> {
  const merged = new Map<string, { fact: T; moments: Set<number> }>();
  for (const { fact, moments } of facts.values()) {
    const known = merged.get(placeOf(fact));
    if (known === undefined) merged.set(placeOf(fact), { fact, moments: new Set(moments) });
    else for (const moment of moments) known.moments.add(moment);
  }
  return new Map([...merged.values()].map(({ fact, moments }) => [fact, moments.size]));
}

/** rcu_read_lock_bh() → "rcu_bh", local_bh_disable() → "bh off", by the offset where the section begins. */
export function sectionNamesOf(raws: readonly Raw[]): ReadonlyMap<number, string> {
  return new Map(raws.flatMap(({ what }) => (what.kind === "reader-enter" ? [[what.section.at.start, nameOf(what.api, what.section.flavour)] as const] : [])));
}

function nameOf(api: string, flavour: string): string {
  const guardClass = /\((\w+)\)$/.exec(api)?.[1] ?? "";
  if (/^local_bh/.test(api) || guardClass === "bh") return "bh off";
  if (/^preempt/.test(api) || guardClass === "preempt" || guardClass === "migrate") return "preemption off";
  if (/^local_irq/.test(api) || guardClass.startsWith("irq")) return "interrupts off";
  const kind = /^rcu_read_lock_(bh|sched)/.exec(api)?.[1];
  return kind === undefined ? flavour : `rcu_${kind}`;
}
