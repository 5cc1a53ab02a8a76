import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { findCtags, findExamples, findKernel } from "../../tasks/requirements.mjs";
import { seededRandom } from "../../src/test-support/mutants.ts";
import { kernelFiles } from "./kernel-files.ts";
import { optionsOf, usage } from "./options.ts";
import type { Options } from "./options.ts";
import { runBatches } from "./run-batches.ts";
import { percentagesOf, tableOf, totalOf, worstFiles } from "./table.ts";
import { addFigures, noFigures } from "./figures.ts";
import { runWorker } from "./worker.ts";

/** Files a message: enough that a start of ctags is cheap, few enough that the last batches end together. */
const filesPerBatch = 200;
const mutantsPerBatch = 1000;

/** Share of the mutants' sources that are our own small drivers: all broken ways of one file are soon seen there. */
const ownCopies = 20;

/** Mutants through the rewriting, one in ten through the parser; the exit status. */
async function fuzzAll({ kernel, files, fuzz: count, seed, jobs }: Options): Promise<number> {
  const examples = findExamples();
  const own = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".c")).sort().map((name) => join(examples, name));
  const chosen = kernel === "" ? [] : sample(kernelFiles(kernel, files), 500, seed).map((path) => `${kernel}/${path}`);
  const paths = [...Array.from({ length: ownCopies }, () => own).flat(), ...chosen];
  const batches = Array.from({ length: Math.ceil(count / mutantsPerBatch) }, (_, batch) => ({ seed, from: batch * mutantsPerBatch, to: Math.min(count, (batch + 1) * mutantsPerBatch), paths }));
  const reports = await runBatches(batches, { kind: "fuzz" }, jobs);
  const total = (pick: (report: (typeof reports)[number]) => number): number => reports.reduce((sum, report) => sum + pick(report), 0);
  const failures = reports.flatMap((report) => report.failures);
  for (const failure of failures.slice(0, 50)) console.log(failure);
  const slowest = Math.max(0, ...reports.map(({ slowestMsPerKb }) => slowestMsPerKb));
  console.log(`${total(({ mutants }) => mutants)} mutants of ${own.length} drivers of ours and ${chosen.length} kernel files, ${(total(({ bytes }) => bytes) / 1e6).toFixed(0)} MB, ${total(({ parsed }) => parsed)} of them parsed: ${failures.length} failures; slowest ${slowest.toFixed(2)} ms per KB`);
  return failures.length > 0 ? 1 : 0;
}

function sample(paths: readonly string[], count: number, seed: number): readonly string[] {
  const random = seededRandom(seed);
  return Array.from({ length: Math.min(count, paths.length) }, () => paths[Math.floor(random() * paths.length)]!);
}

/** The exit status. */
async function main(options: Options): Promise<number> {
  if (options.fuzz > 0) return fuzzAll(options);
  const ctags = findCtags();
  if (ctags === undefined) console.log("functions lost are not counted: Universal Ctags is not installed");
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const paths = kernelFiles(options.kernel, options.files);
  if (paths.length === 0) throw new Error(`no .c file is named by ${options.files.join(" ")}`);
  const batches = Array.from({ length: Math.ceil(paths.length / filesPerBatch) }, (_, batch) => paths.slice(batch * filesPerBatch, (batch + 1) * filesPerBatch));
  const measured = (await runBatches(batches, { kind: "measure", kernel: options.kernel, ctags, raw: options.raw }, options.jobs)).flat();
  const cpu = process.cpuUsage(cpuBefore);
  const rewritten = measured.map((measurement) => measurement.rewritten);
  if (options.raw) console.log(`raw\n${tableOf(measured.flatMap(({ raw }) => raw ?? []))}\n`);
  console.log(tableOf(rewritten));
  const worst = worstFiles(rewritten, options.worst);
  if (worst !== "") console.log(`\nworst files\n${worst}`);
  if (options.list) for (const { path, findings } of rewritten) for (const { line, what, text } of findings) console.log(`${path}:${line}: ${what}: ${text}`);
  console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s, ${((cpu.user + cpu.system) / 1e6).toFixed(0)} CPU-s (ctags apart), ${options.jobs} threads`);
  const sum = noFigures();
  for (const { figures } of rewritten) addFigures(sum, figures);
  const shares = percentagesOf(sum);
  const missed = options.targets.filter(({ name, max }) => shares[name] > max);
  for (const { name, max } of missed) console.log(`above the target: ${name} ${shares[name].toFixed(4)} %, at most ${max} % wanted`);
  console.log(totalOf(sum, (performance.now() - started) / 1000));
  return missed.length > 0 ? 1 : 0;
}

if (!isMainThread) {
  await runWorker();
} else {
  try {
    process.exitCode = await main(optionsOf(process.argv.slice(2), findKernel()));
  } catch (error) {
    console.error(`parse-report: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
}
