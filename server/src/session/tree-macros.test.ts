import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testReviewer } from "../test-support/review.ts";
import { kernelMacros } from "../syntax/macro-lists.ts";
import { macrosOfTree } from "./tree-macros.ts";

let folder = "";
const kernel = (): string => join(folder, "linux");
const cache = (): string => join(folder, "cache");
const write = (text: string): void => {
  mkdirSync(join(kernel(), "include/linux"), { recursive: true });
  writeFileSync(join(kernel(), "include/linux/bonds.h"), text);
};

beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "quiesce-macros-")); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe("the macros of a tree", () => {
  it("are those that ship where it has no headers", () => {
    expect(macrosOfTree(kernel(), cache())).toBe(kernelMacros);
  });

  it("are found in its include/, kept, and the same with and without what was kept", () => {
    write("#define bonds_visit(b) for (; b; b = b->next)\n#define __bonded __attribute__((packed))\n");
    const found = macrosOfTree(kernel(), cache());
    expect(found.loops).toContain("bonds_visit");
    expect(found.attributes).toContain("__bonded");
    const [file = ""] = readdirSync(join(cache(), "macros"));
    expect(JSON.parse(readFileSync(join(cache(), "macros", file), "utf8"))).toMatchObject({ version: 1 });
    expect(macrosOfTree(kernel(), cache())).toEqual(found);
    expect(macrosOfTree(kernel(), undefined)).toEqual(found);
  });

  it("are found again when a header changed, or what was kept is damaged", () => {
    write("#define bonds_pass(b) for (; b; b = b->next)\n");
    expect(macrosOfTree(kernel(), cache()).loops).toContain("bonds_pass");
    const [file = ""] = readdirSync(join(cache(), "macros"));
    for (const damage of ["", "{", "null", '{"version":1}', '{"version":1,"stamp":"x","lists":{"loops":[1]}}']) {
      writeFileSync(join(cache(), "macros", file), damage);
      expect(macrosOfTree(kernel(), cache()).loops).toContain("bonds_pass");
    }
    utimesSync(join(kernel(), "include/linux/bonds.h"), 1, 1);
    expect(macrosOfTree(kernel(), cache()).loops).not.toContain("bonds_visit");
  });

  it("do without a folder to keep them in", () => {
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "a file");
    expect(macrosOfTree(kernel(), blocked).loops).toContain("bonds_pass");
  });
});

it("loops that a header beside the file defines have their body", async () => {
  const text = '#include "bonds.h"\nvoid f(struct bond *b)\n{\n\tbonds_visit(b)\n\t\tkfree(b);\n}\n';
  const outcome = (await testReviewer({ "bonds.h": "#define bonds_visit(b) for (; b; b = b->next)\n" })).facts({ file: "x.c", text }, "f");
  expect(outcome.kind === "facts" && outcome.functions[0]?.control.map(({ kind }) => kind)).toEqual(["loop"]);
});
