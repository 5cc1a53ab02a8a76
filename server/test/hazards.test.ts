/**
 * Seeded hazards: for each rule functions that have it and near twins that are correct (hazards/<rule>.ts). All are
 * judged in one run; what is hazardous must be flagged by its rule, no twin may be (refuted findings are fine).
 */

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Finding } from "../src/protocol/index.ts";
import { rules } from "../src/rules/registry.ts";
import { reviewText } from "../src/test-support/review.ts";
import type { Hazards } from "./hazards/hazards.ts";

/** Nothing of theirs can be replayed: at most undecided. */
const earnsByText = new Set(rules.filter(({ meta }) => meta.earns === "text").map(({ meta }) => meta.id));

const folder = fileURLToPath(new URL("./hazards/", import.meta.url));

type Judged = { readonly rule: string; readonly name: string; readonly isHazard: boolean; readonly verdicts: readonly string[]; readonly findings: readonly Finding[] };

async function judged(): Promise<readonly Judged[]> {
  const all: Judged[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "hazards.ts").sort()) {
    const { rule, hazardous, twins } = await import(`./hazards/${file.slice(0, -3)}.ts`) as Hazards;
    for (const [cases, isHazard] of [[hazardous, true], [twins, false]] as const) {
      for (const { name, code, file: path } of cases) {
        const findings = (await reviewText(code, {}, path)).filter((finding) => finding.rule === rule);
        all.push({ rule, name, isHazard, verdicts: findings.map(({ evidence }) => evidence?.verdict ?? "none"), findings });
      }
    }
  }
  return all;
}

function tableOf(all: readonly Judged[]): string {
  const rows = [...new Set(all.map(({ rule }) => rule))].map((rule) => {
    const own = all.filter((one) => one.rule === rule);
    const [hazards, twins] = [own.filter(({ isHazard }) => isHazard), own.filter(({ isHazard }) => !isHazard)];
    const count = (cases: readonly Judged[], verdict?: string): number => cases.filter(({ verdicts }) => verdicts.some((one) => (verdict === undefined ? one !== "refuted" : one === verdict))).length;
    return [rule, `${String(count(hazards))}/${String(hazards.length)}`, String(count(hazards, "confirmed")), `${String(count(twins))}/${String(twins.length)}`];
  });
  const header = ["rule", "flagged", "confirmed", "twins flagged"];
  return [header, ...rows].map((row) => row.map((cell, index) => cell.padEnd(index === 0 ? 38 : 11)).join("")).join("\n");
}

describe("seeded hazards", async () => {
  const all = await judged();
  process.stdout.write(`${tableOf(all)}\n`);

  it("has at least three hazards and three twins of every rule that there is", () => {
    for (const { meta: { id: rule } } of rules) for (const isHazard of [true, false]) expect(all.filter((one) => one.rule === rule && one.isHazard === isHazard).length, rule).toBeGreaterThanOrEqual(3);
  });
  for (const { rule, name, isHazard, verdicts, findings } of all) {
    const said = findings.map(({ line, message, evidence }) => `${String(line)}: ${message}: ${evidence?.reason ?? ""}`).join("\n");
    if (isHazard) it(`${rule}: ${name} is flagged`, () => { expect(verdicts, said).toContain(earnsByText.has(rule) ? "undecided" : "confirmed"); });
    else it(`${rule}: ${name} is not`, () => { expect(verdicts.filter((verdict) => verdict !== "refuted"), said).toEqual([]); });
  }
});
