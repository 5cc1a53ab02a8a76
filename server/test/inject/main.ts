import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { findKernel } from "../../tasks/requirements.mjs";
import { operators } from "./operators.ts";
import { listOf, reportOf } from "./report.ts";
import { chooseSites, findSites, serveInjections, trySites } from "./run.ts";

const usage = `npm run inject -- --kernel DIR [FOLDER...] [options]
  FOLDER...         relative to the tree (or single .c files); default: drivers net
  --count N         bugs, default 1000; a tenth as many harmless injections are tried beside them
  --seed N          default 1
  --jobs N          threads, default 2
  --limit-ms N      time for one injection, default 120000
  --operator NAME   this one alone
  --explain         every injection that was missed or is undecided, and why
  --list            counts the places of each operator and reviews nothing`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kernel: { type: "string" }, count: { type: "string" }, seed: { type: "string" }, jobs: { type: "string" }, "limit-ms": { type: "string" }, operator: { type: "string" }, explain: { type: "boolean" }, list: { type: "boolean" } },
  });
  const kernel = values.kernel ?? findKernel();
  if (kernel === undefined) throw new Error("no kernel tree: name one with --kernel");
  const number = (name: "count" | "seed" | "jobs" | "limit-ms", otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} ${values[name] ?? ""}: not a number`);
    return value;
  };
  if (values.operator !== undefined && !operators.some(({ name }) => name === values.operator)) throw new Error(`--operator ${values.operator}: there are ${operators.map(({ name }) => name).join(", ")}`);
  const jobs = Math.max(1, number("jobs", 2));
  const interrupt = new AbortController();
  process.on("SIGINT", () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  const places = await findSites(kernel, positionals.length > 0 ? positionals : ["drivers", "net"], values.operator, jobs);
  if (values.list === true) {
    console.log(listOf(places));
    return;
  }
  const tried = await trySites(kernel, chooseSites(places, number("count", 1000), number("seed", 1)), jobs, number("limit-ms", 120_000), interrupt.signal);
  console.log(reportOf(tried, values.explain ?? false));
}

if (!isMainThread) {
  serveInjections();
} else {
  try {
    await main();
  } catch (error) {
    console.error(`inject: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
}
