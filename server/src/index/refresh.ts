/**
 * Makes the index agree with the tree: what did not change is kept, what changed is read again. A few files go into the
 * journal; many, or a journal that has grown, make a new base.
 */

import { mergeShards } from "./merge.ts";
import { controlCell, scanFiles } from "./scan-files.ts";
import type { Shard } from "./shard.ts";
import { readStored, storePaths, writeBase, writeJournal, type Stored, type StorePaths } from "./store.ts";
import { nearestFirst, type TreeFile, walkTree } from "./walk-tree.ts";

/** More files than this in the journal and the next refresh makes a new base. */
export const journalFilesMax = 1000;

export type RefreshTask = { readonly kernel: string; readonly cacheDir: string; readonly near: string; readonly control: Int32Array };

export type Refreshed = {
  /** Files read now; 0 when the index was right already. */
  readonly read: number;
  readonly removed: number;
  readonly wrote: "nothing" | "journal" | "base";
  /** False after a cancelled refresh: what was read until then is kept. */
  readonly isComplete: boolean;
  /** Why an index that was there could not be used; undefined when there was none or it was good. */
  readonly rebuiltBecause: string | undefined;
};

/** Starts another thread on the same list; its part comes when the scan ends. */
export type ScanHelper = (top: string, paths: readonly string[], control: Int32Array) => Promise<Shard>;

export async function refreshHere(task: RefreshTask, helpers: readonly ScanHelper[], filesInJournal = journalFilesMax): Promise<Refreshed> {
  const paths = storePaths(task.kernel, task.cacheDir);
  const read = readStored(paths);
  const rebuiltBecause = read.ok || read.error.kind === "missing" ? undefined : read.error.reason;
  const stored = read.ok ? read.value : undefined;
  const isCancelled = (): boolean => Atomics.load(task.control, controlCell.cancel) !== 0;
  const tree = walkTree(paths.kernel, isCancelled);
  if (isCancelled()) return { read: 0, removed: 0, wrote: "nothing", isComplete: false, rebuiltBecause };

  const { changed, removed } = differences(tree, stored);
  if (stored !== undefined && changed.length + removed.length === 0) return { read: 0, removed: 0, wrote: "nothing", isComplete: true, rebuiltBecause };
  Atomics.store(task.control, controlCell.total, changed.length);
  const ordered = nearestFirst(changed, task.near);
  const parts = helpers.map((help) => help(paths.kernel, ordered, task.control));
  const shards = [scanFiles(paths.kernel, ordered, task.control), ...(await Promise.all(parts))];
  const isComplete = !isCancelled();
  const done = shards.reduce((sum, { files }) => sum + files.length, 0);
  const outcome = { read: done, removed: removed.length, isComplete, rebuiltBecause };
  const replaced = new Set([...shards.flatMap(({ files }) => files.map(({ path }) => path)), ...removed]);
  if (stored !== undefined && replaced.size + (stored.journal?.meta.replaced.length ?? 0) <= filesInJournal) {
    addToJournal(paths, stored, shards, replaced);
    return { ...outcome, wrote: "journal" };
  }
  rewriteBase(paths, stored, shards, replaced, isComplete);
  return { ...outcome, wrote: "base" };
}

/** By path, of the files that count: those of the journal in place of those of the base. */
function differences(tree: readonly TreeFile[], stored: Stored | undefined): { readonly changed: readonly string[]; readonly removed: readonly string[] } {
  if (stored === undefined) return { changed: tree.map(({ path }) => path), removed: [] };
  const known = new Map<string, { readonly mtimeMs: number; readonly size: number }>();
  const take = ({ layer }: Stored["base"]): void => {
    layer.paths.all().forEach((path, file) => known.set(path, { mtimeMs: layer.columns.fileMtimeMs[file]!, size: layer.columns.fileSize[file]! }));
  };
  take(stored.base);
  for (const path of stored.journal?.meta.replaced ?? []) known.delete(path);
  if (stored.journal !== undefined) take(stored.journal);
  const changed: string[] = [];
  for (const { path, mtimeMs, size } of tree) {
    const before = known.get(path);
    if (before?.mtimeMs !== mtimeMs || before.size !== size) changed.push(path);
    known.delete(path);
  }
  return { changed, removed: [...known.keys()] };
}

function addToJournal(paths: StorePaths, { base, journal }: Stored, shards: readonly Shard[], replaced: ReadonlySet<string>): void {
  const before = journal === undefined ? [] : [journal.layer.toShard()];
  const columns = mergeShards([...before, ...shards], (path, shard) => shard >= before.length || !replaced.has(path));
  writeJournal(paths, columns, { baseIdentity: base.identity, replaced: [...new Set([...(journal?.meta.replaced ?? []), ...replaced])].sort() });
}

function rewriteBase(paths: StorePaths, stored: Stored | undefined, shards: readonly Shard[], replaced: ReadonlySet<string>, isComplete: boolean): void {
  const gone = new Set(stored?.journal?.meta.replaced ?? []);
  const before = stored === undefined ? [] : [stored.base.layer.toShard(), ...(stored.journal === undefined ? [] : [stored.journal.layer.toShard()])];
  const isKept = (path: string, shard: number): boolean => shard >= before.length || (!replaced.has(path) && (shard > 0 || !gone.has(path)));
  const columns = mergeShards([...before, ...shards], isKept);
  writeBase(paths, columns, { isComplete, calls: shards.reduce((sum, { callCount }) => sum + callCount, stored?.base.meta.calls ?? 0) });
}
