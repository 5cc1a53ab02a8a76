import { readFileSync } from "node:fs";
import { it, expect } from "vitest";
import { TestEditor, settled } from "./lsp-harness.ts";
const K = "/root/.cache/linux-source/6.12/linux-source-6.12";
it.each(["drivers/iommu/intel/iommu.c", "drivers/iommu/iommu.c", "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c", "kernel/sched/core.c", "drivers/iommu/intel/svm.c"])("%s", async (file) => {
  const e = await TestEditor.start({}, {initializationOptions: {kernel: K}});
  const text = readFileSync(K + "/" + file, "utf8");
  e.write("big.c", text);
  const t0 = performance.now();
  const uri = await e.open("big.c");
  await e.diagnostics(uri, () => true);
  const t1 = performance.now();
  await e.diagnostics(uri, settled);
  const t2 = performance.now();
  // typing: latency of a request right after each keystroke
  const lat: number[] = [];
  for (let i = 0; i < 20; i++) {
    await e.change(uri, [{ range: { start: { line: 200, character: 0 }, end: { line: 200, character: 0 } }, newText: " " }]);
    const a = performance.now();
    await e.codeActions(uri, { line: 0, character: 0 });
    lat.push(performance.now() - a);
    await new Promise((r) => setTimeout(r, 130));
  }
  lat.sort((a, b) => a - b);
  const t3 = performance.now();
  await e.diagnostics(uri, settled, 21);
  await e.until(() => e.published.filter(p => p.version === 21).length >= 1);
  console.log(file, text.split("\n").length, "lines: first", (t1 - t0) | 0, "settled", (t2 - t0) | 0, "typing median", lat[10]! | 0, "max", lat[19]! | 0, "after last edit settled", (performance.now() - t3) | 0, e.published.at(-1)!.diagnostics.map(d => d.code + " " + d.severity).join(","), e.log.join(";"), e.messages.join(";"));
  expect(await e.stop()).toBe(0);
}, 120000);
