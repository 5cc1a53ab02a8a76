import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { findKernel } from "../../tasks/requirements.mjs";
import { drawOf, reportOf } from "./report.ts";
import { measureNoise, serveNoise } from "./run.ts";

const usage = `npm run noise -- --kernel DIR [FOLDER...] [options]
  FOLDER...         relative to the tree (or single .c files); default: drivers net
  --draw N          prints N confirmed findings, drawn evenly over the rules
  --seed N          of the draw, default 1
  --jobs N          threads, default 2
  --limit-ms N      time for one file, default 300000
Ctrl-C ends the run and prints what was found so far.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kernel: { type: "string" }, draw: { type: "string" }, seed: { type: "string" }, jobs: { type: "string" }, "limit-ms": { type: "string" } },
  });
  const kernel = values.kernel ?? findKernel();
  if (kernel === undefined) throw new Error("no kernel tree: name one with --kernel");
  const number = (name: "draw" | "seed" | "jobs" | "limit-ms", otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} ${values[name] ?? ""}: not a number`);
    return value;
  };
  const interrupt = new AbortController();
  process.on("SIGINT", () => (interrupt.signal.aborted ? process.exit(130) : interrupt.abort()));
  const noise = await measureNoise(kernel, positionals.length > 0 ? positionals : ["drivers", "net"], Math.max(1, number("jobs", 2)), number("limit-ms", 300_000), interrupt.signal);
  const drawn = number("draw", 0) > 0 ? drawOf(noise, number("draw", 0), number("seed", 1)) : "";
  console.log([...(drawn === "" ? [] : [drawn]), reportOf(noise)].join("\n\n"));
}

if (!isMainThread) {
  serveNoise();
} else {
  try {
    await main();
  } catch (error) {
    console.error(`noise: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exitCode = 2;
  }
}
