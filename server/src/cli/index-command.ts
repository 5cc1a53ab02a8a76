/** `quiesce index`: makes the index of a kernel tree agree with it, and asks it. */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { openIndex, refreshIndex, type OpenedIndex, type Refreshed } from "../index/index.ts";
import { answerTo, type IndexQuestion } from "./index-answers.ts";
import { type KernelTree, nearestKernelTree, withSlashes } from "./paths.ts";
import { compileForThreads, stopOnInterrupt } from "./pool.ts";
import { complain, type ExitStatus, messageOf, noProgress, plural, printOut, progressLine } from "./terminal.ts";

export type IndexSettings = {
  readonly kernel: KernelTree | undefined;
  readonly cacheDir: string;
  readonly jobs: number;
  readonly format: "text" | "json";
  /** Undefined: the counts are printed. */
  readonly question: IndexQuestion | undefined;
  readonly quiet: boolean;
  readonly progress: boolean;
};

export async function runIndexCommand(settings: IndexSettings): Promise<ExitStatus> {
  const kernel = settings.kernel ?? nearestKernelTree(process.cwd());
  if (kernel === undefined) return cannot("no kernel tree here: name one with --kernel DIR");
  const started = performance.now();
  let refreshed: Refreshed;
  try {
    refreshed = await refresh(settings, kernel);
  } catch (error) {
    return cannot(`${settings.cacheDir}: the index could not be written: ${messageOf(error)}`);
  }
  const opened = openIndex({ kernel: kernel.directory, cacheDir: settings.cacheDir });
  if (!opened.ok) return cannot(refreshed.isComplete ? `${settings.cacheDir}: the index cannot be read: ${opened.error.reason}` : "interrupted before the first file was read");
  const ms = Math.round(performance.now() - started);
  if (settings.question === undefined) printOut(settings.format === "json" ? jsonOf(countsOf(opened.value, refreshed, ms)) : countsText(opened.value, refreshed, ms));
  else {
    const answer = answerTo(opened.value.index, settings.question);
    if (answer.problem !== undefined) return cannot(answer.problem);
    printOut(settings.format === "json" ? jsonOf(answer.data) : answer.text);
  }
  if (!refreshed.isComplete) complain("interrupted: the index holds what was read until then, and the next run reads the rest");
  return refreshed.isComplete ? 0 : 2;
}

async function refresh(settings: IndexSettings, kernel: KernelTree): Promise<Refreshed> {
  const progress = settings.progress ? progressLine() : noProgress;
  compileForThreads();
  const here = withSlashes(relative(kernel.directory, process.cwd()));
  const refreshed = await refreshIndex({
    kernel: kernel.directory,
    cacheDir: settings.cacheDir,
    workerFile: fileURLToPath(new URL("./index-worker.cjs", import.meta.url)),
    jobs: settings.jobs,
    near: here.startsWith("..") ? "" : here,
    signal: stopOnInterrupt().signal,
    ...(settings.progress ? { onProgress: (done: number, total: number) => progress.step(done, total, "files read") } : {}),
  });
  progress.end();
  if (refreshed.rebuiltBecause !== undefined && !settings.quiet) complain(`the index was made anew: ${refreshed.rebuiltBecause}`);
  return refreshed;
}

function countsOf({ index, isComplete, bytes, calls }: OpenedIndex, refreshed: Refreshed, ms: number): object {
  const { files, functions, macros, edges, tables, entries, rcuFields } = index.counts();
  return { version: 1, complete: isComplete, files, functions, macros, calls, edges, tables, entries, rcuFields, bytes, read: refreshed.read, removed: refreshed.removed, wrote: refreshed.wrote, ms };
}

function countsText({ index, bytes, calls }: OpenedIndex, refreshed: Refreshed, ms: number): string {
  const { files, functions, macros, edges, tables, entries, rcuFields } = index.counts();
  const rows: readonly (readonly [number, string])[] = [
    [files, "files"],
    [functions, "functions"],
    [macros, "macros with a call or parameters"],
    [calls, `calls (${String(edges)} from one function to one name)`],
    [entries, `entries in ${String(tables)} tables and callbacks`],
    [rcuFields, "__rcu fields"],
    [bytes, "bytes on disk"],
    [ms, `ms; ${plural(refreshed.read, "file")} read, ${String(refreshed.removed)} gone`],
  ];
  return rows.map(([count, what]) => `${String(count).padStart(10)} ${what}\n`).join("");
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function cannot(line: string): ExitStatus {
  complain(line);
  return 2;
}
