/**
 * Invalidation against attach, event by event as riscv_iommu_iotlb_inval() and riscv_iommu_attach_paging_domain() of
 * Linux 6.12 have them: two leaf entries, the walk over the bonds, one command each; the bond, the device context
 * filled, made valid and flushed, or cleared and flushed before that.
 */
import * as on from "../src/driver/build.ts";
import type { DriverProgram, Step } from "../src/driver/steps.ts";

const clear: readonly Step[] = [on.writeOnce("tc", 0), ...on.flush("clear_queue", ["ddtc"])];

const attach = (first: readonly Step[]): readonly Step[] => [
  on.writeOnce("bond_of_dev", 7),
  on.listAddRcu("bonds", "bond_of_dev"),
  on.smpMb(),
  ...first,
  on.writeOnce("fsc", "&pte0"),
  on.writeOnce("ta", 1),
  on.dmaWmb(),
  on.writeOnce("tc", 1),
  ...on.flush("attach_queue", ["ddtc"]),
];

const pattern = (name: string, barrier: readonly Step[], first: readonly Step[] = []): DriverProgram => ({
  name,
  about: "riscv_iommu_iotlb_inval() against riscv_iommu_attach_paging_domain(), event by event",
  objects: [
    { name: "page", initial: 1, seenBy: "device" },
    { name: "pte0", initial: "&page", seenBy: "device" },
    { name: "pte1", initial: "&page", seenBy: "device" },
    { name: "dead_pte", initial: 0, seenBy: "device" },
    { name: "fsc", initial: "&dead_pte", seenBy: "device" },
    { name: "ta", initial: 0, seenBy: "device" },
    { name: "tc", initial: 0, seenBy: "device" },
    { name: "bonds", initial: 0 },
    { name: "bond_of_dev", initial: 0 },
  ],
  caches: ["ddtc", "iotlb"],
  queues: ["inv_queue", "clear_queue", "attach_queue"],
  threads: [
    {
      role: "Inv CPU", title: "riscv_iommu_iotlb_inval",
      steps: [
        on.clearPte("pte0"), on.clearPte("pte1"), ...barrier,
        ...on.underRcu(on.rcuDereference("bond", "bonds"), on.ifSet("bond", [on.readOnce("iommu", "*bond"), on.command("inv_queue", ["iotlb"]), ...on.flush("inv_queue", ["iotlb"])])),
        on.reusePage("page"),
      ],
    },
    { role: "Attach CPU", title: "riscv_iommu_attach_paging_domain", steps: attach(first) },
  ],
  devices: [{
    name: "dma", title: "DMA of the device being attached",
    path: [{ dst: "root", at: "fsc", cache: "ddtc", role: "context", valid: { dst: "valid", at: "tc", order: "valid-first" } }, { dst: "pte", cache: "iotlb" }],
    access: "read",
  }],
  hazard: { kind: "use-after-free", object: "page" },
});

/** The first two say what the litmus tests of their names say. */
export const driverPatterns: readonly DriverProgram[] = [
  pattern("riscv-mainline-full", [on.smpMb()]),
  pattern("riscv-mainline-full-nomb", []),
  pattern("riscv-mainline-full-cleared", [on.smpMb()], clear),
  pattern("riscv-mainline-full-cleared-nomb", [], clear),
];
