/** What files of the real tree can be built for. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BuildTree } from "../src/session/kconfig/build-tree.ts";
import { findKernel } from "../tasks/requirements.mjs";

const kernel = findKernel();
if (kernel === undefined) console.log("skipped: no kernel tree");

function readText(path: string): string | undefined {
  try {
    return readFileSync(join(kernel ?? "", path), "utf8");
  } catch {
    return undefined;
  }
}

describe.skipIf(kernel === undefined)("the architectures of the kernel's files", () => {
  const tree = new BuildTree(readText);

  it.each([
    ["drivers/iommu/intel/iommu.c", ["x86"]],
    ["drivers/iommu/intel/svm.c", ["x86"]],
    ["drivers/iommu/intel/irq_remapping.c", ["x86"]],
    ["drivers/iommu/amd/iommu.c", ["x86"]],
    ["drivers/iommu/amd/init.c", ["x86"]],
    ["drivers/iommu/hyperv-iommu.c", ["x86"]],
    ["drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c", ["arm64"]],
    ["drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-sva.c", ["arm64"]],
    ["drivers/iommu/arm/arm-smmu/arm-smmu.c", ["arm", "arm64"]],
    ["drivers/iommu/s390-iommu.c", ["s390"]],
    ["drivers/iommu/virtio-iommu.c", ["arm64", "x86"]],
    ["arch/riscv/kernel/smp.c", ["riscv"]],
  ])("%s is built for %j only", (file, architectures) => {
    expect(tree.architecturesOf(file)).toEqual(architectures);
  });

  it.each([
    "drivers/iommu/iommu.c", "drivers/iommu/dma-iommu.c", "drivers/iommu/iommufd/device.c", "drivers/iommu/iommufd/hw_pagetable.c", "drivers/vfio/pci/vfio_pci_core.c",
    "net/core/dev.c", "mm/memory.c", "kernel/rcu/tree.c", "drivers/gpu/drm/i915/display/intel_display.c",
  ])("%s may be built for any", (file) => {
    expect(tree.architecturesOf(file)).toBe("any");
  });
});
