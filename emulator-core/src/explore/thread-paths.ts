/*
 * The paths of one thread with what the model says about each of them, and what a search wants to know of
 * all of them at once. Of threads that many tests share (shared-threads.ts) they are kept: they depend on
 * the instructions, on the numbers of the globals they name, and on nothing else of the program.
 */
import { isRead, threadRelations, type ThreadRelations } from "../lkmm/thread-relations.ts";
import type { ModelProfile } from "../lkmm/profiles.ts";
import type { Thread } from "../program.ts";
import { allocating } from "../relation/pool.ts";
import { isShared } from "../shared-threads.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import type { Path, RegisterValue } from "./path.ts";
import { pathsOf, type ThreadSettings } from "./thread-semantics.ts";

/** Owns what is derived from the paths of one thread under one model. */
export class ThreadPaths {
  readonly paths: readonly Path[];
  /** The most events and the most reads of a path. */
  readonly eventsMax: number;
  readonly readsMax: number;
  readonly hasPlain: boolean;
  /** Some event stores what a read returned. */
  readonly hasCopies: boolean;
  readonly #profile: ModelProfile;
  readonly #isKept: boolean;
  /** By path, made when it is first asked for. */
  readonly #relations: (ThreadRelations | undefined)[];

  /** `isKept`: for longer than one search. */
  constructor(paths: readonly Path[], profile: ModelProfile, isKept: boolean) {
    this.paths = paths;
    this.#profile = profile;
    this.#isKept = isKept;
    this.#relations = paths.map(() => undefined);
    let eventsMax = 0;
    let readsMax = 0;
    let hasPlain = false;
    let hasCopies = false;
    for (const { events } of paths) {
      let reads = 0;
      for (const event of events) {
        if (isRead(event)) reads++;
        if (event.tag === "plain") hasPlain = true;
        if (event.value?.kind === "read") hasCopies = true;
      }
      eventsMax = Math.max(eventsMax, events.length);
      readsMax = Math.max(readsMax, reads);
    }
    this.eventsMax = eventsMax;
    this.readsMax = readsMax;
    this.hasPlain = hasPlain;
    this.hasCopies = hasCopies;
  }

  relationsOf(index: number): ThreadRelations {
    return (this.#relations[index] ??= this.#derive(this.paths[index]!));
  }

  #derive(path: Path): ThreadRelations {
    return this.#isKept ? allocating(() => threadRelations(path, this.#profile)) : threadRelations(path, this.#profile);
  }
}

/** What paths were made for: the globals by name in the order they are asked for, with their numbers then. */
type Variant = { readonly names: readonly string[]; readonly numbers: readonly number[]; readonly plainAsMarked: boolean; readonly profile: ModelProfile; readonly thread: number; readonly paths: ThreadPaths };

/** By shared thread. */
const variantsOf = new WeakMap<Thread, Variant[]>();

/** The same thread in programs that number its globals otherwise. */
const variantsMax = 16;

/** Events of all paths of a thread that is kept. */
const keptEventsMax = 512;

export type PathSettings = Pick<ThreadSettings, "plainAsMarked" | "isStopped" | "thread"> & { readonly layout: MemoryLayout; readonly profile: ModelProfile };

/** undefined: too many paths, or stopped. */
export function threadPathsOf(thread: Thread, initialRegisters: ReadonlyMap<string, RegisterValue>, settings: PathSettings): ThreadPaths | undefined {
  const { layout, profile, plainAsMarked, isStopped, thread: index } = settings;
  const isKept = initialRegisters.size === 0 && isShared(thread);
  const variants = isKept ? (variantsOf.get(thread) ?? []) : [];
  for (const variant of variants) if (isFor(variant, settings)) return variant.paths;
  const names: string[] = [];
  const globalOf = (name: string): number => {
    if (isKept && !names.includes(name)) names.push(name);
    return layout.globalOf(name);
  };
  const paths = pathsOf(thread.body, initialRegisters, { globalOf, plainAsMarked, srcu: profile.srcu, thread: index, isStopped });
  if (paths === undefined) return undefined;
  const isSmall = paths.reduce((sum, { events }) => sum + events.length, paths.length) <= keptEventsMax;
  const result = new ThreadPaths(paths, profile, isKept && isSmall);
  if (isKept && isSmall) {
    if (variants.length === 0) variantsOf.set(thread, variants);
    if (variants.length >= variantsMax) variants.shift();
    variants.push({ names, numbers: names.map((name) => layout.globalOf(name)), plainAsMarked, profile, thread: index, paths: result });
  }
  return result;
}

/** Asks for the globals as running the thread would, so that those not yet known get the same numbers. */
function isFor({ names, numbers, plainAsMarked, profile, thread }: Variant, settings: PathSettings): boolean {
  if (plainAsMarked !== settings.plainAsMarked || profile !== settings.profile || thread !== settings.thread) return false;
  for (let k = 0; k < names.length; k++) if (settings.layout.globalOf(names[k]!) !== numbers[k]) return false;
  return true;
}
