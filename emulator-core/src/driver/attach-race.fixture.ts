/** The race of seed 001 in steps: an invalidation walks the list of attached devices while one is being attached. */
import { clearPte, flush, ifSet, listAddRcu, rcuDereference, reusePage, underRcu, writeOnce } from "./build.ts";
import type { DriverProgram, Step } from "./steps.ts";

/** `inv`: what stands between clearing the entry and the list walk; `attach`: between list_add_rcu() and the device context. */
export function attachRace(inv: readonly Step[], attach: readonly Step[]): DriverProgram {
  return {
    name: "attach-race",
    objects: [
      { name: "page", initial: 1, seenBy: "device" },
      { name: "io_pte", initial: "&page", seenBy: "device" },
      { name: "dc", initial: 0, seenBy: "device" },
      { name: "bonds", initial: 0 },
      { name: "bond", initial: 1 },
    ],
    caches: ["iotlb"],
    queues: ["invq", "attq"],
    threads: [
      { role: "Inv CPU", title: "riscv_iommu_iotlb_inval", steps: [clearPte("io_pte"), ...inv, ...underRcu(rcuDereference("b", "bonds"), ifSet("b", flush("invq", ["iotlb"]))), reusePage("page")] },
      { role: "Attach CPU", title: "riscv_iommu_attach", steps: [listAddRcu("bonds", "bond"), ...attach, writeOnce("dc", "&io_pte")] },
    ],
    devices: [{ name: "dma", title: "DMA", path: [{ dst: "root", at: "dc" }, { dst: "p", cache: "iotlb" }], access: "read", dst: "d" }],
    hazard: { kind: "use-after-free", object: "page" },
  };
}
