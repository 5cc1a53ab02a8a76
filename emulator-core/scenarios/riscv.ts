/** iommu/riscv v3 7/7: publication of the device context, the command queue, and the life of bonds and of what they lead to. */
import { deviceValue } from "../src/driver/lower-device.ts";
import * as on from "../src/driver/build.ts";
import type { DriverObject, DriverProgram, DriverThread, Hazard, Step, StepOf } from "../src/driver/steps.ts";
import { riscvAttachScenarios, riscvSeed } from "./riscv-attach.ts";
import { interleaving, never, racing, scenariosOf, weak, type Row, type Scenario } from "./scenario.ts";

/** The context's table pointer, then its valid bit. */
const contextPublication = (name: string, barrier: readonly Step[], order: "valid-first" | "any-order"): DriverProgram => ({
  name,
  objects: [
    { name: "pgd", initial: 1, seenBy: "device" },
    { name: "dc", fields: [{ name: "tc", initial: 0 }, { name: "fsc", initial: "uninitialised" }], seenBy: "device" },
  ],
  threads: [{ role: "Attach CPU", title: "riscv_iommu_iodir_update", steps: [on.writeOnce("dc.fsc", "&pgd"), ...barrier, on.writeOnce("dc.tc", 1)] }],
  devices: [{ name: "ddt", title: "fetch of the device context", path: [{ dst: "root", at: "dc.fsc", valid: { dst: "valid", at: "dc.tc", order } }], access: "none" }],
  hazard: { kind: "uninitialised-read", object: "dc" },
  assumptions: order === "valid-first" ? ["the IOMMU reads tc.V first, or the whole context at once"] : [],
});

const contextRows: readonly Row[] = [
  [contextPublication("riscv-dc-publish-wmb", [on.dmaWmb()], "valid-first"), never],
  [contextPublication("riscv-dc-publish-nowmb", [], "valid-first"), weak, "riscv-dc-publish-wmb"],
  [contextPublication("riscv-dc-fetch-unordered", [on.dmaWmb()], "any-order"), weak, "riscv-dc-publish-wmb"],
];

type Submission = {
  readonly name: string;
  /** Between the ring entry and its doorbell. */
  readonly barrier?: readonly Step[];
  readonly command?: Step;
  readonly poll?: StepOf<"poll">["as"];
  /** After the poll: the page is used again. */
  readonly reuse?: Step;
  readonly access?: "read" | "write";
  readonly hazard?: Hazard;
};

/** One CPU unmaps and waits for its command; one device may still translate. */
const submission = ({ name, barrier = [on.dmaWmb()], command = on.command("queue", ["iotlb"]), poll = "readl", reuse = on.freePages("page"), access = "read", hazard = { kind: "use-after-free", object: "page" } }: Submission): DriverProgram => ({
  name,
  objects: [{ name: "page", initial: 0, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }],
  caches: ["iotlb"],
  queues: ["queue"],
  threads: [{ role: "Inv CPU", title: "riscv_iommu_iotlb_inval", steps: [on.clearPte("io_pte"), command, ...barrier, on.doorbell("queue"), on.poll("queue", poll), reuse] }],
  devices: [{ name: "dma", title: "DMA through the page", path: [{ dst: "pte", at: "io_pte", cache: "iotlb" }], access }],
  hazard,
});

/** The CPU reads the buffer after the device is done with it. */
const bufferRead = (name: string, poll: StepOf<"poll">["as"]): DriverProgram => submission({
  name, poll, reuse: on.readOnce("seen", "page"), access: "write",
  hazard: { kind: "outcome", what: "the CPU reads the buffer from before the device wrote it", when: [{ at: "page", is: deviceValue }, { thread: "Inv CPU", register: "seen", is: 0 }] },
});

const queueRows: readonly Row[] = [
  [submission({ name: "riscv-cmdq-doorbell-wmb" }), never],
  [submission({ name: "riscv-cmdq-doorbell-nowmb", barrier: [] }), weak, "riscv-cmdq-doorbell-wmb"],
  [submission({ name: "riscv-cmdq-iofence-no-pw", command: on.command("queue", ["iotlb"], { waitsForData: false }) }), interleaving, "riscv-cmdq-doorbell-wmb"],
  [bufferRead("riscv-cmdq-poll-relaxed-read", "readl_relaxed"), weak, "riscv-cmdq-poll-acquire-read"],
  [bufferRead("riscv-cmdq-poll-acquire-read", "readl"), never],
  [submission({ name: "riscv-cmdq-poll-relaxed-write", poll: "readl_relaxed" }), never],
];

const walk: readonly Step[] = [on.rcuDereference("bond", "bonds"), on.ifSet("bond", [on.readOnce("dev", "*bond")])];
const unlinkBond = on.locked("bonds_lock", on.listDelRcu("bonds"));

/** A bond is unlinked and freed while the invalidation walks the list. */
const bondLife = (name: string, updater: readonly Step[], reader: readonly Step[] = on.underRcu(...walk)): DriverProgram => ({
  name,
  objects: [{ name: "bonds", initial: "&bond_of_dev" }, { name: "bond_of_dev", initial: 1 }],
  locks: ["bonds_lock"],
  threads: [{ role: "Reader", title: "riscv_iommu_iotlb_inval", steps: reader }, { role: "Updater", title: "riscv_iommu_bond_unlink", steps: updater }],
  hazard: { kind: "use-after-free", object: "bond_of_dev" },
});

const freeBond = on.kfree("bond_of_dev");
const freeBondLater = on.kfreeRcu("bond_of_dev");
const bondRows: readonly Row[] = [
  [bondLife("riscv-bond-kfree-now", [...unlinkBond, freeBond]), interleaving, "riscv-bond-kfree_rcu"],
  [bondLife("riscv-bond-kfree-now-plain", [...unlinkBond, on.plainly(freeBond)]), racing(interleaving, "Sometimes"), "riscv-bond-kfree_rcu"],
  [bondLife("riscv-bond-kfree_rcu", [...unlinkBond, freeBondLater]), never],
  [bondLife("riscv-bond-kfree_rcu-plus-sync", [...unlinkBond, freeBondLater, on.synchronizeRcu()]), never],
  [bondLife("riscv-bond-sync-kfree", [...unlinkBond, on.synchronizeRcu(), freeBond]), never],
  [bondLife("riscv-bond-kfree_rcu-reader-unprotected", [...unlinkBond, freeBondLater], walk), interleaving, "riscv-bond-kfree_rcu"],
  [bondLife("riscv-bond-kfree_rcu-before-del", [freeBondLater, ...unlinkBond]), interleaving, "riscv-bond-kfree_rcu"],
];

const bondObjects: readonly DriverObject[] = [{ name: "bonds", initial: "&bond_of_dev" }, { name: "bond_of_dev", initial: "&info" }, { name: "info", initial: 1 }];
const infoReader: DriverThread = {
  role: "Reader", title: "riscv_iommu_iotlb_inval",
  steps: on.underRcu(on.rcuDereference("bond", "bonds"), on.ifSet("bond", [on.readOnce("dev", "*bond"), on.ifSet("dev", [on.readOnce("iommu", "*dev")])])),
};

/** The bond outlives its readers; what bond->dev leads to is freed by release_device(). */
const releaseDevice = (name: string, free: readonly Step[]): DriverProgram => ({
  name, objects: bondObjects,
  threads: [infoReader, { role: "Updater", title: "riscv_iommu_release_device", steps: [on.listDelRcu("bonds"), on.kfreeRcu("bond_of_dev"), ...free] }],
  hazard: { kind: "use-after-free", object: "info" },
});

const releaseRows: readonly Row[] = [
  [releaseDevice("riscv-release-kfree-info-now", [on.kfree("info")]), interleaving, "riscv-release-kfree_rcu_mightsleep-info"],
  [releaseDevice("riscv-release-sync-info", [on.synchronizeRcu(), on.kfree("info")]), never],
  [releaseDevice("riscv-release-kfree_rcu_mightsleep-info", [on.kfreeRcuMightSleep("info")]), never],
];

/** Nothing runs to its end: the grace period waits for the reader that waits for it. */
const selfDeadlock: DriverProgram = {
  name: "rcu-sync-inside-reader",
  objects: [{ name: "bonds", initial: 0 }],
  threads: [{ role: "Updater", title: "riscv_iommu_bond_unlink", steps: [...on.underRcu(on.synchronizeRcu()), on.writeOnce("bonds", 1)] }],
  hazard: { kind: "outcome", what: "the thread is through", when: [{ at: "bonds", is: 1 }] },
};

export const riscvScenarios: readonly Scenario[] = [...riscvAttachScenarios, ...scenariosOf(riscvSeed, [...contextRows, ...queueRows, ...bondRows, ...releaseRows, [selfDeadlock, never]])];
