import { describe, expect, it } from "vitest";
import { reviewText } from "../test-support/review.ts";
import { rules } from "./registry.ts";

describe("every rule bears out its own examples", () => {
  for (const { meta } of rules) {
    for (const example of meta.bad) {
      const verdict = meta.earns === "text" ? "undecided" : "confirmed";
      it(`${meta.id}: ${example.title} is ${verdict}`, async () => {
        const found = (await reviewText(example.code)).filter((finding) => finding.rule === meta.id);
        expect(found.map((finding) => finding.evidence?.verdict)).toEqual([verdict]);
      });
      if (example.fixable !== false) it(`${meta.id}: a fix of "${example.title}" is verified`, async () => {
        const found = (await reviewText(example.code)).find((finding) => finding.rule === meta.id);
        expect(found?.fixes[0]?.verified).toBe(true);
      });
    }
    for (const example of meta.good) {
      it(`${meta.id}: ${example.title} is silent or refuted`, async () => {
        const found = (await reviewText(example.code)).filter((finding) => finding.rule === meta.id);
        expect(found.filter((finding) => finding.evidence?.verdict !== "refuted")).toEqual([]);
      });
    }
  }
});
