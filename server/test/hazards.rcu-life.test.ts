/** Seeded hazards of the rules about objects' lives under RCU: each is flagged, and none of its near twins. */

import { describe, expect, it } from "vitest";
import { reviewText } from "../src/test-support/review.ts";
import * as accessOutsideReader from "./hazards/access-outside-reader.ts";
import * as headOverlapsList from "./hazards/head-overlaps-list.ts";
import * as nodeReused from "./hazards/node-reused-before-grace-period.ts";
import * as queuedTwice from "./hazards/queued-twice.ts";
import * as unregisterWithoutWait from "./hazards/unregister-without-wait.ts";
import * as useAfterQueued from "./hazards/use-after-queued.ts";
import * as useAfterUnlock from "./hazards/use-after-unlock.ts";
import * as wrongFlavour from "./hazards/wrong-flavour.ts";

const verdictsOf = async (rule: string, code: string): Promise<readonly string[]> =>
  (await reviewText(code)).filter((finding) => finding.rule === rule).map((finding) => `${finding.evidence?.verdict ?? "none"}${finding.evidence?.verdict === "confirmed" ? "" : `: ${finding.message} (${finding.evidence?.reason ?? ""})`}`);

for (const { rule, hazardous, twins } of [accessOutsideReader, headOverlapsList, nodeReused, queuedTwice, unregisterWithoutWait, useAfterQueued, useAfterUnlock, wrongFlavour]) {
  describe(rule, () => {
    for (const { name, code } of hazardous) it(`finds: ${name}`, async () => { expect(await verdictsOf(rule, code)).toEqual(["confirmed"]); });
    for (const { name, code } of twins) it(`leaves alone: ${name}`, async () => { expect((await verdictsOf(rule, code)).filter((text) => !text.startsWith("refuted"))).toEqual([]); });
  });
}
