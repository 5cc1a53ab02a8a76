/*
 * The slow, obviously right way: every rf, every coherence order (brute-candidates.ts), and then linux-kernel.bell,
 * linux-kernel.cat and lock.cat (Linux 6.12, and 6.1 where it differs) transcribed word for word over
 * sets of pairs (brute-model.ts), with initial writes and all fences as events. It shares only the thread
 * semantics with the explorer.
 */
import { MemoryLayout } from "../src/explore/memory-layout.ts";
import { Observation } from "../src/explore/observation.ts";
import type { RegisterValue } from "../src/explore/path.ts";
import { pathsOf } from "../src/explore/thread-semantics.ts";
import type { Program } from "../src/program.ts";
import { candidates, isW, product, type Candidate, type Release } from "./brute-candidates.ts";
import { judge } from "./brute-model.ts";

export type BruteResult = { readonly positive: number; readonly negative: number; readonly states: readonly string[]; readonly flags: readonly string[] };

export function bruteForce(program: Program, release: Release = "6.12"): BruteResult {
  const layout = new MemoryLayout(program);
  const noRegisters = new Map<string, RegisterValue>();
  const lists = program.threads.map((t, thread) => pathsOf(t.body, noRegisters, { globalOf: (name) => layout.globalOf(name), plainAsMarked: false, srcu: release === "6.12" ? "accesses" : "fences", thread, isStopped: () => false })!);
  const observation = new Observation(program, layout, new Map());
  const states = new Set<string>();
  const flags = new Set<string>();
  let positive = 0;
  let negative = 0;
  for (const chosen of product(lists)) {
    for (const execution of candidates(chosen, layout, release)) {
      const values = observed(execution, layout, observation);
      if (!values.isKept) continue;
      const judged = judge(execution, release);
      if (judged === undefined) continue;
      for (const flag of judged) flags.add(flag);
      states.add(values.line);
      if (values.holds) positive++;
      else negative++;
    }
  }
  return { positive, negative, states: [...states].sort(), flags: [...flags].sort() };
}

function observed(c: Candidate, layout: MemoryLayout, observation: Observation): { readonly line: string; readonly holds: boolean; readonly isKept: boolean } {
  // The library's Observation reads candidates in its own form: hand it exactly that much.
  const n = c.events.length;
  const shape = { size: n, width: (n + 31) >> 5 };
  const co = new Int32Array(n * shape.width);
  const pairs = c.co.pairs();
  for (const [a, b] of pairs) co[a * shape.width + (b >> 5)]! |= 1 << (b & 31);
  const ordered = new Set(pairs.map(([, b]) => b));
  const writesAt = new Int32Array(layout.wordCount * shape.width);
  c.events.forEach((e, id) => {
    if (e.event !== undefined && isW(e) && ordered.has(id)) writesAt[e.word * shape.width + (id >> 5)]! |= 1 << (id & 31);
  });
  const skeleton = { shape, nodes: c.events, threads: c.paths.map((path) => ({ path })), eventBase: c.base } as unknown as Parameters<Observation["bind"]>[0];
  const candidate = { skeleton, co, writesAt, values: c.values, writtenValue: c.written } as unknown as Parameters<ReturnType<Observation["bind"]>["read"]>[0];
  const bound = observation.bind(skeleton);
  const isKept = bound.passesFilter(candidate);
  const values = bound.read(candidate);
  const line = observation.texts.map((text, k) => `${text}=${layout.print(values[k]!)};`).join(" ");
  return { line, holds: observation.satisfies(values), isKept };
}
