/** RISC-V IOMMU Architecture Specification 1.0. The driver entered Linux with 6.13; its functions are named from there. */
import { assumed, fact, type VendorModel } from "../vendor.ts";

const spec = (place: string): string => `RISC-V IOMMU 1.0, ${place}`;
const guidelines = (title: string): string => spec(`Guidelines for invalidations, "${title}"`);
const driver = (place: string): string => `drivers/iommu/riscv/iommu.c of Linux 6.13, ${place}`;

const neverCached = fact({ kind: "never" }, guidelines("Caching invalid entries"));
const inMemory = fact("memory", spec("2, in-memory data structures"));

export const riscv: VendorModel = {
  id: "riscv",
  title: "RISC-V IOMMU",
  architectures: fact(["riscv"], driver("Kconfig: RISCV")),
  caches: [
    {
      kind: "context",
      entry: fact("device context (DC)", spec("2.1")),
      entriesIn: inMemory,
      invalidatedBy: fact("IODIR.INVAL_DDT", spec("3.1.3")),
      mustFlush: fact(true, guidelines("Changing device directory table entry")),
      leaves: fact(["pasid", "walk", "iotlb", "atc"], guidelines("Changing device directory table entry")),
      followedBy: fact(["iotlb"], guidelines("Changing device directory table entry")),
      after: fact({ caches: [], separately: false }, spec("3.1.3")),
      notPresent: neverCached,
    },
    {
      kind: "pasid",
      entry: fact("process context (PC)", spec("2.2")),
      entriesIn: inMemory,
      invalidatedBy: fact("IODIR.INVAL_PDT", spec("3.1.3")),
      mustFlush: fact(true, guidelines("Changing process directory table entry")),
      leaves: fact(["walk", "iotlb", "atc"], guidelines("Changing process directory table entry")),
      followedBy: fact(["iotlb"], guidelines("Changing process directory table entry")),
      after: fact({ caches: [], separately: false }, spec("3.1.3")),
      notPresent: neverCached,
    },
    {
      kind: "walk",
      entry: fact("non-leaf PTE", spec("3.1.1")),
      entriesIn: inMemory,
      invalidatedBy: fact("IOTINVAL.VMA AV=0", spec("3.1.1: AV=1 covers leaf entries only, unless capabilities.NL")),
      mustFlush: fact(true, spec("3.1.1")),
      leaves: fact(["context", "pasid", "atc"], spec("3.1.1 and 3.1.3")),
      followedBy: fact([], spec("3.1.1: AV=0 covers leaf entries too")),
      after: fact({ caches: [], separately: false }, spec("3.1.1")),
      notPresent: neverCached,
    },
    {
      kind: "iotlb",
      entry: fact("leaf PTE", spec("3.1.1")),
      entriesIn: inMemory,
      invalidatedBy: fact("IOTINVAL.VMA AV=1", spec("3.1.1")),
      mustFlush: fact(true, spec("3.1.1: any translation valid since the last subsuming IOTINVAL may be used")),
      leaves: fact(["context", "pasid", "walk", "atc"], spec("3.1.1 and 3.1.4")),
      followedBy: fact(["atc"], guidelines("Device Address Translation Cache invalidations")),
      after: fact({ caches: [], separately: false }, spec("3.1.1")),
      notPresent: neverCached,
    },
    {
      kind: "atc",
      entry: fact("translation in the DevATC", spec("3.1.4")),
      entriesIn: inMemory,
      invalidatedBy: fact("ATS.INVAL", spec("3.1.4")),
      mustFlush: fact(true, guidelines("Device Address Translation Cache invalidations")),
      leaves: fact(["context", "pasid", "walk", "iotlb"], spec("3.1.4")),
      followedBy: fact([], spec("3.1.4")),
      after: fact({ caches: ["iotlb"], separately: true }, `${guidelines("Device Address Translation Cache invalidations")}; 3.1.2: commands may execute out of order up to an IOFENCE.C`),
      notPresent: assumed({ kind: "never" }, "PCIe ATS, translations without access are not cached"),
    },
  ],
  submission: {
    kind: "queue",
    barrier: fact("dma_wmb", driver("riscv_iommu_queue_send")),
    doorbell: fact("writel_relaxed", driver("riscv_iommu_queue_send, by way of riscv_iommu_writel")),
    rung: fact("per-command", driver("riscv_iommu_cmd_send")),
  },
  completion: {
    kind: "polled",
    command: fact("IOFENCE.C", spec("3.1.2: cqh past it; cqh past another command says nothing")),
    seenBy: fact(["readl_relaxed"], driver("riscv_iommu_queue_cons")),
    barrier: fact(null, driver("riscv_iommu_queue_wait")),
  },
  dataWait: fact({ kind: "bits", command: "IOFENCE.C", bits: ["PR", "PW"] }, spec("3.1.2")),
  contextFetch: assumed("valid-first", spec("2.1 names an access width and no order between the doublewords of a DC")),
  atomicBits: fact(64, spec("2.1: implicit reads are of at least 64 bits")),
  coherentWalk: fact("always", driver("riscv_iommu_iotlb_sync and its page table code write nothing back")),
  validToValid: fact("break-before-make", guidelines("Accessed (A)/Dirty (D) bit updates and page promotions")),
};
