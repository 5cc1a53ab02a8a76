/** The optional native parser against the WebAssembly one, on folders of the kernel: the same answers. */

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openNativeGrammar } from "../src/syntax/native-grammar.ts";
import { findKernel } from "../tasks/requirements.mjs";

const task = fileURLToPath(new URL("../tasks/parser-parity.mjs", import.meta.url));
const kernel = findKernel();
const native = loads();

function loads(): { readonly problem?: string } {
  try {
    openNativeGrammar(createRequire(import.meta.url));
    return {};
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");
if (native.problem !== undefined) console.log(`skipped: the native parser does not load (${native.problem})`);

describe.skipIf(kernel === undefined || native.problem !== undefined)("drivers/iommu, drivers/vfio and net/core", () => {
  it("parse alike, and their facts are alike", () => {
    const { stdout, status } = spawnSync("node", [task, "--kernel", kernel ?? "", "--facts", "drivers/vfio", "--sample", "5", "drivers/iommu", "drivers/vfio", "net/core"], { encoding: "utf8", maxBuffer: 1 << 28 });
    const [, files, functions, withFacts, differing] = /^(\d+) files compared \([\d.]+ MB, (\d+) functions, facts of (\d+)\): (\d+) differ;/m.exec(stdout) ?? [];
    expect(Number(files), stdout).toBeGreaterThan(150);
    expect(Number(functions)).toBeGreaterThan(5000);
    expect(Number(withFacts)).toBeGreaterThan(500);
    expect(Number(differing)).toBe(0);
    expect(status).toBe(0);
  });
});
