import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { check, parseLitmus, printLitmus, withDeclarations, type CheckOptions, type Program } from "../src/index.ts";
import { bruteForce } from "./brute-force.ts";

const corpus = join(import.meta.dirname, "corpus");
const [header, ...rows] = readFileSync(join(corpus, "expected.tsv"), "utf8").trimEnd().split("\n").map((line) => line.split("\t"));

function programOf(name: string): Program {
  const parsed = parseLitmus(readFileSync(join(corpus, `${name}.litmus`), "utf8"));
  if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.errors)}`);
  return parsed.program;
}

test("every file of the corpus has a row", () => {
  expect(rows.map((row) => row[0])).toEqual(readdirSync(corpus).filter((f) => f.endsWith(".litmus")).map((f) => f.slice(0, -7)).sort());
});

test.each(rows.map((row) => row[0]!))("%s", (name) => {
  const row = rows.find((r) => r[0] === name)!;
  const program = programOf(name);
  const result = check(program);
  const seen = (options: CheckOptions): string => check(program, options).observation;
  expect(Object.fromEntries(header!.map((h, k) => [h, row[k]]))).toEqual({
    name,
    verdict: result.observation,
    positive: String(result.positive),
    negative: String(result.negative),
    states: String(result.states.length),
    flags: result.flags.join(",") || "-",
    sc: seen({ model: "sc" }),
    tso: seen({ model: "tso" }),
    mca: seen({ model: "mca" }),
    marked: seen({ plainAsMarked: true }),
  });
});

/** Brute force knows constant addresses, no filter, no loop cut, no unconstrained value, and takes its time. */
const beyondBruteForce = new Set(["lock-sections", "pointer-publish", "two-word-object", "filter-waits", "while-needs-more", "plain-copy-cycle"]);

test.each(rows.map((row) => row[0]!).filter((name) => !beyondBruteForce.has(name)))("%s: brute force agrees", (name) => {
  const program = programOf(name);
  const { positive, negative, states, flags } = check(program);
  expect({ positive, negative, states, flags }).toEqual(bruteForce(program));
});

test.each(rows.map((row) => row[0]!))("%s: the order of threads does not matter", (name) => {
  const program = programOf(name);
  const result = check(program);
  const { threads } = program;
  // The condition names threads, so the rotated program counts all executions instead.
  const rotated: Program = { ...program, threads: [...threads.slice(1), threads[0]!], quantifier: "exists", condition: { kind: "true" }, locations: [] };
  const { filter: _filter, ...unfiltered } = rotated;
  const { filter: _original, ...plain } = program;
  if (program.initialRegisters !== undefined) return;
  expect(check(unfiltered).positive).toBe(check({ ...plain, condition: { kind: "true" } }).positive);
  // A filter is asked about every execution: none is counted together with others.
  const visited = check({ ...plain, filter: program.filter ?? { kind: "true" } });
  expect(visited.explored).toBeGreaterThanOrEqual(result.positive + result.negative);
});

test.each(rows.map((row) => row[0]!))("%s: parse(print(p)) is p", (name) => {
  const program = programOf(name);
  const printed = printLitmus(program);
  expect(parseLitmus(printed)).toEqual({ ok: true, program: withDeclarations(program) });
});
