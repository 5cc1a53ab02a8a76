/** Intel VT-d as Linux 6.12 drives it; statements on the hardware alone could not be checked against the VT-d specification. */
import { assumed, fact, type VendorModel } from "../vendor.ts";

const driver = (place: string): string => `drivers/iommu/intel/${place}`;
const manual = (place: string): string => `Intel VT-d, ${place}`;

const inMemory = fact("memory", driver("iommu.c, domain_context_mapping_one and __domain_mapping write entries in memory"));
const first = fact({ caches: [], separately: false }, driver("pasid.c, intel_context_flush_no_pasid and intel_pasid_tear_down_entry: nothing is invalidated before"));
const caching = (place: string) => fact({ kind: "reported", by: "CAP.CM" }, driver(place));

export const vtd: VendorModel = {
  id: "vtd",
  title: "Intel VT-d",
  architectures: fact(["x86"], "drivers/iommu/intel/Kconfig, INTEL_IOMMU"),
  caches: [
    {
      kind: "context",
      entry: fact("context entry", driver("iommu.c, domain_context_clear_one")),
      entriesIn: inMemory,
      invalidatedBy: fact("QI_CC_TYPE", driver("dmar.c, qi_flush_context")),
      mustFlush: fact(true, driver("iommu.c, domain_context_clear_one")),
      leaves: fact(["pasid", "walk", "iotlb", "atc"], driver("pasid.c, intel_context_flush_no_pasid")),
      followedBy: fact(["iotlb"], driver("pasid.c, intel_context_flush_no_pasid (legacy mode)")),
      after: first,
      notPresent: caching("iommu.c, context_present_cache_flush"),
    },
    {
      kind: "pasid",
      entry: fact("PASID table entry", driver("pasid.c, intel_pasid_tear_down_entry")),
      entriesIn: inMemory,
      invalidatedBy: fact("QI_PC_TYPE", driver("pasid.c, pasid_cache_invalidation_with_pasid")),
      mustFlush: fact(true, driver("pasid.c, intel_pasid_tear_down_entry")),
      leaves: fact(["context", "walk", "iotlb", "atc"], driver("pasid.c, intel_pasid_tear_down_entry")),
      followedBy: fact(["iotlb"], driver("pasid.c, intel_pasid_tear_down_entry")),
      after: first,
      notPresent: caching("pasid.c, pasid_flush_caches"),
    },
    {
      kind: "walk",
      entry: fact("non-leaf PTE", driver("iommu.c, domain_unmap")),
      entriesIn: inMemory,
      invalidatedBy: fact("QI_IOTLB_TYPE IH=0", driver("iommu.c, intel_iommu_tlb_sync: IH is set only where no table was freed")),
      mustFlush: fact(true, driver("iommu.c, intel_iommu_tlb_sync: tables are freed after the flush")),
      leaves: fact(["context", "pasid", "atc"], driver("cache.c, cache_tag_flush_range")),
      followedBy: fact([], driver("cache.c, cache_tag_flush_iotlb: leaf entries are covered too")),
      after: first,
      notPresent: caching("cache.c, cache_tag_flush_range_np (second stage)"),
    },
    {
      kind: "iotlb",
      entry: fact("leaf PTE", driver("iommu.c, dma_pte_clear_level")),
      entriesIn: inMemory,
      invalidatedBy: fact("QI_IOTLB_TYPE IH=1", driver("cache.c, cache_tag_flush_iotlb")),
      mustFlush: fact(true, driver("iommu.c, intel_iommu_tlb_sync")),
      leaves: fact(["context", "pasid", "walk", "atc"], driver("cache.c, cache_tag_flush_range")),
      followedBy: fact(["atc"], driver("cache.c, cache_tag_flush_range")),
      after: first,
      notPresent: caching("cache.c, cache_tag_flush_range_np (second stage)"),
    },
    {
      kind: "atc",
      entry: fact("translation in the device TLB", driver("dmar.c, qi_flush_dev_iotlb")),
      entriesIn: inMemory,
      invalidatedBy: fact("QI_DIOTLB_TYPE", driver("dmar.c, qi_flush_dev_iotlb")),
      mustFlush: fact(true, driver("cache.c, cache_tag_flush_devtlb_psi")),
      leaves: fact(["context", "pasid", "walk", "iotlb"], driver("cache.c, cache_tag_flush_range")),
      followedBy: fact([], driver("cache.c, cache_tag_flush_range")),
      after: assumed({ caches: ["iotlb"], separately: false }, `${driver("cache.c, cache_tag_flush_range puts both in one batch")}; ${manual("6.5.2, the device TLB after the IOTLB")}`),
      notPresent: assumed({ kind: "never" }, "PCIe ATS, translations without access are not cached"),
    },
  ],
  submission: {
    kind: "queue",
    barrier: fact(null, driver("dmar.c, qi_submit_sync")),
    doorbell: fact("writel", driver("dmar.c, qi_submit_sync")),
    rung: fact("per-submission", driver("dmar.c, qi_submit_sync")),
  },
  completion: {
    kind: "polled",
    command: fact("QI_IWD_TYPE", driver("dmar.c, qi_submit_sync: the wait descriptor's status; the head register says nothing")),
    seenBy: fact(["READ_ONCE"], driver("dmar.c, qi_submit_sync")),
    barrier: fact(null, driver("dmar.c, qi_submit_sync")),
  },
  dataWait: fact({ kind: "bits", command: "QI_IOTLB_TYPE", bits: ["DR", "DW"] }, driver("iommu.h, qi_desc_iotlb: set where CAP.DRD and CAP.DWD allow")),
  contextFetch: assumed("atomic", manual("9, entries of 128 bits are fetched as one")),
  atomicBits: assumed(128, manual("9, entries of 128 bits are fetched as one")),
  coherentWalk: fact("reported", driver("iommu.c, domain_flush_cache and __iommu_flush_cache where ECAP.C is not set")),
  validToValid: assumed("flush-after", `${driver("iommu.c, __domain_mapping refuses a present PTE")}; ${manual("6.5.3.3")}`),
};
