/** Weak memory is no error where no machine of the file has it. */

import { expect, it } from "vitest";
import type { Finding } from "../protocol/index.ts";
import { rule as missingDereference } from "../rules/rcu/missing-dereference.ts";
import { rule } from "../rules/rcu/missing-assign-pointer.ts";
import { reviewText } from "../test-support/review.ts";

const file = "drivers/iommu/x.c";
const code = (rule.meta.bad[0]?.code ?? "").replace("port->table = table;", "WRITE_ONCE(port->table, table);");
const treeWith = (dependsOn: string): Readonly<Record<string, string>> => ({
  "drivers/iommu/Makefile": "obj-$(CONFIG_DEMO) += x.o\n", "drivers/iommu/Kconfig": `config DEMO\n\tbool "Demo"\n\tdepends on ${dependsOn}\n`,
});
const found = async (tree?: Readonly<Record<string, string>>): Promise<Finding | undefined> =>
  (await reviewText(code, {}, file, tree)).find((finding) => finding.rule === rule.meta.id);

it("a hazard of weak memory is a note in a file for x86 only, and its verdict stays", async () => {
  const finding = await found(treeWith("X86 || COMPILE_TEST"));
  expect(finding).toMatchObject({ severity: "note", evidence: { verdict: "confirmed", class: "mca" } });
  expect(finding?.evidence?.reason).toContain("built for x86 only, which keeps loads in order and stores in order");
});

it("it is what it was without a tree, for arm64, and where nothing limits the file", async () => {
  const without = await found();
  expect(without).toMatchObject({ severity: rule.meta.severity, evidence: { verdict: "confirmed", class: "mca", reason: "an allowed execution reaches the hazard" } });
  expect(await found(treeWith("ARM64"))).toEqual(without);
  expect(await found(treeWith("PCI"))).toEqual(without);
});

it("a plain load is a note everywhere, and says where a machine loses the address by itself", async () => {
  const plain = missingDereference.meta.bad[0]?.code ?? "";
  const said = async (dependsOn: string): Promise<string> => {
    const finding = (await reviewText(plain, {}, file, treeWith(dependsOn))).find(({ rule: id }) => id === missingDereference.meta.id);
    return `${finding?.severity ?? ""} ${finding?.evidence?.class ?? ""} ${String(finding?.evidence?.reason.includes("on alpha by the machine itself"))}`;
  };
  expect([await said("ARM64 || PPC"), await said("ALPHA"), await said("PCI")]).toEqual(["note compiler false", "note compiler true", "note compiler true"]);
});
