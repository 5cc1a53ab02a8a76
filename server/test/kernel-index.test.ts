/** The index of the real tree, against counts that were taken by other means. Skipped with a printed reason without a kernel tree. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entriesReaching, type KernelIndex, openIndex, Resolver } from "../src/index/index.ts";
import { findKernel } from "../tasks/requirements.mjs";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const kernel = findKernel();
if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");

/** Universal Ctags 5.9 on all .c and .h of 6.12. */
const ctagsFunctions = 714_336;

const bytesMax = 60_000_000;

type Counts = { readonly complete: boolean; readonly files: number; readonly functions: number; readonly calls: number; readonly bytes: number; readonly read: number; readonly wrote: string };

describe.skipIf(kernel === undefined)("the index of Linux 6.12", () => {
  const cacheDir = mkdtempSync(join(tmpdir(), "quiesce-kernel-index-"));
  afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

  const run = (): Counts => {
    const { stdout, stderr } = spawnSync("node", [cli, "index", "--kernel", kernel ?? "", "--cache", cacheDir, "--format", "json"], { encoding: "utf8" });
    expect(stderr).toBe("");
    const counts = JSON.parse(stdout) as Counts & { readonly ms: number };
    console.log(`read ${counts.read} files in ${counts.ms} ms`);
    return counts;
  };

  let counts: Counts;
  let index: KernelIndex;
  beforeAll(() => {
    counts = run();
    const started = process.cpuUsage();
    const opened = openIndex({ kernel: kernel ?? "", cacheDir });
    const { user, system } = process.cpuUsage(started);
    console.log(`opened in ${Math.round((user + system) / 1000)} ms of CPU time`);
    if (!opened.ok) throw new Error(opened.error.reason);
    index = opened.value.index;
  });

  it("has the functions that ctags finds, within 0.2 %, on at most 60 MB", () => {
    console.log(`${counts.functions} functions, ${counts.calls} calls, ${counts.bytes} bytes`);
    expect(Math.abs(counts.functions - ctagsFunctions) / ctagsFunctions).toBeLessThan(0.002);
    expect(counts).toMatchObject({ complete: true, wrote: "base" });
    expect(counts.bytes).toBeLessThanOrEqual(bytesMax);
  });

  it("is found right the second time", () => {
    expect(run()).toMatchObject({ read: 0, wrote: "nothing" });
  });

  it("has every iommu_ops and iommu_domain_ops, as counted by grep, each with entry points", () => {
    const tables = { ops: index.tablesOfType("iommu_ops"), domain: index.tablesOfType("iommu_domain_ops") };
    expect([tables.ops.length, tables.domain.length]).toEqual([22, 49]);
    for (const { entries, file, line } of [...tables.ops, ...tables.domain]) expect(entries.length, `${file}:${String(line)}`).toBeGreaterThan(0);
    const resolver = new Resolver(index);
    const attach = tables.domain.flatMap(({ entries }) => entries).filter(({ field }) => field === "attach_dev");
    // 46 in the tree; every one names a function that is found.
    expect(attach.length).toBe(46);
    for (const { value, file } of attach) expect(resolver.resolve(value, file).functions, `${file}: ${value}`).toHaveLength(1);
  });

  it("knows from where each synchronize_…() of the IOMMU drivers is reached", () => {
    const resolver = new Resolver(index);
    const reached = (file: string, name: string): readonly string[] => {
      const fn = index.functionsNamed(name).find((at) => index.fileOf(at) === file);
      if (fn === undefined) throw new Error(`${name} is not in ${file}`);
      return [...new Set(entriesReaching(index, resolver, fn).entries.map(({ entry }) => `${entry.table}.${entry.field}`))].sort();
    };
    expect(reached("drivers/iommu/amd/iommu.c", "amd_iommu_register_ga_log_notifier")).toEqual(["kvm_x86_init_ops.hardware_setup"]);
    expect(reached("drivers/iommu/intel/dmar.c", "dmar_remove_dev_scope")).toEqual(["module.init", "notifier_block.notifier_call"]);
    expect(reached("drivers/iommu/intel/dmar.c", "dmar_hp_release_drhd")).toEqual(["acpi_scan_handler.attach", "acpi_scan_handler.detach"]);
    expect(reached("drivers/iommu/intel/iommu.c", "dmar_release_one_atsr")).toEqual(["acpi_scan_handler.attach", "acpi_scan_handler.detach"]);
    expect(reached("drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-sva.c", "arm_smmu_sva_notifier_synchronize")).toEqual(["module.exit"]);
    expect(reached("drivers/pci/p2pdma.c", "pci_p2pdma_release")).toEqual(["devres.action"]);
    expect(reached("drivers/pci/controller/vmd.c", "vmd_msi_free")).toEqual(["msi_domain_ops.msi_free"]);
  });
});

it("ran against the kernel, or said why not", () => {
  if (process.env["CI"] === "true") expect(kernel).toBeDefined();
});
