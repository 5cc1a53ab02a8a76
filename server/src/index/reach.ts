/** Who calls a function, and from which entry points it is reached. Every answer carries the path it was found on. */

import type { Entry, FunctionId, KernelIndex } from "./kernel-index.ts";
import { confidences, type Confidence, type Resolver } from "./resolve.ts";
import { stopRowOf } from "./stop-list.ts";

/** Calls between an entry point and the function; beyond it everything reaches everything. */
export const depthMax = 6;

/** Functions looked at for one question. */
const visitedMax = 4000;

/** `line` is that of the call, in the file of the caller. */
export type Caller = { readonly fn: FunctionId; readonly line: number; readonly isPassed: boolean; readonly confidence: Confidence };

/** From the entry point to the function that was asked about; `line` is where the next one is called (the last one: where it stands). */
export type Step = { readonly fn: FunctionId; readonly line: number };

export type ReachedEntry = { readonly entry: Entry; readonly path: readonly Step[]; readonly confidence: Confidence };

export type Reach = {
  /** Nearest first. */
  readonly entries: readonly ReachedEntry[];
  /** Exported functions without a caller in the tree: modules outside of it may enter there. */
  readonly exported: readonly (readonly Step[])[];
  /** Where the walk ended although callers were left: at a function of the stop list, at the depth, at the count. */
  readonly stoppedAt: readonly string[];
  readonly isCut: boolean;
};

const weaker = (a: Confidence, b: Confidence): Confidence => (confidences.indexOf(a) > confidences.indexOf(b) ? a : b);

export function callersOf(index: KernelIndex, resolver: Resolver, fn: FunctionId): readonly Caller[] {
  const { name } = index.info(fn);
  const found: Caller[] = [];
  for (const caller of index.callersByName(name)) {
    const { functions, confidence } = resolver.resolve(name, index.fileOf(caller));
    if (!functions.includes(fn)) continue;
    for (const { callee, line, isPassed } of index.callsOf(caller)) if (callee === name) found.push({ fn: caller, line, isPassed, confidence });
  }
  return found;
}

/** Tables, callbacks and macros that name exactly this function. */
export function entriesNaming(index: KernelIndex, resolver: Resolver, fn: FunctionId): readonly { readonly entry: Entry; readonly confidence: Confidence }[] {
  const { name } = index.info(fn);
  return index.entriesOf(name).flatMap((entry) => {
    const { functions, confidence } = resolver.resolve(name, entry.file);
    return functions.includes(fn) ? [{ entry, confidence }] : [];
  });
}

type Visit = { readonly path: readonly Step[]; readonly confidence: Confidence };

export function entriesReaching(index: KernelIndex, resolver: Resolver, fn: FunctionId, depth = depthMax): Reach {
  const visited = new Map<FunctionId, Visit>([[fn, { path: [{ fn, line: index.info(fn).line }], confidence: "file" }]]);
  const entries: ReachedEntry[] = [];
  const exported: (readonly Step[])[] = [];
  const stoppedAt = new Set<string>();
  let isCut = false;
  let level: readonly FunctionId[] = [fn];
  for (let distance = 0; level.length > 0; distance++) {
    const next: FunctionId[] = [];
    for (const at of level) {
      const here = visited.get(at)!;
      const { name, isExported } = index.info(at);
      const named = entriesNaming(index, resolver, at);
      for (const { entry, confidence } of named) entries.push({ entry, path: here.path, confidence: weaker(confidence, here.confidence) });
      if (stopRowOf(name) !== undefined) {
        stoppedAt.add(name);
        continue;
      }
      const callers = callersOf(index, resolver, at);
      if (callers.length === 0 && named.length === 0 && isExported) exported.push(here.path);
      for (const { fn: caller, line, confidence } of callers) {
        if (visited.has(caller)) continue;
        if (distance >= depth || visited.size >= visitedMax) {
          isCut = true;
          continue;
        }
        visited.set(caller, { path: [{ fn: caller, line }, ...here.path], confidence: weaker(confidence, here.confidence) });
        next.push(caller);
      }
    }
    level = next;
  }
  return { entries, exported, stoppedAt: [...stoppedAt], isCut };
}
