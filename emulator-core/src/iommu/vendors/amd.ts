/** AMD-Vi as Linux 6.12 drives it; statements on the hardware alone could not be checked against AMD publication 48882. */
import { assumed, fact, type VendorModel } from "../vendor.ts";

const driver = (place: string): string => `drivers/iommu/amd/${place}`;
const manual = (place: string): string => `AMD publication 48882, ${place}`;

const inMemory = fact("memory", driver("iommu.c, update_dte256 and io_pgtable.c write entries in memory"));
const first = fact({ caches: [], separately: false }, driver("iommu.c, detach_device: nothing is invalidated before"));
const pages = driver("iommu.c, build_inv_iommu_pages: the PDE bit is always set");

export const amd: VendorModel = {
  id: "amd",
  title: "AMD-Vi",
  architectures: fact(["x86"], "drivers/iommu/amd/Kconfig, AMD_IOMMU"),
  caches: [
    {
      kind: "context",
      entry: fact("device table entry (DTE)", driver("iommu.c, update_dte256")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMD_INV_DEV_ENTRY", driver("iommu.c, iommu_flush_dte")),
      mustFlush: fact(true, driver("iommu.c, update_dte256 and dev_update_dte")),
      leaves: fact(["pasid", "walk", "iotlb", "atc"], driver("iommu.c, detach_device flushes the domain after the DTE")),
      followedBy: fact(["iotlb"], driver("iommu.c, detach_device")),
      after: first,
      notPresent: fact({ kind: "may" }, driver("iommu.c, update_dte256: flushes from V=0 to V=1, too")),
    },
    {
      kind: "pasid",
      entry: fact("GCR3 table entry", driver("iommu.c, update_gcr3")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMD_INV_IOMMU_PAGES GN=1", driver("iommu.c, amd_iommu_dev_flush_pasid_pages")),
      mustFlush: fact(true, driver("iommu.c, update_gcr3")),
      leaves: fact(["context", "atc"], driver("iommu.c, amd_iommu_dev_flush_pasid_pages")),
      followedBy: fact(["atc"], driver("iommu.c, amd_iommu_dev_flush_pasid_pages")),
      after: first,
      notPresent: fact({ kind: "may" }, driver("iommu.c, update_gcr3: flushes when the entry becomes valid, too")),
    },
    {
      kind: "walk",
      entry: fact("page directory entry", driver("io_pgtable.c, free_clear_pte")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMD_INV_IOMMU_PAGES", pages),
      mustFlush: fact(true, pages),
      leaves: fact(["context", "atc"], driver("iommu.c, __domain_flush_pages")),
      followedBy: fact([], pages),
      after: first,
      notPresent: fact({ kind: "reported", by: "NpCache" }, driver("init.c, amd_iommu_np_cache; iommu.c, domain_flush_np_cache")),
    },
    {
      kind: "iotlb",
      entry: fact("leaf PTE", driver("io_pgtable.c, iommu_v1_unmap_pages")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMD_INV_IOMMU_PAGES", driver("iommu.c, domain_flush_pages_v1")),
      mustFlush: fact(true, driver("iommu.c, amd_iommu_iotlb_sync")),
      leaves: fact(["context", "atc"], driver("iommu.c, __domain_flush_pages")),
      followedBy: fact(["atc"], driver("iommu.c, __domain_flush_pages")),
      after: first,
      notPresent: fact({ kind: "reported", by: "NpCache" }, driver("init.c, amd_iommu_np_cache; iommu.c, amd_iommu_iotlb_sync_map")),
    },
    {
      kind: "atc",
      entry: fact("translation in the device's IOTLB", driver("iommu.c, device_flush_iotlb")),
      entriesIn: inMemory,
      invalidatedBy: fact("CMD_INV_IOTLB_PAGES", driver("iommu.c, build_inv_iotlb_pages")),
      mustFlush: fact(true, driver("iommu.c, __domain_flush_pages")),
      leaves: fact(["context", "pasid", "walk", "iotlb"], driver("iommu.c, __domain_flush_pages")),
      followedBy: fact([], driver("iommu.c, __domain_flush_pages")),
      after: assumed({ caches: ["iotlb"], separately: false }, `${driver("iommu.c, __domain_flush_pages queues both before one COMPLETION_WAIT")}; ${manual("2.4, commands take effect in order")}`),
      notPresent: assumed({ kind: "never" }, "PCIe ATS, translations without access are not cached"),
    },
  ],
  submission: {
    kind: "queue",
    barrier: fact(null, driver("iommu.c, copy_cmd_to_buffer")),
    doorbell: fact("writel", driver("iommu.c, copy_cmd_to_buffer")),
    rung: fact("per-command", driver("iommu.c, copy_cmd_to_buffer")),
  },
  completion: {
    kind: "polled",
    command: fact("CMD_COMPL_WAIT", driver("iommu.c, iommu_completion_wait")),
    seenBy: fact(["READ_ONCE"], driver("iommu.c, wait_on_sem")),
    barrier: fact(null, driver("iommu.c, wait_on_sem")),
  },
  dataWait: assumed({ kind: "always" }, manual("2.4.1, COMPLETION_WAIT waits for transactions in flight")),
  contextFetch: fact("atomic", driver("iommu.c, comment at update_dte256: the DTE is read in one 256-bit transaction")),
  atomicBits: fact(256, driver("iommu.c, comment at update_dte256; the driver writes two halves of 128 bits, V in the one written last")),
  coherentWalk: assumed("always", driver("io_pgtable.c writes nothing back")),
  validToValid: fact("flush-after", driver("iommu.c, update_dte256 between valid entries; io_pgtable.c, iommu_v1_map_pages replaces with a flush")),
};
