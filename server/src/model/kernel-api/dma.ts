import { partly } from "./partly.ts";
import type { HeaderRows } from "./schema.ts";

/** `address` is the CPU's pointer for what maps, the device's address for what syncs or unmaps. */
export const dmaMapping: HeaderRows = {
  header: "include/linux/dma-mapping.h",
  rows: [
    partly(["dma_map_single", "dma_map_single_attrs", "dma_map_page", "dma_map_page_attrs"], [{ kind: "dma", does: "map", address: 1, size: 2, direction: 3 }], { neverWaits: true }),
    partly(["dma_map_sg", "dma_map_sg_attrs", "dma_map_resource"], [{ kind: "dma", does: "map", address: 1, size: 2, direction: 3 }], { neverWaits: true }),
    partly(["dma_unmap_single", "dma_unmap_single_attrs", "dma_unmap_page", "dma_unmap_page_attrs", "dma_unmap_sg", "dma_unmap_sg_attrs", "dma_unmap_resource"], [{ kind: "dma", does: "unmap", address: 1, size: 2, direction: 3 }], { neverWaits: true }),
    partly(["dma_sync_single_for_device", "dma_sync_sg_for_device"], [{ kind: "dma", does: "clean", address: 1, size: 2, direction: 3 }], { neverWaits: true }),
    partly(["dma_sync_single_range_for_device"], [{ kind: "dma", does: "clean", address: 1, size: 3, direction: 4 }], { neverWaits: true }),
    partly(["dma_sync_single_for_cpu", "dma_sync_sg_for_cpu"], [{ kind: "dma", does: "invalidate", address: 1, size: 2, direction: 3 }], { neverWaits: true }),
    partly(["dma_sync_single_range_for_cpu"], [{ kind: "dma", does: "invalidate", address: 1, size: 3, direction: 4 }], { neverWaits: true }),
  ],
};

export const arch: HeaderRows = {
  header: "arch/x86/include/asm/cacheflush.h",
  rows: [partly(["clflush_cache_range"], [{ kind: "dma", does: "clean", address: 0, size: 1 }])],
};

export const archClean: HeaderRows = {
  header: "include/linux/dma-map-ops.h",
  rows: [
    partly(["arch_sync_dma_for_device"], [{ kind: "dma", does: "clean", address: 0, size: 1, direction: 2 }]),
    partly(["arch_sync_dma_for_cpu"], [{ kind: "dma", does: "invalidate", address: 0, size: 1, direction: 2 }]),
  ],
};
