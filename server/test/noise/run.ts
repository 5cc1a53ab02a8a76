/** Reviews the files of a tree that can have findings; what it has when it is interrupted is kept. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../src/protocol/index.ts";
import { progressOf, runGroups, serve } from "../reviewing/run-groups.ts";
import { isReported, readKernelFile, reviewTimed } from "../reviewing/thread.ts";

export type FileNoise = { readonly file: string; readonly lines: number; /** Confirmed and undecided ones, without notes. */ readonly findings: readonly Finding[]; /** Of every finding, refuted ones included. */ readonly evidenceMs: readonly number[] };

export type Noise = { readonly files: readonly FileNoise[]; readonly failed: readonly { readonly file: string; readonly reason: string }[]; readonly isWhole: boolean; /** In all files of the folders, those without such words included. */ readonly lines: number };

type Job = { readonly kernel: string; readonly file: string };

/** What no rule can say a thing about has none of these. */
const worthReviewing = /rcu|RCU|iommu|\b(?:dma|smp)_(?:[rw]?mb|rmb)|\b[rw]mb\s*\(|_relaxed\s*\(|GFP_ATOMIC|spin_lock|__iomem|mmu_notifier/;

export async function measureNoise(kernel: string, folders: readonly string[], threads: number, limitMs: number, signal: AbortSignal): Promise<Noise> {
  let lines = 0;
  const jobs: Job[] = [];
  for (const file of folders.flatMap((folder) => cFilesUnder(kernel, folder))) {
    const text = readFileSync(join(kernel, file), "utf8");
    lines += linesIn(text);
    if (worthReviewing.test(text)) jobs.push({ kernel, file });
  }
  const files = new Map<string, FileNoise>();
  const failed: { file: string; reason: string }[] = [];
  const progress = progressOf(jobs.length, "files reviewed");
  await runGroups<Job, FileNoise>({
    task: "review",
    groups: jobs.map((job) => [job]),
    threads,
    limitMs,
    signal,
    onOutcome(job, outcome) {
      if (outcome.kind === "answer") files.set(job.file, outcome.answer);
      else failed.push({ file: job.file, reason: outcome.reason });
      progress(files.size + failed.length);
    },
  });
  return { files: jobs.flatMap(({ file }) => files.get(file) ?? []), failed: failed.sort((a, b) => (a.file < b.file ? -1 : 1)), isWhole: !signal.aborted, lines };
}

function cFilesUnder(kernel: string, folder: string): readonly string[] {
  if (folder.endsWith(".c")) return [folder];
  return readdirSync(join(kernel, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".c")).map((name) => `${folder.replace(/\/+$/, "")}/${name}`).sort();
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

/** In a thread: answers jobs. */
export function serveNoise(): void {
  serve({
    review: async ({ kernel, file }: Job): Promise<FileNoise> => {
      const text = readKernelFile(kernel, file);
      const { review, evidenceMs } = await reviewTimed(kernel, file, text);
      return { file, lines: linesIn(text), findings: review.findings.filter(isReported), evidenceMs };
    },
  });
}
