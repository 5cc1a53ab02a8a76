/** Arm SMMUv3 as Linux 6.12 drives it; statements on the hardware alone could not be checked against Arm IHI 0070. */
import { assumed, fact, type VendorModel } from "../vendor.ts";

const driver = (place: string): string => `drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, ${place}`;
const pgtable = (place: string): string => `drivers/iommu/io-pgtable-arm.c, ${place}`;
const manual = (place: string): string => `Arm IHI 0070, ${place}`;

const inMemory = fact("memory", driver("arm_smmu_write_entry and io-pgtable-arm.c write entries in memory"));
const first = fact({ caches: [], separately: false }, driver("arm_smmu_write_entry: nothing is invalidated before"));

export const smmuv3: VendorModel = {
  id: "smmuv3",
  title: "Arm SMMUv3",
  architectures: fact(["arm64"], "drivers/iommu/Kconfig, ARM_SMMU_V3"),
  caches: [
    {
      kind: "context",
      entry: fact("STE", driver("arm_smmu_install_ste_for_dev")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMDQ_OP_CFGI_STE", driver("arm_smmu_ste_writer_sync_entry")),
      mustFlush: fact(true, driver("arm_smmu_write_entry: a sync after each pass")),
      leaves: fact(["walk", "iotlb", "atc"], driver("arm_smmu_domain_free_paging and arm_smmu_attach_commit invalidate those")),
      followedBy: fact([], driver("arm_smmu_attach_dev: translations of the old domain go with its ASID or VMID")),
      after: first,
      notPresent: fact({ kind: "may" }, driver("arm_smmu_write_entry: syncs from V=0 to V=1, too")),
    },
    {
      kind: "pasid",
      entry: fact("CD", driver("arm_smmu_write_cd_entry")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMDQ_OP_CFGI_CD", driver("arm_smmu_sync_cd")),
      mustFlush: fact(true, driver("arm_smmu_write_cd_entry, arm_smmu_clear_cd")),
      leaves: fact(["context", "walk", "iotlb", "atc"], driver("arm_smmu_remove_dev_pasid and arm_smmu_tlb_inv_range_domain invalidate those")),
      followedBy: fact([], driver("arm_smmu_remove_dev_pasid: translations go with the ASID")),
      after: first,
      notPresent: fact({ kind: "may" }, driver("arm_smmu_alloc_cd_ptr: an invalid level-1 CD can be cached; arm_smmu_write_entry syncs CDs from V=0 to V=1")),
    },
    {
      kind: "walk",
      entry: fact("table descriptor", pgtable("__arm_lpae_unmap")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMDQ_OP_TLBI_NH_VA leaf=0", driver("arm_smmu_tlb_inv_walk")),
      mustFlush: fact(true, pgtable("__arm_lpae_unmap: io_pgtable_tlb_flush_walk before the table is freed")),
      leaves: fact(["context", "pasid", "atc"], driver("arm_smmu_tlb_inv_range_domain: ATC_INV is another command")),
      followedBy: fact([], driver("arm_smmu_tlb_inv_range_domain: leaf=0 covers leaf entries too")),
      after: first,
      notPresent: assumed({ kind: "never" }, manual("3.21, TLBs hold no faulting entries")),
    },
    {
      kind: "iotlb",
      entry: fact("leaf descriptor", pgtable("__arm_lpae_unmap")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMDQ_OP_TLBI_NH_VA leaf=1", driver("arm_smmu_iotlb_sync")),
      mustFlush: fact(true, driver("arm_smmu_iotlb_sync")),
      leaves: fact(["context", "pasid", "walk", "atc"], driver("arm_smmu_tlb_inv_range_domain")),
      followedBy: fact(["atc"], driver("arm_smmu_tlb_inv_range_domain")),
      after: first,
      notPresent: assumed({ kind: "never" }, manual("3.21, TLBs hold no faulting entries")),
    },
    {
      kind: "atc",
      entry: fact("translation in the ATC", driver("arm_smmu_atc_inv_to_cmd")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMDQ_OP_ATC_INV", driver("arm_smmu_atc_inv_domain")),
      mustFlush: fact(true, driver("arm_smmu_atc_inv_domain")),
      leaves: fact(["context", "pasid", "walk", "iotlb"], driver("arm_smmu_tlb_inv_range_domain: TLBI is another command")),
      followedBy: fact([], driver("arm_smmu_tlb_inv_range_domain")),
      after: fact({ caches: ["iotlb"], separately: true }, driver("arm_smmu_atc_inv_domain: prior invalidation of the main TLBs is complete")),
      notPresent: assumed({ kind: "never" }, "PCIe ATS, translations without access are not cached"),
    },
  ],
  submission: {
    kind: "queue",
    barrier: fact("dma_wmb", driver("arm_smmu_cmdq_issue_cmdlist")),
    doorbell: fact("writel_relaxed", driver("arm_smmu_cmdq_issue_cmdlist, by the owner")),
    rung: fact("per-submission", driver("arm_smmu_cmdq_batch_submit")),
  },
  completion: {
    kind: "polled",
    command: fact("CMDQ_OP_CMD_SYNC", driver("arm_smmu_cmdq_issue_cmdlist")),
    seenBy: fact(["readl", "READ_ONCE"], driver("__arm_smmu_cmdq_poll_until_consumed (cons register), __arm_smmu_cmdq_poll_until_msi (word in memory)")),
    barrier: fact(null, driver("arm_smmu_cmdq_issue_cmdlist: a control dependency")),
  },
  dataWait: assumed({ kind: "always" }, manual("4.7.3, CMD_SYNC completes when earlier invalidations have, transactions in flight included")),
  contextFetch: assumed("any-order", manual("3.21.3, no order between the doublewords of an entry")),
  atomicBits: fact(64, driver("arm_smmu_write_entry: hardware is only required to have 64-bit atomicity")),
  coherentWalk: fact("reported", pgtable("__arm_lpae_sync_pte where coherent_walk is not set (SMMU_IDR0.COHACC)")),
  validToValid: fact("break-before-make", pgtable("arm_lpae_init_pte: unmap first; STEs and CDs change in passes, arm_smmu_write_entry")),
};
