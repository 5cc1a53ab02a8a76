import { describe, expect, it } from "vitest";
import type { Finding } from "../../protocol/index.ts";
import { editedText } from "../../session/edits.ts";
import { walker as reader } from "../../test-support/bonds.ts";
import { reviewText } from "../../test-support/review.ts";

const domain = "struct domain {\n\tstruct list_head bonds;\n};\n";

const unlink = (free: string): string => `
void unlink(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	${free};
}
`;

async function fixOf(text: string, headers: Readonly<Record<string, string>> = {}): Promise<{ finding: Finding | undefined; after: string | undefined }> {
  const finding = (await reviewText(text, headers)).find((one) => one.rule === "rcu/free-before-grace-period");
  const edits = finding?.fixes[0]?.edits.filter((edit) => edit.file === "drivers/iommu/x.c");
  return { finding, after: edits === undefined ? undefined : editedText(text, edits) };
}

describe("kfree_rcu()", () => {
  it("uses the rcu_head that is there", async () => {
    const { finding, after } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n\tstruct rcu_head head;\n};\n${domain}${reader}${unlink("kfree(b)")}`);
    expect(after).toContain("\tkfree_rcu(b, head);\n");
    expect(finding?.fixes[0]?.verified).toBe(true);
  });

  it("adds the member where it is missing", async () => {
    const { finding, after } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n};\n${domain}${reader}${unlink("kfree(b)")}`);
    expect(after).toContain("\tint id;\n\tstruct rcu_head rcu;\n};");
    expect(after).toContain("\tkfree_rcu(b, rcu);\n");
    expect(finding?.fixes[0]?.verified).toBe(true);
  });

  it("adds the member before a flexible array", async () => {
    const { after } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n\tu8 data[];\n};\n${domain}${reader}${unlink("kfree(b)")}`);
    expect(after).toContain("\tstruct rcu_head rcu;\n\tu8 data[];\n};");
  });

  it("adds the member in the header that defines the struct", async () => {
    const header = "struct bond {\n\tstruct list_head list;\n\tint id;\n};\n";
    const { finding } = await fixOf(`#include "x.h"\n${domain}${reader}${unlink("kfree(b)")}`, { "x.h": header });
    const fix = finding?.fixes[0];
    expect(fix?.verified).toBe(true);
    expect(fix?.edits.map((edit) => edit.file).sort()).toEqual(["drivers/iommu/x.c", "x.h"]);
    expect(editedText(header, fix?.edits.filter((edit) => edit.file === "x.h") ?? [])).toBe("struct bond {\n\tstruct list_head list;\n\tint id;\n\tstruct rcu_head rcu;\n};\n");
  });

  it("keeps a struct on one line on one line", async () => {
    const { finding, after } = await fixOf(`struct bond { struct list_head list; int id; };\n${domain}${reader}${unlink("kfree(b)")}`);
    expect(after).toContain("struct bond { struct list_head list; int id; struct rcu_head rcu; };\n");
    expect(finding?.fixes[0]?.verified).toBe(true);
  });

  it("drops a cast that would lose the type", async () => {
    const { after } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n\tstruct rcu_head rcu;\n};\n${domain}${reader}${unlink("kfree((void *)b)")}`);
    expect(after).toContain("\tkfree_rcu(b, rcu);\n");
  });

  it("is not offered for a packed struct", async () => {
    const { finding } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n} __packed;\n${domain}${reader}${unlink("kfree(b)")}`);
    expect(finding?.evidence?.verdict).toBe("confirmed");
    expect(finding?.fixes).toEqual([]);
  });

  it("is not offered when the rcu_head would lie too deep", async () => {
    const { finding } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n\tu64 shadow[512];\n};\n${domain}${reader}${unlink("kfree(b)")}`);
    expect(finding?.fixes).toEqual([]);
  });
});

describe("call_rcu()", () => {
  it("frees sensitive memory from a callback above the function", async () => {
    const { finding, after } = await fixOf(`struct bond {\n\tstruct list_head list;\n\tint id;\n\tstruct rcu_head rcu;\n};\n${domain}${reader}${unlink("kfree_sensitive(b)")}`);
    expect(after).toContain("static void bond_free_rcu(struct rcu_head *head)\n{\n\tstruct bond *b = container_of(head, struct bond, rcu);\n\n\tkfree_sensitive(b);\n}\n\nvoid unlink(");
    expect(after).toContain("\tcall_rcu(&b->rcu, bond_free_rcu);\n");
    expect(finding?.fixes[0]?.verified).toBe(true);
  });
});

describe("overlapping edits", () => {
  it("are refused as a whole", () => {
    expect(editedText("abcdef", [{ file: "x", start: 0, end: 3, newText: "" }, { file: "x", start: 2, end: 4, newText: "" }])).toBeUndefined();
  });
});
