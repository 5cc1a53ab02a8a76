import type { DetailEffect, IommuCache } from "./detail-schema.ts";
import { partly } from "./partly.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";

type Flush = DetailEffect & { readonly kind: "iommu-flush" };

const flush = (names: readonly string[], step: Flush["step"], caches: readonly IommuCache[], reach: Flush["reach"], subject = 0, leaf?: number): ApiRow =>
  partly(names, [{ kind: "iommu-flush", step, caches, reach, subject, ...(leaf === undefined ? {} : { leaf }) }]);

/** What gathers is fully known: it writes into the gather (or, when that is full, syncs). Flushing calls the driver. */
export const iommu: HeaderRows = {
  header: "include/linux/iommu.h",
  rows: [
    ...["iommu_iotlb_gather_add_page", "iommu_iotlb_gather_add_range"].map((name): ApiRow => ({ names: [name], effects: [{ kind: "iommu-flush", step: "gather", caches: ["iotlb"], reach: "range", subject: name.endsWith("page") ? 1 : 0 }] })),
    { names: ["iommu_iotlb_gather_init", "iommu_iotlb_gather_queued", "iommu_group_ref_get", "dev_iommu_priv_get", "dev_iommu_priv_set", "dev_iommu_fwspec_get", "iommu_get_domain_for_dev", "device_iommu_capable"], effects: [] },
    flush(["iommu_flush_iotlb_all"], "complete", ["iotlb", "walk"], "domain"),
    // Whether it covers the walk caches is the driver's business, and what was gathered.
    flush(["iommu_iotlb_sync"], "complete", ["iotlb", "walk"], "range"),
    partly(["iommu_alloc_global_pasid"], [{ kind: "tag-alloc" }]),
    partly(["iommu_free_global_pasid"], [{ kind: "tag-release", tag: 0 }]),
    partly(["iopf_queue_add_device"], [{ kind: "iopf", does: "enable", subject: 1 }]),
    partly(["iopf_queue_remove_device"], [{ kind: "iopf", does: "disable", subject: 1 }], { maySleep: true }),
    // Those that came to the queue; what the device or the hardware queue still holds, the driver must have drained.
    partly(["iopf_queue_flush_dev"], [{ kind: "iopf", does: "drain", subject: 0 }], { maySleep: true, source: "drivers/iommu/io-pgfault.c" }),
    partly(["iopf_queue_discard_partial"], [{ kind: "iopf", does: "discard", subject: 0 }], { maySleep: true }),
    partly(["iommu_report_device_fault"], [{ kind: "iopf", does: "report", subject: 0 }]),
    partly(["iopf_group_response"], [{ kind: "iopf", does: "respond", subject: 0 }]),
    partly(["iommu_set_fault_handler"], [{ kind: "register", hook: "fault-handler", chain: 0, callback: 1, subject: 2 }]),
  ],
};

export const ioPgtable: HeaderRows = {
  header: "include/linux/io-pgtable.h",
  rows: [
    flush(["io_pgtable_tlb_flush_all"], "complete", ["iotlb", "walk"], "domain"),
    flush(["io_pgtable_tlb_flush_walk"], "complete", ["iotlb", "walk"], "range"),
    flush(["io_pgtable_tlb_add_page"], "gather", ["iotlb"], "range"),
  ],
};

/** qi_submit_sync() waits for a wait descriptor behind what it is given; which caches, only the descriptors say (empty). */
export const intel: HeaderRows = {
  header: "drivers/iommu/intel/iommu.h",
  rows: [
    flush(["qi_submit_sync"], "complete", [], "range"),
    flush(["qi_flush_context"], "complete", ["context"], "domain"),
    // The hint for leaf entries is in the address.
    flush(["qi_flush_iotlb"], "complete", ["iotlb", "walk"], "range"),
    flush(["qi_flush_piotlb"], "complete", ["iotlb"], "range", 0, 5),
    flush(["qi_flush_dev_iotlb", "qi_flush_dev_iotlb_pasid"], "complete", ["device-tlb"], "device"),
    flush(["qi_flush_pasid_cache"], "complete", ["pasid"], "domain"),
    flush(["cache_tag_flush_all"], "complete", ["iotlb", "walk", "device-tlb"], "domain"),
    flush(["cache_tag_flush_range"], "complete", ["iotlb", "device-tlb"], "range", 0, 3),
    partly(["intel_iommu_drain_pasid_prq"], [{ kind: "iopf", does: "drain", subject: 0 }], { maySleep: true, source: "drivers/iommu/intel/prq.c" }),
    partly(["cap_caching_mode"], [{ kind: "translation", does: "not-present", subject: 0 }]),
    partly(["__iommu_flush_cache"], [{ kind: "dma", does: "clean", address: 1, size: 2 }]),
  ],
};

export const arm: HeaderRows = {
  header: "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h",
  rows: [
    flush(["arm_smmu_tlb_inv_asid"], "complete", ["iotlb", "walk"], "domain"),
    flush(["arm_smmu_tlb_inv_range_asid"], "complete", ["iotlb"], "range", 0, 4),
    flush(["arm_smmu_atc_inv_domain"], "complete", ["device-tlb"], "domain"),
  ],
};

/** drivers/iommu/amd/iommu.c: these end in iommu_completion_wait(). */
export const amd: HeaderRows = {
  header: "drivers/iommu/amd/amd_iommu.h",
  rows: [
    flush(["amd_iommu_flush_all_caches"], "complete", ["all"], "global"),
    flush(["amd_iommu_update_and_flush_device_table"], "complete", ["context"], "domain"),
    flush(["amd_iommu_domain_flush_pages"], "complete", ["iotlb", "walk", "device-tlb"], "range"),
    flush(["amd_iommu_dev_flush_pasid_pages"], "complete", ["iotlb", "walk", "device-tlb"], "range"),
  ],
};

export const s390: HeaderRows = {
  header: "arch/s390/include/asm/pci_insn.h",
  rows: [flush(["zpci_refresh_trans"], "complete", ["iotlb", "walk"], "range")],
};

export const s390Ioat: HeaderRows = {
  header: "arch/s390/include/asm/pci.h",
  // zpci_mod_fc() sleeps while the function is busy.
  rows: [
    { names: ["zpci_register_ioat"], effects: [{ kind: "iommu-flush", step: "complete", caches: ["context"], reach: "device", subject: 0 }, { kind: "translation", does: "start", subject: 0 }], maySleep: true, source: "arch/s390/pci/pci_insn.c" },
    { names: ["zpci_unregister_ioat"], effects: [{ kind: "iommu-flush", step: "complete", caches: ["context"], reach: "device", subject: 0 }, { kind: "translation", does: "stop", subject: 0 }], maySleep: true, source: "arch/s390/pci/pci_insn.c" },
  ],
};

export const pciAts: HeaderRows = {
  header: "include/linux/pci-ats.h",
  rows: [partly(["pci_enable_ats"], [{ kind: "translation", does: "device-tlb", subject: 0 }], { source: "drivers/pci/ats.c" })],
};
