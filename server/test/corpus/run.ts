/** Reviews each file of the cases once and judges them. */

import { isMainThread } from "node:worker_threads";
import { progressOf, runGroups, serve } from "../reviewing/run-groups.ts";
import { readKernelFile, reviewInTree } from "../reviewing/thread.ts";
import { type Case, type Place, readCases, treeFinder } from "./cases.ts";
import { judgeBug, judgeSilence, type Reviewed } from "./judge.ts";
import type { Results } from "./report.ts";

type Job = { readonly key: string; readonly kernel: string; readonly file: string };

/** A file of the corpus has at most 8,000 lines; none should take a tenth of this. */
const fileLimitMs = 300_000;

export type CorpusOptions = { readonly cases: string; readonly kernels: string | undefined; readonly jobs: number; readonly only?: (one: Case) => boolean };

export async function runCorpus({ cases: path, kernels, jobs: threads, only = () => true }: CorpusOptions): Promise<Results> {
  const cases = readCases(path).filter(only);
  const reviews = await reviewAll(cases.flatMap((one) => (one.fix === undefined ? [one] : [one, one.fix])), treeFinder(kernels, path), threads);
  const reviewOf = (place: Place): Reviewed => reviews.get(keyOf(place)) ?? { findings: [], outline: [], failed: "no answer" };
  const bugs = cases.filter(({ kind }) => kind === "bug");
  return {
    bugs: bugs.map((bug) => judgeBug(bug, reviewOf(bug))),
    fixed: bugs.flatMap(({ id, rules, fix }) => (fix === undefined ? [] : [judgeSilence(id, rules, fix, reviewOf(fix))])),
    correct: cases.filter(({ kind }) => kind === "ok").map((one) => judgeSilence(one.id, one.rules, one, reviewOf(one))),
  };
}

const keyOf = ({ source, file }: Place): string => `${source.version}/${file}`;

async function reviewAll(places: readonly Place[], treeOf: (version: string) => string, threads: number): Promise<ReadonlyMap<string, Reviewed>> {
  const jobs = new Map(places.map((place): [string, Job] => [keyOf(place), { key: keyOf(place), kernel: treeOf(place.source.version), file: place.file }]));
  const reviews = new Map<string, Reviewed>();
  const progress = progressOf(jobs.size, "files");
  const times: { readonly key: string; readonly ms: number }[] = [];
  await runGroups<Job, Reviewed>({
    task: "review",
    groups: [...jobs.values()].map((job) => [job]),
    threads,
    limitMs: fileLimitMs,
    onOutcome(job, outcome) {
      reviews.set(job.key, outcome.kind === "answer" ? outcome.answer : { findings: [], outline: [], failed: outcome.reason });
      if (outcome.kind === "answer") times.push({ key: job.key, ms: outcome.ms });
      progress(reviews.size);
    },
  });
  const slowest = times.sort((a, b) => b.ms - a.ms).slice(0, 3).map(({ key, ms }) => `${key} ${(ms / 1000).toFixed(1)} s`);
  process.stderr.write(`slowest: ${slowest.join(", ")}\n`);
  return reviews;
}

/** In a thread: answers jobs. */
export function serveCorpus(): void {
  if (isMainThread) throw new Error("threads only");
  serve({
    review: async ({ kernel, file }: Job): Promise<Reviewed> => {
      const { findings, outline } = await reviewInTree(kernel, file, readKernelFile(kernel, file));
      return { findings, outline };
    },
  });
}
