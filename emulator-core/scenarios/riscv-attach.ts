/** iommu/riscv v3 7/7: attach, detach and re-use of an address-space tag against the IOTLB. */
import * as on from "../src/driver/build.ts";
import type { Device, DriverObject, DriverProgram, DriverThread, Step } from "../src/driver/steps.ts";
import { interleaving, mendedBy, never, nonMca, scenariosOf, weak, type Expected, type Row, type Scenario } from "./scenario.ts";

export const riscvSeed = "001 iommu/riscv v3 7/7 (Jason Gunthorpe, Tomasz Jeznach, 2024-05-03)";

/** One page, mapped by one leaf entry. */
const pageAndPte: readonly DriverObject[] = [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }];

const stalePage = { kind: "use-after-free", object: "page" } as const;

/** How the invalidation finds the devices that it has to flush for. */
type Walk = {
  readonly unmap?: Step;
  /** Between the io_pte store and the walk. */
  readonly barrier?: readonly Step[];
  readonly find?: Step;
  /** What the walk holds; default rcu_read_lock(). */
  readonly hold?: (...steps: readonly Step[]) => readonly Step[];
};

const invCpu = ({ unmap = on.clearPte("io_pte"), barrier = [], find = on.rcuDereference("bond", "bonds"), hold = on.underRcu }: Walk): DriverThread => ({
  role: "Inv CPU",
  title: "riscv_iommu_iotlb_inval",
  steps: [unmap, ...barrier, ...hold(find, on.ifSet("bond", on.flush("inv_queue", ["iotlb"]))), on.reusePage("page")],
});

type Attach = Walk & {
  readonly name: string;
  readonly add?: readonly Step[];
  /** Between list_add_rcu() and the device context. */
  readonly between?: readonly Step[];
  readonly publish?: Step;
};

/** Jason's columns: the Inv CPU clears the io_pte and walks the list while the Attach CPU adds to it and enables the device context. */
function attachRace({ name, add = [on.listAddRcu("bonds", "bond_of_dev")], between = [], publish = on.writeOnce("dc", "&io_pte"), ...walk }: Attach): DriverProgram {
  return {
    name,
    objects: [...pageAndPte, { name: "dc", initial: 0, seenBy: "device" }, { name: "bonds", initial: 0 }, { name: "bond_of_dev", initial: 1 }],
    locks: ["domain_lock"],
    caches: ["iotlb"],
    queues: ["inv_queue", "attach_queue"],
    threads: [invCpu(walk), { role: "Attach CPU", title: "riscv_iommu_attach_paging_domain", steps: [...add, ...between, publish] }],
    devices: [{ name: "dma", title: "DMA of the device being attached", path: [{ dst: "root", at: "dc" }, { dst: "pte", cache: "iotlb" }], access: "read" }],
    hazard: stalePage,
  };
}

const fullBarrier = { barrier: [on.smpMb()] };
const earlyFlush = on.flush("attach_queue", ["iotlb"]);
const underLock = (...steps: readonly Step[]): readonly Step[] => on.locked("domain_lock", ...steps);

const attachRows: readonly (readonly [Attach, Expected, string?])[] = [
  [{ name: "riscv-attach-a-nobarrier" }, weak, "riscv-attach-b-mb-both"],
  [{ name: "riscv-attach-b-mb-both", ...fullBarrier, between: [on.smpMb()] }, never],
  [{ name: "riscv-attach-b1-mb-inv-only", ...fullBarrier, between: [on.dmaWmb()] }, nonMca, "riscv-attach-b-mb-both"],
  [{ name: "riscv-attach-b2-mb-attach-only", between: [on.smpMb()] }, weak, "riscv-attach-b-mb-both"],
  [{ name: "riscv-attach-b3-mb-inv-wmb-missing", ...fullBarrier }, weak, "riscv-attach-b-mb-both"],
  [{ name: "riscv-attach-b4-release-acquire", unmap: on.smpStoreRelease("io_pte", 0), find: on.smpLoadAcquire("bond", "bonds"), publish: on.smpStoreRelease("dc", "&io_pte") }, weak, "riscv-attach-b-mb-both"],
  [{ name: "riscv-attach-b5-lock-both", hold: underLock, add: underLock(on.listAddRcu("bonds", "bond_of_dev")) }, never],
  [{ name: "riscv-attach-c-tomasz-inval-first", between: earlyFlush }, weak, "riscv-attach-c1-tomasz-mb-inv"],
  [{ name: "riscv-attach-c1-tomasz-mb-inv", ...fullBarrier, between: earlyFlush }, never],
  [{ name: "riscv-attach-c2-tomasz-mb-inv-doorbell-only", ...fullBarrier, between: on.flush("attach_queue", ["iotlb"], { assumeEmpty: true }) }, nonMca, "riscv-attach-b-mb-both"],
];

const disable = on.writeOnce("dc", 0);
const fenceContext = on.flush("detach_queue", ["ddtc"]);
const unlink = on.listDelRcu("bonds");
const cachedContext: Device["path"] = [{ dst: "root", at: "dc", cache: "ddtc", role: "context" }, { dst: "pte", cache: "iotlb" }];

/** The Detach CPU fences the hardware and unlinks the bond, in some order. */
const detachRace = (name: string, detach: readonly Step[]): DriverProgram => ({
  name,
  objects: [...pageAndPte, { name: "dc", initial: "&io_pte", seenBy: "device" }, { name: "bonds", initial: "&bond_of_dev" }, { name: "bond_of_dev", initial: 1 }],
  caches: ["ddtc", "iotlb"],
  queues: ["inv_queue", "detach_queue"],
  threads: [invCpu({}), { role: "Detach CPU", title: "riscv_iommu_detach", steps: detach }],
  devices: [{ name: "dma", title: "DMA of the device being detached", path: cachedContext, access: "read" }],
  hazard: stalePage,
});

const detachRows: readonly (readonly [string, readonly Step[], Expected])[] = [
  ["riscv-detach-d-del-after-fence", [disable, ...fenceContext, unlink], never],
  ["riscv-detach-d-del-before-fence", [unlink, disable, ...fenceContext], interleaving],
  ["riscv-detach-d-del-between", [disable, unlink, ...fenceContext], interleaving],
];

/** The last detach frees the PSCID; the next domain gets it, and the device finds old entries by the tag. */
const tagReuse = (name: string, invalidate: readonly Step[]): DriverProgram => ({
  name,
  objects: [...pageAndPte, { name: "new_io_pte", initial: 0, seenBy: "device" }, { name: "dc", initial: "&io_pte", seenBy: "device" }, { name: "pscid_is_free", initial: 0 }],
  caches: ["ddtc", "iotlb"],
  threads: [
    { role: "Detach CPU", title: "riscv_iommu_free_paging_domain", steps: [disable, ...invalidate, on.smpStoreRelease("pscid_is_free", 1)] },
    {
      role: "Attach CPU", title: "riscv_iommu_alloc_paging_domain",
      steps: [on.waitUntil("pscid_is_free", 1), on.reusePage("page"), on.smpMb(), on.writeOnce("dc", "&new_io_pte")],
    },
  ],
  devices: [{ name: "dma", title: "DMA through an entry that is tagged with the PSCID only", path: cachedContext, access: "read", again: { dst: "context", at: "dc" } }],
  // The device of the new domain, by the old one's translation.
  hazard: { ...stalePage, when: [{ thread: "dma", register: "context", is: "&new_io_pte" }] },
});

const fence = on.invalidate("IODIR.INVAL_DDT + IOFENCE.C", ["ddtc"]);
const wipe = on.invalidate("IOTINVAL.VMA(PSCID) + IOFENCE.C", ["iotlb"]);
const tagRows: readonly (readonly [string, readonly Step[], Expected])[] = [
  ["riscv-pscid-reuse-nowipe", [fence], interleaving],
  ["riscv-pscid-reuse-wipe", [fence, wipe], never],
  ["riscv-pscid-reuse-wipe-too-early", [wipe, fence], interleaving],
];

export const riscvAttachScenarios: readonly Scenario[] = scenariosOf(riscvSeed, [
  ...attachRows.map(([attach, expected, fixedBy]): Row => (fixedBy === undefined ? [attachRace(attach), expected] : [attachRace(attach), expected, fixedBy])),
  ...mendedBy("riscv-detach-d-del-after-fence", detachRows.map(([name, steps, expected]) => [detachRace(name, steps), expected])),
  ...mendedBy("riscv-pscid-reuse-wipe", tagRows.map(([name, steps, expected]) => [tagReuse(name, steps), expected])),
]);
