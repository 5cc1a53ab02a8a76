/** Typing in files of the real tree: after every key, and after it was taken back, what is known equals what a fresh parse gives. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findKernel } from "../tasks/requirements.mjs";

const task = fileURLToPath(new URL("../tasks/latency.mjs", import.meta.url));
const kernel = findKernel();

if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");

function latency(...args: readonly string[]): { readonly out: string; readonly err: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync("node", [task, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
  return { out: stdout, err: stderr, status };
}

describe.skipIf(kernel === undefined)("keys in files of the kernel", () => {
  it.each(["drivers/iommu/amd/iommu.c", "drivers/iommu/intel/iommu.c"])("%s: unit and facts equal fresh ones after every edit", (file) => {
    const { out, err, status } = latency("--kernel", kernel ?? "", "--files", file, "--keys", "40", "--breaking", "12", "--seed", "7", "--verify");
    expect(out.match(/\d+ edits verified, \d+ differ/g), out + err).toEqual(["80 edits verified, 0 differ", "24 edits verified, 0 differ"]);
    expect(status).toBe(0);
  });
});

it("is told when it was asked wrongly", () => {
  expect(latency("--kernel", "nowhere", "--keys", "many")).toMatchObject({ status: 2, err: expect.stringContaining("--keys many: not a number") as string });
});

it("ran against the kernel, or said why not", () => {
  if (process.env["CI"] === "true") expect(kernel).toBeDefined();
});
