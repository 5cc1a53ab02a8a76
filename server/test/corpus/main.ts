import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { findShared } from "../../tasks/requirements.mjs";
import { reportOf } from "./report.ts";
import { runCorpus, serveCorpus } from "./run.ts";

const usage = `npm run corpus -- [options]
  --cases FILE      default: corpus/dev.jsonl of the folder ../shared
  --kernels DIR     holds VERSION/linux-source-SERIES; default: where get-kernel (beside the cases) puts them
  --only WORD       cases whose id holds the word
  --jobs N          threads, default 2`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { cases: { type: "string" }, kernels: { type: "string" }, only: { type: "string" }, jobs: { type: "string" } } });
  const shared = findShared();
  const cases = values.cases ?? (shared === undefined ? undefined : join(shared, "corpus/dev.jsonl"));
  if (cases === undefined || !existsSync(cases)) throw new Error(`no cases${cases === undefined ? ": ../shared is not there" : ` at ${cases}`}; name a file with --cases`);
  const jobs = Number(values.jobs ?? "2");
  if (!(jobs >= 1)) throw new Error(`--jobs ${values.jobs ?? ""}: not a number of threads`);
  const { only } = values;
  console.log(reportOf(await runCorpus({ cases, kernels: values.kernels, jobs, only: ({ id }) => only === undefined || id.includes(only) })));
}

if (!isMainThread) {
  serveCorpus();
} else {
  try {
    await main();
  } catch (error) {
    console.error(`corpus: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
}
