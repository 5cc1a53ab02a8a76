/** iommu/s390 3/5: devices of a domain on an RCU list, and the life of a domain and of its translation tables. */
import * as on from "../src/driver/build.ts";
import type { DriverObject, DriverProgram, Step } from "../src/driver/steps.ts";
import { interleaving, mendedBy, never, scenariosOf, type Expected, type Row, type Scenario } from "./scenario.ts";

const seed = "000 iommu/s390 3/5 (Niklas Schnelle, Jason Gunthorpe, 2022-10-28)";

const walk: readonly Step[] = [on.rcuDereference("entry", "devices"), on.ifSet("entry", [on.readOnce("zdev", "*entry")])];
const unlink = on.listDelRcu("devices");
const freeEntry = on.kfree("domain_device");

/** The list entry of a device is unlinked and freed while the flush walks the domain's devices. */
const detach = (name: string, updater: readonly Step[], reader: readonly Step[] = on.underRcu(...walk)): DriverProgram => ({
  name,
  objects: [{ name: "devices", initial: "&domain_device" }, { name: "domain_device", initial: 1 }],
  locks: ["list_lock"],
  threads: [{ role: "Reader", title: "s390_iommu_iotlb_sync", steps: reader }, { role: "Updater", title: "__s390_iommu_detach_device", steps: updater }],
  hazard: { kind: "use-after-free", object: "domain_device" },
});

const detachRows: readonly (readonly [DriverProgram, Expected])[] = [
  [detach("s390-detach-lock-baseline", on.locked("list_lock", unlink, freeEntry), on.locked("list_lock", ...walk)), never],
  [detach("s390-detach-kfree-now", on.locked("list_lock", unlink, freeEntry)), interleaving],
  [detach("s390-detach-sync", [...on.locked("list_lock", unlink), on.synchronizeRcu(), freeEntry]), never],
  [detach("s390-detach-kfree_rcu", [...on.locked("list_lock", unlink), on.kfreeRcu("domain_device")]), never],
];

const freeDomain: readonly Step[] = [{ kind: "free", object: "table", how: "dma_free_cpu_table" }, on.kfree("domain")];
const freeDomainLater = on.callRcu("s390_iommu_rcu_free_domain");

/** The last device leaves and the domain is freed, with the tables that the firmware of a running flush reads. */
const domainFree = (name: string, updater: readonly Step[]): DriverProgram => ({
  name,
  objects: [
    { name: "devices", initial: "&domain_device" }, { name: "domain_device", initial: 1 },
    { name: "domain", fields: [{ name: "dma_table", initial: "&table" }] }, { name: "table", initial: 1 },
  ],
  threads: [
    {
      role: "Reader", title: "s390_iommu_iotlb_sync",
      steps: on.underRcu(on.rcuDereference("entry", "devices"), on.ifSet("entry", [on.readOnce("origin", "domain.dma_table"), on.readOnce("refreshed", "*origin")])),
    },
    { role: "Updater", title: "s390_domain_free", steps: updater },
  ],
  ...(updater.some((step) => step === freeDomainLater || step.kind === "choose") ? { handlers: [{ name: "s390_iommu_rcu_free_domain", kind: "rcu", title: "s390_iommu_rcu_free_domain", steps: freeDomain }] } : {}),
  hazard: { kind: "use-after-free", object: "table" },
});

const orGracePeriod = on.choose("kzalloc(rcu_head, GFP_NOWAIT) failed", [on.synchronizeRcu(), ...freeDomain], [freeDomainLater]);
const domainRows: readonly (readonly [DriverProgram, Expected])[] = [
  [domainFree("s390-domain_free-now", [unlink, ...freeDomain]), interleaving],
  [domainFree("s390-domain_free-sync", [unlink, on.synchronizeRcu(), ...freeDomain]), never],
  [domainFree("s390-domain_free-call_rcu", [unlink, freeDomainLater]), never],
  [domainFree("s390-domain_free-gfp_nowait-fallback", [unlink, orGracePeriod]), never],
  [domainFree("s390-domain_free-call_rcu-before-del", [freeDomainLater, unlink]), interleaving],
];

const takeAlways = on.ifSet("found", [on.krefGet("found->refcount"), { kind: "set", dst: "taken", value: 1 }]);
const takeUnlessZero = on.ifSet("found", [on.krefGetUnlessZero("taken", "found->refcount")]);

/** The reader takes a reference inside its section and uses the object after it; the updater drops the initial one. */
const refcount = (name: string, take: Step, free: Step): DriverProgram => ({
  name,
  objects: [{ name: "domains", initial: "&domain" }, { name: "domain", fields: [{ name: "refcount", initial: 1 }, { name: "dma_table", initial: 1 }] }],
  threads: [
    { role: "Reader", title: "s390_iommu_iotlb_sync", steps: [...on.underRcu(on.rcuDereference("found", "domains"), take), on.ifEqual("taken", 1, [on.readOnce("origin", "found->dma_table")])] },
    { role: "Updater", title: "s390_domain_free", steps: [on.writeOnce("domains", 0), on.krefPut("left", "domain.refcount", free)] },
  ],
  hazard: { kind: "use-after-free", object: "domain" },
});

const refcountRows: readonly (readonly [DriverProgram, Expected])[] = [
  [refcount("s390-kref_get-kfree-now", takeAlways, on.kfree("domain")), interleaving],
  [refcount("s390-get_unless_zero-kfree-now", takeUnlessZero, on.kfree("domain")), interleaving],
  [refcount("s390-kref_get-kfree_rcu", takeAlways, on.kfreeRcu("domain")), interleaving],
  [refcount("s390-get_unless_zero-kfree_rcu", takeUnlessZero, on.kfreeRcu("domain")), never],
];

/** zdev->iommu_list moves from one domain's list to another's; a list ends where it leads back to its head. */
const relink = (name: string, between: readonly Step[]): DriverProgram => ({
  name,
  objects: [{ name: "old_devices", initial: "&zdev" }, { name: "new_devices", initial: "&new_devices" }, { name: "zdev", initial: "&old_devices" }],
  threads: [
    {
      role: "Reader", title: "s390_iommu_iotlb_sync",
      steps: on.underRcu(on.rcuDereference("first", "old_devices"), { kind: "if", condition: on.condition("first", "!=", "&old_devices"), then: [on.rcuDereference("second", "*first")], else: [] }),
    },
    { role: "Attach CPU", title: "s390_iommu_attach_device", steps: [on.listDelRcu("old_devices", "&old_devices"), ...between, on.writeOnce("zdev", "&new_devices"), on.listAddRcu("new_devices", "zdev")] },
  ],
  hazard: { kind: "outcome", what: "the reader walks into another list and never meets its head", when: [{ thread: "Reader", register: "first", is: "&zdev" }, { thread: "Reader", register: "second", is: "&new_devices" }] },
});

const objectsOfAttach: readonly DriverObject[] = [
  { name: "page", initial: 1, seenBy: "device" }, { name: "pte", initial: "&page", seenBy: "device" }, { name: "iota", initial: 0, seenBy: "device" },
  { name: "devices", initial: 0 }, { name: "zdev", initial: 1 },
];

/** RPCIT is one synchronous instruction; the IOAT is registered before or after the device is on the list. */
const attach = (name: string, steps: readonly Step[]): DriverProgram => ({
  name,
  architecture: "s390",
  objects: objectsOfAttach,
  caches: ["iotlb"],
  threads: [
    {
      role: "Inv CPU", title: "s390_iommu_iotlb_sync",
      steps: [on.clearPte("pte"), on.smpMb(), ...on.underRcu(on.rcuDereference("entry", "devices"), on.ifSet("entry", [on.invalidate("RPCIT", ["iotlb"])])), on.reusePage("page")],
    },
    { role: "Attach CPU", title: "s390_iommu_attach_device", steps },
  ],
  devices: [{ name: "dma", title: "DMA of the device being attached", path: [{ dst: "root", at: "iota" }, { dst: "entry", cache: "iotlb" }], access: "read" }],
  hazard: { kind: "use-after-free", object: "page" },
});

const register = on.smpStoreRelease("iota", "&pte");
const add = on.listAddRcu("devices", "zdev");

const rows: readonly Row[] = [
  ...mendedBy("s390-detach-kfree_rcu", detachRows),
  ...mendedBy("s390-domain_free-call_rcu", domainRows),
  ...mendedBy("s390-get_unless_zero-kfree_rcu", refcountRows),
  ...mendedBy("s390-6.12-relink-sync", [[relink("s390-6.12-relink-no-gp", []), interleaving], [relink("s390-6.12-relink-sync", [on.synchronizeRcu()]), never]]),
  ...mendedBy("s390-attach-list-before-register", [[attach("s390-6.12-attach-register-before-list", [register, add]), interleaving], [attach("s390-attach-list-before-register", [add, on.smpMb(), register]), never]]),
];

export const s390Scenarios: readonly Scenario[] = scenariosOf(seed, rows);
