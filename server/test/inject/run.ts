/** Finds the places of a tree that can be broken, breaks some of them, one at a time, and reviews the changed files. */

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createParser, type CParser } from "../../src/syntax/parser.ts";
import { progressOf, runGroups, serve } from "../reviewing/run-groups.ts";
import { readKernelFile, reviewInTree } from "../reviewing/thread.ts";
import { judgeInjection, type Judged } from "./judge.ts";
import { applyTo, type Edit } from "./operator.ts";
import { operators } from "./operators.ts";
import { evenSample } from "./sample.ts";
import { lineAt, viewOf } from "./view.ts";

export type Site = { readonly operator: string; readonly file: string; readonly function: string; readonly line: number; readonly edits: readonly Edit[]; readonly neutral: string };

export type Tried = { readonly site: Site; readonly judged: Judged; readonly ms: number } | { readonly site: Site; readonly failed: string };

type FindJob = { readonly kernel: string; readonly files: readonly string[]; readonly only: string | undefined };

type TryJob = { readonly kernel: string; readonly site: Site };

const filesPerJob = 50;

/** What can hold a place: everything else is not parsed. */
const worthParsing = /rcu|RCU|\b(?:smp_w?mb|dma_[rw]mb)\s*\(|GFP_ATOMIC|kref_get_unless_zero|refcount_inc_not_zero/;

/** Every place, in the order of the files. Files are taken as `folders` name them, relative to the tree. */
export async function findSites(kernel: string, folders: readonly string[], only: string | undefined, threads: number): Promise<readonly Site[]> {
  const files = folders.flatMap((folder) => cFilesUnder(kernel, folder));
  const jobs = Array.from({ length: Math.ceil(files.length / filesPerJob) }, (_, i): FindJob => ({ kernel, files: files.slice(i * filesPerJob, (i + 1) * filesPerJob), only }));
  const found = new Map<FindJob, readonly Site[]>();
  const progress = progressOf(jobs.length, "folders of files searched for places");
  await runGroups<FindJob, readonly Site[]>({
    task: "find",
    groups: jobs.map((job) => [job]),
    threads,
    limitMs: 600_000,
    onOutcome(job, outcome) {
      if (outcome.kind === "failed") process.stderr.write(`not searched: ${job.files[0] ?? ""} and what follows: ${outcome.reason}\n`);
      found.set(job, outcome.kind === "answer" ? outcome.answer : []);
      progress(found.size);
    },
  });
  return jobs.flatMap((job) => found.get(job) ?? []);
}

/** `count` bugs, and beside them a tenth as many places where nothing changes. */
export function chooseSites(sites: readonly Site[], count: number, seed: number): readonly Site[] {
  const bugs = evenSample(sites.filter(({ neutral }) => neutral === ""), count, seed);
  const harmless = evenSample(sites.filter(({ neutral }) => neutral !== "" && neutral !== "?"), Math.ceil(count / 10), seed);
  return [...bugs, ...harmless].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.operator < b.operator ? -1 : 1)));
}

export async function trySites(kernel: string, sites: readonly Site[], threads: number, limitMs: number, signal: AbortSignal): Promise<readonly Tried[]> {
  const byFile = new Map<string, TryJob[]>();
  for (const site of sites) byFile.set(site.file, [...(byFile.get(site.file) ?? []), { kernel, site }]);
  const tried = new Map<Site, Tried>();
  const progress = progressOf(sites.length, "injections reviewed");
  await runGroups<TryJob, Judged>({
    task: "try",
    groups: [...byFile.values()],
    threads,
    limitMs,
    signal,
    onOutcome({ site }, outcome) {
      tried.set(site, outcome.kind === "answer" ? { site, judged: outcome.answer, ms: outcome.ms } : { site, failed: outcome.reason });
      progress(tried.size);
    },
  });
  return sites.flatMap((site) => tried.get(site) ?? []);
}

function cFilesUnder(kernel: string, folder: string): readonly string[] {
  if (folder.endsWith(".c")) return [folder];
  const names = readdirSync(join(kernel, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".c")).map((name) => `${folder.replace(/\/+$/, "")}/${name}`).sort();
}

/** In a thread: answers jobs. */
export function serveInjections(): void {
  serve({ find: findInFiles, try: tryOne });
}

let parser: Promise<CParser> | undefined;

function parserHere(): Promise<CParser> {
  const { resolve } = createRequire(import.meta.url);
  parser ??= createParser({ runtimeWasm: readFileSync(resolve("web-tree-sitter/web-tree-sitter.wasm")), grammarWasm: readFileSync(resolve("tree-sitter-c/tree-sitter-c.wasm")) });
  return parser;
}

async function findInFiles({ kernel, files, only }: FindJob): Promise<readonly Site[]> {
  const own = await parserHere();
  return files.flatMap((file) => {
    const text = readKernelFile(kernel, file);
    return worthParsing.test(text) ? sitesOf(own, file, text, only) : [];
  });
}

/** Those of which the changed text still parses. */
export function sitesOf(own: CParser, file: string, text: string, only?: string): readonly Site[] {
  const outcome = own.parse(text);
  if (outcome.kind === "refused") return [];
  const view = viewOf(outcome.unit);
  const sites: Site[] = [];
  for (const operator of operators) {
    if (only !== undefined && operator.name !== only) continue;
    for (const fn of view.functions) for (const { at, edits, neutral } of operator.sites(fn)) sites.push({ operator: operator.name, file, function: fn.name, line: lineAt(text, at), edits, neutral });
  }
  return sites;
}

/** Reviews of unchanged files, by file and rules: a thread gets a file's injections one after the other. */
const unchanged = new Map<string, ReturnType<typeof reviewInTree>>();

async function tryOne({ kernel, site }: TryJob): Promise<Judged> {
  const { rules } = operators.find(({ name }) => name === site.operator)!;
  const text = readKernelFile(kernel, site.file);
  const key = `${site.file} ${rules.join(",")}`;
  const baseline = unchanged.get(key) ?? reviewInTree(kernel, site.file, text, rules);
  unchanged.set(key, baseline);
  const [before, after] = [await baseline, await reviewInTree(kernel, site.file, applyTo(text, site.edits), rules)];
  if (after.notAnalysed.length > before.notAnalysed.length) throw new Error(`the changed text does not parse (line ${String(site.line)})`);
  return judgeInjection(before.findings, after.findings, rules, site.function);
}
