/** s390 zPCI: translation is refreshed by instructions, and the device's context is set by one. Their definition is not public. */
import { assumed, fact, type VendorModel } from "../vendor.ts";

const driver = (place: string): string => `drivers/iommu/s390-iommu.c, ${place}`;
const pci = (place: string): string => `arch/s390/pci/${place}`;

const first = fact({ caches: [], separately: false }, driver("nothing is invalidated before"));

export const s390: VendorModel = {
  id: "s390",
  title: "s390 zPCI",
  architectures: fact(["s390"], "drivers/iommu/Kconfig, S390_IOMMU"),
  caches: [
    {
      kind: "context",
      entry: fact("I/O address translation parameters (IOAT)", pci("pci.c, zpci_register_ioat")),
      entriesIn: fact("device", pci("pci.c, zpci_register_ioat hands them over by an instruction")),
      invalidatedBy: fact("ZPCI_MOD_FC_DEREG_IOAT", pci("pci.c, zpci_unregister_ioat")),
      mustFlush: fact(true, driver("blocking_domain_attach_device")),
      leaves: assumed([], "unregistering ends every use of the tables: the kernel frees them after it (s390_iommu_rcu_free_domain)"),
      followedBy: fact([], driver("blocking_domain_attach_device")),
      after: first,
      notPresent: fact({ kind: "never" }, pci("pci.c, zpci_register_ioat: nothing is refreshed after it (s390_iommu_attach_device)")),
    },
    {
      kind: "walk",
      entry: fact("region or segment table entry", driver("dma_walk_cpu_trans")),
      entriesIn: fact("memory", driver("dma_get_page_table_origin")),
      invalidatedBy: assumed("RPCIT", driver("s390_iommu_flush_iotlb_all; tables are freed only with their domain, after its devices were unregistered")),
      mustFlush: fact(true, driver("s390_domain_free: tables are freed only when no device uses them")),
      leaves: assumed(["context"], driver("s390_iommu_flush_iotlb_all")),
      followedBy: fact([], driver("s390_iommu_flush_iotlb_all")),
      after: first,
      notPresent: fact({ kind: "reported", by: "zdev->tlb_refresh" }, driver("s390_iommu_iotlb_sync_map")),
    },
    {
      kind: "iotlb",
      entry: fact("page table entry", driver("dma_update_cpu_trans")),
      entriesIn: fact("memory", driver("dma_update_cpu_trans")),
      invalidatedBy: fact("RPCIT", pci("pci_insn.c, zpci_refresh_trans")),
      mustFlush: fact(true, driver("s390_iommu_iotlb_sync")),
      leaves: assumed(["context"], driver("s390_iommu_iotlb_sync")),
      followedBy: fact([], driver("s390_iommu_iotlb_sync")),
      after: first,
      notPresent: fact({ kind: "reported", by: "zdev->tlb_refresh" }, driver("s390_iommu_iotlb_sync_map")),
    },
  ],
  submission: { kind: "instruction" },
  completion: { kind: "instruction", reports: fact("condition code", pci("pci_insn.c, __rpcit")) },
  dataWait: assumed({ kind: "always" }, "RPCIT and modify-PCI-function-controls end when accesses by the old translation have"),
  contextFetch: fact("atomic", pci("pci.c, zpci_register_ioat: the parameters come with one instruction")),
  atomicBits: fact(64, driver("dma_update_cpu_trans exchanges a whole entry")),
  coherentWalk: fact("always", driver("s390_iommu_capable: IOMMU_CAP_CACHE_COHERENCY")),
  validToValid: fact("break-before-make", driver("validate_pt_entry warns of an entry that is valid already")),
};
