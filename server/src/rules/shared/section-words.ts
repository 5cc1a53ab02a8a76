/** Words that readers ask in their sections, and that somebody writes before he waits for readers. */

import type { FileFacts } from "../../model/file-facts.ts";
import { structOfObject, usableKey } from "../../model/lifetimes.ts";
import { isMarkedSection, type ReaderSection, type Sym, type Trace, type TraceEvent } from "../../model/trace.ts";
import type { TopicPaths } from "../rule.ts";

/** `sections`: all that the read stands in. */
export type SectionRead = { readonly trace: Trace; readonly index: number; readonly sections: readonly ReaderSection[] };

/** Places where words are read in sections, by word, on the paths of all roots; each place once. */
function sectionReads({ roots, walker }: TopicPaths): ReadonlyMap<string, readonly SectionRead[]> {
  const byWord = new Map<string, Map<string, SectionRead>>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const [index, event] of trace.events.entries()) {
        if (event.readers.length === 0) continue;
        const place = `${trace.root} ${event.function} ${String(event.at.start)}`;
        for (const word of wordsRead(event)) {
          const places = byWord.get(word) ?? new Map<string, SectionRead>();
          byWord.set(word, places);
          if (!places.has(place)) places.set(place, { trace, index, sections: event.readers });
        }
      }
    }
  }
  return new Map([...byWord].map(([word, places]) => [word, [...places.values()]]));
}

/** Where the code says which readers it means: none that come with something turned off, or with the call of the root, and none of an unknown domain. */
const isNamedSection = (section: ReaderSection): boolean => isMarkedSection(section) && section.entry === undefined && !section.domain.startsWith("value ");

/** What an event reads: a field or global, a bit of it, or a list, by its head and by the member that links it. */
function wordsRead({ what }: TraceEvent): readonly string[] {
  switch (what.kind) {
    case "load": return some(usableKey(what.place.key));
    case "atomic": return what.access === "read" ? some(bitOf(what.place.key, what.bit)) : [];
    case "rmw": return some(bitOf(what.place.key, what.bit));
    // A list on the stack is the walker's own.
    case "walk": return what.head?.key.startsWith("local ") === true || what.head?.base.origin.kind === "stack" ? [] : [...some(usableKey(what.head?.key)), ...some(linkOf(what.element, what.member))];
    default: return [];
  }
}

/** What an event writes, in the words of `wordsRead`. */
function wordsWritten({ what }: TraceEvent): readonly string[] {
  switch (what.kind) {
    case "store": return some(usableKey(what.place.key));
    case "atomic": return what.access === "write" ? some(bitOf(what.place.key, what.bit)) : [];
    case "rmw": return some(bitOf(what.place.key, what.bit));
    case "link": return byHead(usableKey(what.head?.key), linkOf(what.element, what.member));
    case "unlink": return byHead(what.element.origin.kind === "element" ? usableKey(what.element.origin.head?.key) : undefined, linkOf(what.element, what.member));
    default: return [];
  }
}

const some = (word: string | undefined): readonly string[] => (word === undefined ? [] : [word]);

/** The head says more than the member: two lists may be linked by one. */
const byHead = (head: string | undefined, link: string | undefined): readonly string[] => some(head ?? link);

function linkOf(element: Sym, member: string): string | undefined {
  const struct = structOfObject(element);
  return struct === undefined || member === "" ? undefined : `${struct}.${member} links`;
}

/** Bits whose number is not known are told apart from all others: undefined. */
function bitOf(place: string, bit: Sym | undefined): string | undefined {
  const key = usableKey(place);
  if (key === undefined || bit === undefined) return key;
  return bit.origin.kind === "constant" ? `${key} bit ${String(bit.origin.value)}` : bit.origin.kind === "null" ? `${key} bit 0` : undefined;
}

/** A wait, or what is left to a callback, serves the readers of its flavour, and of its domain where the flavour has several. */
export function serves({ what }: TraceEvent, { flavour, domain }: ReaderSection): boolean {
  if (what.kind === "defer-free") return flavour === "rcu";
  if (what.kind !== "wait" && what.kind !== "defer-call") return false;
  return what.flavour === flavour && (what.flavour !== "srcu" || what.domain === domain || what.domain.startsWith("value "));
}

/** A word that is written, and read in sections that no wait after it is for; of what is written before the wait nothing is read in a section that it is for. */
export type MisdirectedWait = { readonly write: number; readonly word: string; readonly read: SectionRead; readonly section: ReaderSection };

/** A word is read in a section that nobody waits for behind a write of it, and others read it in a section that somebody does wait for. */
export type MisdirectedReader = { readonly word: string; readonly section: ReaderSection; readonly other: SectionRead; readonly wait: Written };

/** A wait, or what is left to a callback, behind a write. */
type Written = { readonly trace: Trace; readonly index: number };

/** What is read in sections, and what is waited for, on the paths of all roots. */
export class SectionWords {
  readonly #reads: ReadonlyMap<string, readonly SectionRead[]>;
  readonly #waits = new Map<string, Written[]>();
  /** Each wait with all that is written before it and read in sections. */
  readonly #all: { readonly at: Written; readonly words: readonly string[] }[] = [];

  constructor(paths: TopicPaths) {
    this.#reads = sectionReads(paths);
    const seen = new Set<string>();
    for (const root of paths.roots) {
      for (const trace of paths.walker.tracesOf(root).traces) {
        const words = new Set<string>();
        for (const [index, event] of trace.events.entries()) {
          for (const word of wordsWritten(event)) if (this.#reads.has(word)) words.add(word);
          if (event.what.kind !== "wait" && event.what.kind !== "defer-call" && event.what.kind !== "defer-free") continue;
          // Paths that differ in something else wait for the same.
          const place = `${root} ${event.function} ${String(event.at.start)} ${[...words].join()}`;
          if (seen.has(place)) continue;
          seen.add(place);
          this.#all.push({ at: { trace, index }, words: [...words] });
          for (const word of words) {
            const waits = this.#waits.get(word) ?? [];
            waits.push({ trace, index });
            this.#waits.set(word, waits);
          }
        }
      }
    }
  }

  /** `isInFrame`: what the function that waits did before, by itself or by a callee. */
  waitAt(trace: Trace, index: number, isInFrame: (write: TraceEvent) => boolean): MisdirectedWait | undefined {
    const { events } = trace;
    const wait = events[index]!;
    let found: MisdirectedWait | undefined;
    for (let write = index - 1; write >= 0; write--) {
      const event = events[write]!;
      const words = wordsWritten(event);
      // Readers that are not in sight may be what is waited for.
      if (isForReaders(event) && !words.some((word) => this.#reads.has(word))) return undefined;
      for (const word of isInFrame(event) ? words : []) {
        const reads = (this.#reads.get(word) ?? []).filter(({ trace: reader }) => reader.root !== trace.root);
        if (reads.some(({ sections }) => sections.some((section) => serves(wait, section)))) return undefined;
        const isServed = reads.some(({ sections }) => events.slice(write).some((later) => sections.some((section) => serves(later, section))));
        const read = isServed ? undefined : reads.find(({ sections }) => sections.some(isNamedSection));
        if (read !== undefined) found ??= { write, word, read, section: read.sections.find(isNamedSection)! };
      }
    }
    return found === undefined || this.#mayBeForOthers(wait) ? undefined : found;
  }

  /** Sections that the wait is for, of which nothing is waited for elsewhere behind a write. */
  #mayBeForOthers(wait: TraceEvent): boolean {
    const isElsewhere = ({ trace, index }: Written): boolean => trace.events[index]!.at.start !== wait.at.start;
    const served = new Set<number>();
    const explained = new Set<number>();
    for (const [word, reads] of this.#reads) {
      const waits = (this.#waits.get(word) ?? []).filter(isElsewhere);
      for (const { sections } of reads) {
        for (const section of sections.filter((one) => serves(wait, one))) {
          served.add(section.at.start);
          if (waits.some((one) => isFor(one, [section]))) explained.add(section.at.start);
        }
      }
    }
    return explained.size < served.size;
  }

  readerAt(trace: Trace, index: number): MisdirectedReader | undefined {
    const event = trace.events[index]!;
    const [section, ...more] = event.readers;
    if (section === undefined || more.length > 0 || !isNamedSection(section)) return undefined;
    for (const word of wordsRead(event)) {
      const waits = this.#waits.get(word) ?? [];
      if (waits.length === 0 || waits.some((wait) => isFor(wait, [section])) || isForElse(trace, section, word) || this.#isMeantForOne(section)) continue;
      for (const other of this.#reads.get(word) ?? []) {
        const isOther = other.sections.every((one) => isNamedSection(one) && (one.flavour !== section.flavour || one.domain !== section.domain));
        const wait = isOther ? waits.find((one) => isFor(one, other.sections)) : undefined;
        if (wait !== undefined) return { word, section, other, wait };
      }
    }
    return undefined;
  }

  /** Somebody waits for such a section, and nothing that he wrote is read in another one. */
  #isMeantForOne(section: ReaderSection): boolean {
    const isRead = (word: string, wait: Written): boolean => (this.#reads.get(word) ?? []).some(({ sections }) => sections.some((one) => one.at.start !== section.at.start) && isFor(wait, sections.filter((one) => one.at.start !== section.at.start)));
    return this.#all.some(({ at, words }) => isFor(at, [section]) && !words.some((word) => isRead(word, at)));
  }
}

/** Another flavour than plain RCU is named: only then can readers and waits differ in it. */
export const hasFlavours = ({ unit }: FileFacts): boolean => /srcu|rcu_tasks|rcu_read_lock_t(?:asks|race)/.test(unit.text);

/** The wait, or what is left to a callback, is for readers in one of the sections. */
const isFor = ({ trace, index }: Written, sections: readonly ReaderSection[]): boolean => sections.some((section) => serves(trace.events[index]!, section));

/** The section holds another read by a primitive for readers: it is for that one. */
function isForElse({ events }: Trace, { serial }: ReaderSection, word: string): boolean {
  const isMarked = ({ what }: TraceEvent): boolean => (what.kind === "walk" && what.rcu) || (what.kind === "load" && what.rcu !== undefined);
  return events.some((event) => event.readers.some((one) => one.serial === serial) && isMarked(event) && !wordsRead(event).includes(word));
}

/** Something is taken out of the reach of readers, by a call that is for them or by one that ends a callback. */
const isForReaders = ({ what }: TraceEvent): boolean => (what.kind === "unlink" && what.rcu) || (what.kind === "store" && what.rcu) || what.kind === "unregister" || (what.kind === "remove" && what.rcu);
