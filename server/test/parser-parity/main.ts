import { isMainThread } from "node:worker_threads";
import { parseArgs } from "node:util";
import { findKernel } from "../../tasks/requirements.mjs";
import { seededRandom } from "../../src/test-support/mutants.ts";
import { kernelFiles } from "../parse-report/kernel-files.ts";
import { runBatches } from "../parse-report/run-batches.ts";
import { runWorker } from "../parse-report/worker.ts";
import { nativeParityProblem } from "./compare.ts";
import type { ParityReport } from "./compare.ts";

const usage = `npm run parser-parity -- --kernel DIR [options] [FOLDER...]
  FOLDER            default: drivers and net
  --jobs N          threads, default 2
  --facts FOLDER    whose units and functions' facts are compared too (repeatable); default: drivers/iommu and drivers/vfio
  --sample N        as many files of net/ too, default 150
  --seed N          of the sample, default 1`;

/** Files a message: between two messages the trees of the native grammar can be freed. */
const filesPerBatch = 32;

/** The exit status: 1 when something differs, or when nothing was compared. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { kernel: { type: "string" }, jobs: { type: "string" }, facts: { type: "string", multiple: true }, sample: { type: "string" }, seed: { type: "string" } },
  });
  const kernel = values.kernel ?? findKernel();
  if (kernel === undefined) throw new Error("no kernel tree: name one with --kernel");
  const problem = nativeParityProblem();
  if (problem !== undefined) {
    console.log(`skipped: the native parser does not load (${problem})`);
    return 0;
  }
  const paths = kernelFiles(kernel, positionals.length > 0 ? positionals : ["drivers", "net"]);
  const facts = values.facts ?? ["drivers/iommu", "drivers/vfio"];
  const random = seededRandom(numberOf("--seed", values.seed ?? "1"));
  const nets = paths.filter((path) => path.startsWith("net/"));
  const sampled = new Set(Array.from({ length: Math.min(nets.length, numberOf("--sample", values.sample ?? "150")) }, () => nets[Math.floor(random() * nets.length)]!));
  const hasFacts = (path: string): boolean => sampled.has(path) || facts.some((folder) => path.startsWith(`${folder.replace(/\/$/, "")}/`));
  const batches = Array.from({ length: Math.ceil(paths.length / filesPerBatch) }, (_, batch) => {
    const own = paths.slice(batch * filesPerBatch, (batch + 1) * filesPerBatch);
    return { paths: own, withFacts: own.filter(hasFacts) };
  });
  const reports = await runBatches(batches, { kind: "parity", kernel }, numberOf("--jobs", values.jobs ?? "2"));
  return printed(reports);
}

function printed(reports: readonly ParityReport[]): number {
  const total = (pick: (report: ParityReport) => number): number => reports.reduce((sum, report) => sum + pick(report), 0);
  const differing = reports.flatMap((report) => report.differing);
  for (const path of differing) console.log(`differs: ${path}`);
  const [wasmMs, nativeMs] = [total(({ wasmMs: ms }) => ms), total(({ nativeMs: ms }) => ms)];
  console.log(`${total(({ files }) => files)} files compared (${(total(({ bytes }) => bytes) / 1e6).toFixed(1)} MB, ${total(({ functions }) => functions)} functions, facts of ${total(({ functionsWithFacts }) => functionsWithFacts)}): ${differing.length} differ; ${total(({ leftOver }) => leftOver)} left to WebAssembly`);
  console.log(`of those read natively, from text to tree: WebAssembly ${(wasmMs / 1000).toFixed(1)} s, native ${(nativeMs / 1000).toFixed(1)} s (${(nativeMs / Math.max(wasmMs, 1)).toFixed(2)})`);
  return differing.length > 0 || total(({ files }) => files) === 0 ? 1 : 0;
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text === "" || !(value >= 0)) throw new Error(`${option} ${text}: not a number`);
  return value;
}

if (!isMainThread) {
  await runWorker();
} else {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(`parser-parity: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
}
