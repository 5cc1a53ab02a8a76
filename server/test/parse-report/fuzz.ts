import { readFileSync } from "node:fs";
import type { CParser } from "../../src/syntax/parser.ts";
import { rewriteKernelC } from "../../src/syntax/rewrite.ts";
import { layoutDifference, mutantOf, seededRandom } from "../../src/test-support/mutants.ts";

/** Mutant `index` of a run with this seed is the same on every machine with the same files. */
export type FuzzBatch = { readonly seed: number; readonly from: number; readonly to: number; readonly paths: readonly string[] };

export type FuzzReport = {
  readonly mutants: number;
  readonly bytes: number;
  /** Of those that went on through the grammar and the conversion. */
  readonly parsed: number;
  readonly slowestMsPerKb: number;
  readonly failures: readonly string[];
};

/** Every so many mutants goes all the way to a translation unit. */
const parsedEvery = 10;

/** Rewriting a kilobyte takes 0.03 ms on a free machine; ten would be the sign of something that grows faster than the text. */
const timeBoundMs = (length: number): number => 100 + (10 * length) / 1024;

export function fuzz(parser: CParser, { seed, from, to, paths }: FuzzBatch): FuzzReport {
  const sources = new Map<string, string>();
  const failures: string[] = [];
  let bytes = 0;
  let parsed = 0;
  let slowestMsPerKb = 0;
  for (let index = from; index < to; index++) {
    const random = seededRandom(Math.imul(seed, 0x9e3779b1) + index);
    const path = paths[Math.floor(random() * paths.length)]!;
    const whole = sources.get(path) ?? readFileSync(path, "utf8");
    sources.set(path, whole);
    const mutant = mutantOf(whole, random);
    bytes += mutant.length;
    const failed = (why: string): void => {
      failures.push(`mutant ${index} of seed ${seed} (${path}): ${why}`);
    };
    try {
      const ms = timeOf(() => {
        const difference = layoutDifference(mutant, rewriteKernelC(mutant).text);
        if (difference !== undefined) failed(difference);
      }, timeBoundMs(mutant.length));
      if (ms > timeBoundMs(mutant.length)) failed(`${ms.toFixed(0)} ms for ${mutant.length} characters`);
      slowestMsPerKb = Math.max(slowestMsPerKb, ms / Math.max(1, mutant.length / 1024));
      if (index % parsedEvery !== 0) continue;
      parsed++;
      parser.parse(mutant);
      if (parser.isDamaged()) failed("the parser is damaged");
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    }
  }
  return { mutants: to - from, bytes, parsed, slowestMsPerKb, failures };
}

/** The least of up to three runs: the machine may be busy. */
function timeOf(run: () => void, boundMs: number): number {
  let least = Infinity;
  for (let tries = 0; tries < 3; tries++) {
    const started = performance.now();
    run();
    least = Math.min(least, performance.now() - started);
    if (least <= boundMs) break;
  }
  return least;
}
