/**
 * The whole tree, known by its words: functions, calls, ops tables, callbacks. Opened in a tenth of a second, in any
 * thread; made and kept right by `refreshIndex`. Where it lies, and what it cannot see, is in docs/kernel-index.md.
 */

import { err, ok, type Result } from "../base/result.ts";
import { KernelIndex } from "./kernel-index.ts";
import { readStored, storePaths, type StoreProblem } from "./store.ts";

export type OpenOptions = { readonly kernel: string; readonly cacheDir: string };

/** `bytes` on the disk; `calls`: every call, before those of one function to one name were joined. */
export type OpenedIndex = { readonly index: KernelIndex; readonly isComplete: boolean; readonly bytes: number; readonly calls: number };

/** What is stored, checked by its checksums, as it was at the last refresh. The tree itself is not looked at. */
export function openIndex({ kernel, cacheDir }: OpenOptions): Result<OpenedIndex, StoreProblem> {
  const stored = readStored(storePaths(kernel, cacheDir));
  if (!stored.ok) return err(stored.error);
  const { base, journal } = stored.value;
  const layers = journal === undefined ? [base.layer] : [base.layer, journal.layer];
  const index = new KernelIndex(layers, [journal?.meta.replaced ?? []]);
  return ok({ index, isComplete: base.meta.isComplete, bytes: base.bytes + (journal?.bytes ?? 0), calls: base.meta.calls });
}

export { domainRoles } from "./domain-roles.ts";
export type { Call, Entry, FunctionId, FunctionInfo, IndexCounts, KernelIndex, OpsTable, RcuField } from "./kernel-index.ts";
export { callersOf, depthMax, entriesNaming, entriesReaching, type Caller, type Reach, type ReachedEntry, type Step } from "./reach.ts";
export type { Refreshed } from "./refresh.ts";
export { refreshIndex, type RefreshOptions } from "./refresh-index.ts";
export { type Confidence, type Resolved, Resolver } from "./resolve.ts";
export { type StoreProblem } from "./store.ts";
export { type Fact, type LockFact, Summaries, type Summary } from "./summaries.ts";
