/** `quiesce check [PATH…]`: reviews files, folders or a whole kernel tree. */

import { dirname } from "node:path";
import type { Report, Skipped } from "../protocol/index.ts";
import type { FileReview } from "../session/reviewer-types.ts";
import { readProjectConfig, unreadWords } from "../session/project-config.ts";
import { projectFileName } from "../session/project-file-name.ts";
import { macrosOfTree } from "../session/tree-macros.ts";
import { type Collected, collectFiles } from "./collect-files.ts";
import { type ParserName, profileFor } from "./engine.ts";
import { parserFor } from "./parser-choice.ts";
import { type KernelTree, nearestFile, nearestKernelTree, printedPath } from "./paths.ts";
import { type PoolFailure, runInPool, stopOnInterrupt } from "./pool.ts";
import { type EvidenceTier, hasReportableFinding, missingHeadersOf, reportOf } from "./report.ts";
import { readSource } from "./read-source.ts";
import { brokeDown, type ReviewAnswer, type ReviewJob } from "./review-job.ts";
import { complain, type ExitStatus, noProgress, type Progress, progressLine, plural, printOut } from "./terminal.ts";
import { renderReport, renderSummary } from "./text-report.ts";

export type CheckSettings = {
  readonly paths: readonly string[];
  readonly format: "text" | "json";
  readonly rules: readonly string[] | "all";
  readonly evidence: EvidenceTier;
  readonly emulate: boolean;
  /** undefined: the nearest parent of each path that looks like a kernel tree. */
  readonly kernel: KernelTree | undefined;
  /** null: nothing is kept. */
  readonly cacheDir: string | null;
  readonly jobs: number;
  readonly parser: ParserName;
  readonly quiet: boolean;
  readonly progress: boolean;
};

export async function runCheckCommand(settings: CheckSettings): Promise<ExitStatus> {
  const startMs = performance.now();
  const collected = collectFiles(settings.paths, { inFolders: [".c"], named: [".c", ".h"], what: "C files (.c)" });
  const plan = planOf(collected, settings);
  const progress = settings.progress ? progressLine() : noProgress;
  // Found once, here: the threads then read what was kept.
  if (settings.cacheDir !== null) for (const tree of new Set(plan.jobs.flatMap(({ kernel }) => kernel?.directory ?? []))) macrosOfTree(tree, settings.cacheDir);
  const unread = unreadProjects(plan.jobs);
  const done = await reviewAll(plan, settings.jobs, progress);
  progress.end();
  const kernel = settings.kernel ?? plan.jobs[0]?.kernel ?? undefined;
  const result = reportOf({
    reviews: done.reviews,
    skipped: [...plan.skipped, ...done.skipped],
    tier: settings.evidence,
    wallMs: performance.now() - startMs,
    profile: profileFor(kernel?.release ?? "unknown"),
  });
  printOut(settings.format === "json" ? `${JSON.stringify(result.report, null, 2)}\n` : renderReport(result.report));
  for (const line of [...collected.problems, ...unread, ...done.problems]) complain(line);
  // JSON lists the regions; a file that was skipped has had its line.
  const named = new Set([...result.report.skipped.map(({ file }) => file), ...done.problems.map((line) => line.slice(0, line.indexOf(": ")))]);
  const regions = settings.quiet || settings.format === "json" ? [] : result.report.notAnalysed.filter(({ file }) => !named.has(file));
  for (const line of notAnalysedLines(regions)) complain(line);
  if (!settings.quiet && plan.jobs.length > 0) {
    // Named files that were skipped have had their line; JSON lists them all.
    const unsaid = settings.format === "text" ? result.report.skipped.filter(({ file, reason }) => !done.problems.includes(`${file}: ${reason}`)) : [];
    for (const line of [...unsaid.map(({ file, reason }) => `skipped ${file}: ${reason}`), ...renderSummary(result), ...missingHeadersLines(done.reviews, kernel !== undefined)]) process.stderr.write(`${line}\n`);
  }
  return statusOf(result.report, collected.problems.length + unread.length + done.problems.length > 0);
}

function statusOf(report: Report, couldNotDoAll: boolean): ExitStatus {
  if (couldNotDoAll) return 2;
  return hasReportableFinding(report) ? 1 : 0;
}

type Plan = { readonly jobs: readonly PlannedJob[]; readonly skipped: readonly Skipped[] };
type PlannedJob = ReviewJob & { readonly named: boolean };

function planOf(collected: Collected, settings: CheckSettings): Plan {
  const treeOf = treeLookup(settings.kernel);
  const parser = parserFor(settings.parser);
  const jobs = collected.files.map(({ path, named }): PlannedJob => {
    const kernel = treeOf(path);
    return { path, named, file: printedPath(path, kernel), kernel: kernel ?? null, cacheDir: settings.cacheDir, rules: settings.rules, emulate: settings.emulate, parser };
  });
  const skipped = collected.unreadable.map(({ path, reason }) => ({ file: printedPath(path, treeOf(path)), reason }));
  return { jobs, skipped };
}

/** What is wrong with the project files that apply: they are left out, and the status says so. */
function unreadProjects(jobs: readonly ReviewJob[]): readonly string[] {
  const folders = new Set(jobs.map(({ path }) => dirname(path)));
  const projects = new Set([...folders].flatMap((folder) => nearestFile(folder, projectFileName) ?? []));
  return [...projects].flatMap((path) => {
    const source = readSource(path);
    const file = printedPath(path, undefined);
    return source.ok ? readProjectConfig(source.text).errors.map(({ line, message }) => unreadWords(file, line, message)) : [];
  });
}

/** Every file of a folder has the same tree; a tree of 35 000 files must not look for it 35 000 times. */
function treeLookup(chosen: KernelTree | undefined): (path: string) => KernelTree | undefined {
  const byFolder = new Map<string, KernelTree | undefined>();
  return (path) => {
    if (chosen) return chosen;
    const folder = path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
    if (!byFolder.has(folder)) byFolder.set(folder, nearestKernelTree(folder));
    return byFolder.get(folder);
  };
}

type Done = {
  readonly reviews: readonly FileReview[];
  readonly skipped: readonly Skipped[];
  /** About files named on the command line; each makes the status 2. */
  readonly problems: readonly string[];
};

async function reviewAll({ jobs }: Plan, threads: number, progress: Progress): Promise<Done> {
  const reviews: FileReview[] = [];
  const skipped: Skipped[] = [];
  const problems: string[] = [];
  const refuse = (job: PlannedJob, reason: string): void => {
    skipped.push({ file: job.file, reason });
    if (job.named) problems.push(`${job.file}: ${reason}`);
  };
  const interrupt = stopOnInterrupt();
  let doneCount = 0;
  await runInPool<PlannedJob, ReviewAnswer>({
    task: "reviewJob",
    jobs,
    threads,
    signal: interrupt.signal,
    isThreadSpent: (answer) => answer.isThreadSpent,
    onAnswer(job, answer) {
      doneCount += 1;
      progress.step(doneCount, jobs.length, job.file);
      if (answer.review) reviews.push(answer.review);
      if (answer.refused !== null) refuse(job, answer.refused);
    },
    onFailure(job, failure) {
      if (failure.kind !== "interrupted") refuse(job, failureReason(failure));
    },
  });
  if (interrupt.signal.aborted) problems.push(`interrupted: ${String(doneCount)} of ${plural(jobs.length, "file")} reviewed`);
  return { reviews, skipped, problems: problems.sort() };
}

function failureReason(failure: PoolFailure): string {
  return brokeDown(failure.kind === "crashed" ? failure.message : failure.kind);
}

/** Headers named on the line; the rest is counted. */
const headersNamedMax = 3;

function missingHeadersLines(reviews: readonly FileReview[], hasTree: boolean): readonly string[] {
  const missing = missingHeadersOf(reviews);
  if (missing.length === 0) return [];
  const rest = missing.length > headersNamedMax ? ` and ${String(missing.length - headersNamedMax)} more` : "";
  return [`${plural(missing.length, "header")} not found, so what they define is not known: ${missing.slice(0, headersNamedMax).join(", ")}${rest}${hasTree ? "" : " (--kernel names a tree)"}`];
}

/** Regions named one by one; beyond that they are counted. */
const regionsNamedMax = 10;

/** What nobody looked at is never silently clean. */
function notAnalysedLines(regions: Report["notAnalysed"]): readonly string[] {
  const lines = regions.slice(0, regionsNamedMax).map(({ file, line, endLine, reason }) => `${file}:${String(line)}${endLine === line ? "" : `-${String(endLine)}`}: not analysed: ${reason}`);
  return regions.length > regionsNamedMax ? [...lines, `${String(regions.length - regionsNamedMax)} more regions not analysed (--format json names them)`] : lines;
}
