/** A verdict must not hang on a name: the examples say the same, line by line, after every identifier of their own is renamed. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { factsOfText, reviewText } from "../test-support/review.ts";
import { ownNamesOf, renamed } from "../test-support/same-code.ts";

const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));
const samples = readdirSync(folder).filter((name) => name.endsWith(".c"));

describe("renaming", () => {
  it("has samples to rename", () => { expect(samples.length).toBeGreaterThan(40); });

  for (const sample of samples) {
    it(`${sample} gets the same verdicts`, async () => {
      const text = readFileSync(`${folder}${sample}`, "utf8");
      const other = renamed(text, ownNamesOf(await factsOfText(text)));
      expect(other).not.toBe(text);
      const outline = async (code: string): Promise<readonly string[]> => (await reviewText(code)).map((one) => `${String(one.line)} ${one.rule} ${one.evidence?.verdict ?? ""} ${one.evidence?.class ?? ""} ${String(one.fixes.map((fix) => fix.verified))}`);
      expect(await outline(other)).toEqual(await outline(text));
    });
  }
});
