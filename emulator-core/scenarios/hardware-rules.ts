/** Rules of the hardware and of object life that no thread of the seeds is about. */
import * as on from "../src/driver/build.ts";
import type { Device, DriverObject, DriverProgram, Handler, Step } from "../src/driver/steps.ts";
import { interleaving, mendedBy, never, scenariosOf, weak, type Row, type Scenario } from "./scenario.ts";

const seed = "extra: rule of the hardware model (not a seed thread)";

const pageAndPte: readonly DriverObject[] = [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }];
const stalePage = { kind: "use-after-free", object: "page" } as const;
const iotlb = on.invalidate("invalidate the IOTLB", ["iotlb"]);
const atc = on.invalidate("invalidate the device TLB", ["atc"]);
const translatingDevice: Device = { name: "dma", title: "DMA of an ATS device", path: [{ dst: "pte", at: "io_pte", cache: "iotlb" }], access: "read", ats: { cache: "atc" } };

/** A device that keeps translations itself. */
const ats = (name: string, ...invalidations: readonly Step[]): DriverProgram => ({
  name,
  objects: pageAndPte,
  caches: ["iotlb", "atc"],
  threads: [{ role: "Inv CPU", title: "iommu_unmap", steps: [on.clearPte("io_pte"), ...invalidations, on.reusePage("page")] }],
  devices: [translatingDevice],
  hazard: stalePage,
});

/** 6.12 arm-smmu-v3: the flush asks how many ATS masters there are while one is being enabled. */
const atsMasters = (name: string, tlbi: readonly Step[], path: Device["path"] = translatingDevice.path): DriverProgram => ({
  name,
  architecture: "arm64",
  objects: [...pageAndPte, { name: "nr_ats_masters", initial: 0 }, { name: "ats_enabled", initial: 0, seenBy: "device" }],
  caches: ["iotlb", "atc"],
  threads: [
    {
      role: "Inv CPU", title: "arm_smmu_atc_inv_domain",
      steps: [on.clearPte("io_pte"), ...tlbi, on.readOnce("masters", "nr_ats_masters"), on.ifSet("masters", [on.invalidate("ATC_INV + CMD_SYNC", ["atc"])]), on.reusePage("page")],
    },
    {
      role: "Attach CPU", title: "arm_smmu_enable_ats",
      steps: [{ kind: "update", at: "nr_ats_masters", with: { kind: "add", operand: 1 }, order: "relaxed" }, on.smpMb(), on.writeOnce("ats_enabled", 1)],
    },
  ],
  devices: [{ ...translatingDevice, path, ats: { cache: "atc", enabled: "ats_enabled" } }],
  hazard: stalePage,
});

const tlbiSync = on.invalidate("TLBI + CMD_SYNC", ["iotlb"]);
/** Orders nothing for the CPU: there is no entry to wait for, and no barrier. */
const weakTlbiSync = on.invalidate("TLBI + CMD_SYNC", ["iotlb"], { assumeEmpty: true });

/** A page is mapped, and the device told to start. */
const map = (name: string, negative: boolean, flush: readonly Step[]): DriverProgram => ({
  name,
  objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: 0, seenBy: "device" }, { name: "client_doorbell", initial: 0, seenBy: "device" }],
  caches: ["iotlb"],
  threads: [{ role: "Attach CPU", title: "iommu_map", steps: [on.setPte("io_pte", "page"), ...flush, on.smpStoreRelease("client_doorbell", 1)] }],
  devices: [{ name: "dma", title: "DMA after the doorbell", path: [{ dst: "pte", at: "io_pte", cache: "iotlb" }], access: "none", start: { dst: "started", at: "client_doorbell", negative } }],
  hazard: { kind: "outcome", what: "the device faults on an entry that is there", when: [{ thread: "dma", register: "started", is: 1 }, { thread: "dma", register: "pte", is: 0 }] },
});

/** A table is filled in and installed for a walker that does not snoop. */
const install = (name: string, clean: readonly Step[]): DriverProgram => ({
  name,
  objects: [{ name: "table", initial: "uninitialised", nonCoherent: true, seenBy: "device" }, { name: "pmd", initial: 0, seenBy: "device" }],
  threads: [{ role: "Updater", title: "iommu_map", steps: [on.writeOnce("table", 1), ...clean, on.dmaWmb(), on.writeOnce("pmd", "&table")] }],
  devices: [{ name: "walker", title: "page walk of the IOMMU", path: [{ dst: "next_level", at: "pmd" }, { dst: "entry" }], access: "none" }],
  hazard: { kind: "uninitialised-read", object: "table" },
});

/** A reader writes to what it found. */
const foreignWrite = (name: string, wait: readonly Step[]): DriverProgram => ({
  name,
  objects: [{ name: "published", initial: "&object" }, { name: "object", initial: 1 }],
  threads: [
    { role: "Reader", title: "reader", steps: on.underRcu(on.rcuDereference("found", "published"), on.ifSet("found", [on.writeOnce("*found", 5)])) },
    { role: "Updater", title: "updater", steps: [on.writeOnce("published", 0), ...wait, on.kfree("object")] },
  ],
  hazard: { kind: "write-after-free", object: "object" },
});

const callback: Handler = { name: "free_callback", kind: "rcu", title: "free_callback", steps: [on.readOnce("used", "driver_data")] };

/** The module goes, with what its callback uses. */
const teardown = (name: string, wait: readonly Step[]): DriverProgram => ({
  name,
  objects: [{ name: "driver_data", initial: 1 }],
  threads: [{ role: "Updater", title: "module_exit", steps: [on.callRcu("free_callback"), ...wait, on.kfree("driver_data")] }],
  handlers: [callback],
  hazard: { kind: "use-after-free", object: "driver_data" },
});

const rows: readonly Row[] = [
  ...mendedBy("x-ats-iotlb-then-atc", [
    [ats("x-ats-iotlb-then-atc", iotlb, atc), never],
    [ats("x-ats-atc-then-iotlb", atc, iotlb), interleaving],
    [ats("x-ats-no-atc-inval", iotlb), interleaving],
  ]),
  ...mendedBy("x-smmuv3-nr_ats_masters-mb", [
    [atsMasters("x-smmuv3-nr_ats_masters-mb", [tlbiSync, on.smpMb()]), never],
    [atsMasters("x-smmuv3-nr_ats_masters-nomb-weak-sync", [weakTlbiSync]), interleaving],
  ]),
  ...mendedBy("x-vtd-caching-mode-map-flush", [
    [map("x-vtd-caching-mode-map-noflush", true, []), interleaving],
    [map("x-vtd-caching-mode-map-flush", true, [on.invalidate("iotlb_sync_map", ["iotlb"])]), never],
    [map("x-no-negative-caching-map-noflush", false, []), never],
  ]),
  ...mendedBy("x-noncoherent-walk-sync", [
    [install("x-noncoherent-walk-nosync", []), interleaving],
    [install("x-noncoherent-walk-sync", [on.dmaClean("table")]), never],
  ]),
  ...mendedBy("x-write-after-free-sync", [
    [foreignWrite("x-write-after-free", []), interleaving],
    [foreignWrite("x-write-after-free-sync", [on.synchronizeRcu()]), never],
  ]),
  ...mendedBy("x-rcu_barrier-present", [
    [teardown("x-rcu_barrier-missing", []), interleaving],
    [teardown("x-rcu_barrier-present", [on.waitForHandler("free_callback")]), never],
  ]),
];

/** Only the smp_mb() is gone: with an ATC alone, and a TLBI that orders nothing for the CPU, the hazard needs weak memory. */
const ours: readonly Row[] = [[atsMasters("x-smmuv3-nr_ats_masters-nomb", [weakTlbiSync], [{ dst: "pte", at: "io_pte" }]), weak, "x-smmuv3-nr_ats_masters-mb"]];

export const hardwareRuleScenarios: readonly Scenario[] = [...scenariosOf(seed, rows), ...scenariosOf(seed, ours).map((scenario) => ({ ...scenario, isOurs: true }))];
