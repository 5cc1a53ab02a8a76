/** What examples/README.md promises, file by file. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { editedText } from "../src/session/edits.ts";
import { reviewText } from "../src/test-support/review.ts";

const example = (name: string): string => readFileSync(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)), "utf8");

const outline = async (name: string): Promise<readonly string[]> => (await reviewText(example(name), {}, `examples/${name}`)).map((one) => `${one.function} ${one.rule} ${one.evidence?.verdict ?? ""}`);

const free = "rcu/free-before-grace-period";
const wait = "rcu/grace-period-on-attach-path";

describe("examples", () => {
  it("riscv-bond", async () => { expect(await outline("riscv-bond.c")).toEqual([`rvx_bond_unlink ${free} confirmed`]); });
  it("riscv-bond-fixed", async () => { expect(await outline("riscv-bond-fixed.c")).toEqual([`rvx_bond_unlink ${free} refuted`]); });
  it("riscv-bond-posted", async () => { expect(await outline("riscv-bond-posted.c")).toEqual([`rvx_bond_unlink ${free} refuted`, `rvx_bond_unlink ${wait} confirmed`]); });
  it("s390-domain", async () => { expect(await outline("s390-domain.c")).toEqual([`zpx_detach_dev ${free} confirmed`, `zpx_attach_blocked ${wait} confirmed`, `zpx_attach_blocked ${free} refuted`]); });
  it("s390-domain-fixed", async () => { expect(await outline("s390-domain-fixed.c")).toEqual([`zpx_detach_dev ${free} refuted`]); });
  it("page-table", async () => { expect(await outline("page-table.c")).toEqual([`ptx_unmap_pages ${free} confirmed`]); });
  it("page-table-fixed", async () => { expect(await outline("page-table-fixed.c")).toEqual([`ptx_unmap_pages ${free} refuted`]); });
  it("attach-race", async () => { expect(await outline("attach-race.c")).toEqual(["atx_attach_dev iommu/missed-invalidation confirmed"]); });
  it("attach-race-fixed", async () => { expect(await outline("attach-race-fixed.c")).toEqual(["atx_attach_dev iommu/missed-invalidation refuted"]); });
  it("ioasid-allocator", async () => { expect(await outline("ioasid-allocator.c")).toEqual([`idx_unregister ${free} undecided`]); });
  it("sva-bind", async () => { expect(await outline("sva-bind.c")).toEqual(["svx_invalidate rcu/missing-dereference confirmed"]); });
});

describe("a quick fix applied to a hazardous example", () => {
  for (const name of ["riscv-bond.c", "attach-race.c", "s390-domain.c", "page-table.c", "sva-bind.c"]) {
    it(`${name} is refuted or silent afterwards`, async () => {
      const file = `examples/${name}`;
      let text = example(name);
      for (let round = 0; round < 4; round++) {
        const open = (await reviewText(text, {}, file)).find((one) => one.evidence?.verdict === "confirmed");
        if (open === undefined) break;
        const fix = open.fixes[0];
        expect(fix?.verified, open.message).toBe(true);
        const after = editedText(text, fix?.edits ?? []);
        expect(after).toBeDefined();
        text = after ?? text;
      }
      const left = (await reviewText(text, {}, file)).filter((one) => one.evidence?.verdict !== "refuted");
      expect(left).toEqual([]);
    });
  }
});
