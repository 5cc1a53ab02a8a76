import { isMainThread } from "node:worker_threads";
import { findCtags, findKernel } from "../../tasks/requirements.mjs";
import { kernelFiles } from "./kernel-files.ts";
import { measureAll } from "./measure-all.ts";
import { optionsOf, usage } from "./options.ts";
import type { Options } from "./options.ts";
import { percentagesOf, tableOf, worstFiles } from "./table.ts";
import { addFigures, noFigures } from "./figures.ts";
import { runWorker } from "./worker.ts";

/** The exit status. */
async function main(options: Options): Promise<number> {
  const ctags = findCtags();
  if (ctags === undefined) console.log("functions lost are not counted: Universal Ctags is not installed");
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const paths = kernelFiles(options.kernel, options.files);
  const measured = await measureAll(paths, { kernel: options.kernel, ctags, raw: options.raw }, options.jobs);
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
