import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findKernel } from "../../tasks/requirements.mjs";
import { seededRandom } from "../../src/test-support/mutants.ts";
import { testParser } from "../../src/test-support/review.ts";
import { afterKey, keysIn, type Key } from "./keys.ts";
import { memoryOver, watchWasmMemory } from "./memory.ts";
import { optionsOf, usage, type Options } from "./options.ts";
import { rowOf, tableHead, targets } from "./table.ts";
import { Typing, type Parts } from "./typing.ts";

/** The exit status: 1 for a difference, or for a p95 above its target. */
async function main(options: Options): Promise<number> {
  const wasmBytes = watchWasmMemory();
  const parser = await testParser();
  let failures = 0;
  if (options.memory === 0) console.log(tableHead);
  for (const file of options.files) {
    const text = readFileSync(join(options.kernel, file), "utf8");
    const typing = new Typing(parser, file, text, options.limits);
    const random = seededRandom(options.seed);
    if (options.memory > 0) {
      const { line, isFlat } = memoryOver(typing, text, keysIn(typing.unit.functions, "ordinary", options.memory, random), wasmBytes);
      console.log(`${file}: ${line}`);
      if (!isFlat) failures++;
    } else {
      const functions = typing.unit.functions;
      for (const keys of [keysIn(functions, "ordinary", options.keys, random), keysIn(functions, "breaking", options.breakingKeys, random)]) failures += typeAll(typing, text, keys, file, options);
    }
    typing.close();
  }
  return failures > 0 ? 1 : 0;
}

/** Types each key, takes it back, prints the row; gives how much of it is not as it should be. */
function typeAll(typing: Typing, text: string, keys: readonly Key[], file: string, { verify }: Options): number {
  const [first] = keys;
  if (first === undefined) return 0;
  const all: Parts[] = [];
  let differences = 0;
  for (const key of keys) {
    for (const next of [afterKey(text, key), text]) {
      const { parts, facts, changed } = typing.type(next);
      if (next !== text) all.push(parts);
      if (parts.total > slow) console.log(`  ${parts.total.toFixed(0)} ms: ${JSON.stringify(key.typed)} in ${changed.join(", ")}`);
      const difference = verify ? typing.differs(next, facts) : undefined;
      if (difference === undefined) continue;
      differences++;
      console.log(`${file}: ${JSON.stringify(key)}${next === text ? " taken back" : ""}: ${difference} differs from a fresh one`);
    }
  }
  const row = rowOf(file, first.kind, all);
  console.log(verify ? `${row.text}  ${String(2 * keys.length)} edits verified, ${String(differences)} differ` : row.text);
  return differences + (row.p95 > targets[first.kind] && !verify ? 1 : 0);
}

/** Milliseconds above which a key is named. */
const slow = 250;

try {
  process.exitCode = await main(optionsOf(process.argv.slice(2), findKernel()));
} catch (error) {
  console.error(`latency: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 2;
}
