/** A verdict must not hang on a name: the examples say the same after every identifier of their own is renamed. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { apiOf } from "../model/kernel-api/index.ts";
import { reviewText, factsOfText } from "../test-support/review.ts";

const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));
const samples = readdirSync(folder).filter((name) => name.endsWith(".c"));

/** Functions, structs, their fields, globals, parameters and macros that the file itself defines. */
async function ownNames(text: string): Promise<ReadonlySet<string>> {
  const { unit } = await factsOfText(text);
  const names = new Set<string>();
  for (const fn of unit.functions) {
    names.add(fn.name);
    for (const parameter of fn.parameters) names.add(parameter.name);
  }
  for (const struct of unit.structs) {
    if (struct.name !== undefined) names.add(struct.name);
    for (const field of struct.fields) names.add(field.name);
  }
  for (const { declarator } of unit.globals) names.add(declarator.name);
  for (const macro of unit.macros) names.add(macro.name);
  return new Set([...names].filter((name) => apiOf(name) === undefined && !["list", "ops", "type", "free", "domain"].includes(name)));
}

describe("renaming", () => {
  it("has samples to rename", () => { expect(samples.length).toBeGreaterThan(6); });

  for (const sample of samples) {
    it(`${sample} gets the same verdicts`, async () => {
      const text = readFileSync(`${folder}${sample}`, "utf8");
      const names = await ownNames(text);
      const renamed = text.replace(/(\.?)\b([A-Za-z_]\w*)\b/g, (whole, dot: string, word: string, at: number) =>
        names.has(word) && !(dot === "." && /^\s*=/.test(text.slice(at + whole.length))) ? `${dot}q${word.split("").reverse().join("")}` : whole);
      expect(renamed).not.toBe(text);
      const outline = async (code: string): Promise<readonly string[]> => (await reviewText(code)).map((one) => `${String(one.line)} ${one.rule} ${one.evidence?.verdict ?? ""} ${one.evidence?.class ?? ""} ${String(one.fixes.map((fix) => fix.verified))}`);
      expect(await outline(renamed)).toEqual(await outline(text));
    });
  }
});
