/**
 * `quiesce facts` against what was worked out by hand for functions of the real tree. Needs Debian's linux-source-6.12;
 * skipped with a printed reason without it, failing on CI.
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { FactExit, FactPoint, FactsReport, FunctionFacts } from "../src/protocol/index.ts";
import { findKernel } from "../tasks/requirements.mjs";
import { expectations } from "./facts-expectations.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const kernel = findKernel();

if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");

function factsOf(file: string, functionName: string): { readonly report: FactsReport; readonly facts: FunctionFacts } {
  const { stdout, stderr, status } = spawnSync("node", [`${root}dist/cli.cjs`, "facts", "--format", "json", `${kernel ?? ""}/${file}:${functionName}`], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  expect(status, stderr).toBe(0);
  const report = JSON.parse(stdout) as FactsReport;
  expect(report.functions).toHaveLength(1);
  return { report, facts: report.functions[0]! };
}

const heldText = ({ locks, sections }: Pick<FactPoint, "locks" | "sections">): string => {
  const held = [...locks.map(({ place, on }) => place + (on === "some" ? "?" : "")), ...sections.map(({ name, on }) => name + (on === "some" ? "?" : ""))];
  return held.length === 0 ? "" : ` @ ${held.join(", ")}`;
};
const escapeText = ({ escapes }: Pick<FactPoint, "escapes">): string => (escapes.length === 0 ? "" : ` escapes ${escapes.join(", ")}`);
const pointText = (point: FactPoint): string => `${String(point.line)} ${point.effect} ${point.place}${point.via.length === 0 ? "" : ` in ${point.via.map((name) => name.replace("()", "")).join(", ")}`}${heldText(point)}${escapeText(point)}`;
const exitText = (exit: FactExit): string => `${String(exit.line)} ${exit.kind}${exit.value === "" ? "" : ` ${exit.value}`}${heldText(exit)}${escapeText(exit)}`;
/** Stable, so that points of one line keep their order and exits come after them. */
const linesOf = ({ points, exits }: FunctionFacts): readonly string[] =>
  [...points.map((point) => ({ line: point.line, text: pointText(point) })), ...exits.map((exit) => ({ line: exit.line, text: exitText(exit) }))].toSorted((a, b) => a.line - b.line).map(({ text }) => text);

describe.skipIf(kernel === undefined)("facts of the kernel's own functions", () => {
  const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(`${root}docs/facts.schema.json`, "utf8")) as object);

  it.each(expectations)("$function: $shows", (expected) => {
    const { report, facts } = factsOf(expected.file, expected.function);
    const { summary } = facts;
    expect({
      points: linesOf(facts),
      objects: facts.objects.map(({ name, is }) => `${name}: ${is}`),
      frees: summary.frees.map(({ parameter, object, when, on }) => `${object} (parameter ${String(parameter)}) ${when} on ${on} paths`),
      waits: summary.waits.map(({ flavour, api, on, line }) => `${flavour} ${api} on ${on} paths, line ${String(line)}`),
      needs: summary.needs.map(({ what, line }) => `${what}${line === null ? "" : ` (line ${String(line)})`}`),
      sleeps: summary.sleeps,
      notFollowed: facts.notFollowed.map(({ reason, line, endLine }) => `${line === null ? "" : line === endLine ? `${String(line)} ` : `${String(line)}-${String(endLine)} `}${reason}`),
      unbalanced: facts.exits.filter(({ isBalanced }) => !isBalanced).length,
    }).toEqual({
      points: expected.points, objects: expected.objects, frees: expected.frees ?? [], waits: expected.waits ?? [], needs: expected.needs ?? [],
      sleeps: expected.sleeps, notFollowed: expected.notFollowed ?? [], unbalanced: 0,
    });
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  });
});

it("ran against the kernel, or said why not", () => {
  if (process.env["CI"] === "true") expect(kernel).toBeDefined();
});
