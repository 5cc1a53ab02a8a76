/** iommu: RCU-protected page free: table pages, their software and hardware walkers, and what shares their struct page. */
import * as on from "../src/driver/build.ts";
import type { DriverProgram, DriverThread, Handler, Step } from "../src/driver/steps.ts";
import { always, interleaving, mendedBy, never, scenariosOf, weak, type Row, type Scenario } from "./scenario.ts";

const seed = "002 iommu: RCU-protected page free (Lu Baolu, Jason Gunthorpe, Robin Murphy, 2022-06)";

const freeTable: Step = { kind: "free", object: "table", how: "put_pages_list" };
const freeTableLater = on.callRcu("pgtble_page_free_rcu");
const freeInCallback: Handler = { name: "pgtble_page_free_rcu", kind: "rcu", title: "pgtble_page_free_rcu", steps: [freeTable] };
const clearTable = on.writeOnce("pmd", 0);

const tableObjects = [{ name: "table", initial: 1, seenBy: "device" }, { name: "pmd", initial: "&table", seenBy: "device" }] as const;
const staleTable = { kind: "use-after-free", object: "table" } as const;
const handlersOf = (...steps: readonly Step[]): Pick<DriverProgram, "handlers"> =>
  steps.some((step) => step === freeTableLater || (step.kind === "if" && step.else.includes(freeTableLater))) ? { handlers: [freeInCallback] } : {};

const scan: readonly Step[] = [on.readOnce("next_level", "pmd"), on.ifSet("next_level", [on.readOnce("entry", "*next_level")])];
const scanner = (...steps: readonly Step[]): DriverThread => ({ role: "Reader", title: "iommu_read_and_clear_dirty", steps });
const unmap = (...steps: readonly Step[]): DriverThread => ({ role: "Updater", title: "iommu_unmap", steps: [clearTable, ...steps] });

/** A thread scans the table that another unmaps. */
const softwareWalk = (name: string, free: Step, steps: readonly Step[] = on.underRcu(...scan)): DriverProgram => ({ name, objects: tableObjects, threads: [scanner(...steps), unmap(free)], ...handlersOf(free), hazard: staleTable });

/** The IOMMU walks it, with a walk cache for the level above and an IOTLB for the leaf. */
const hardwareWalk = (name: string, ...after: readonly Step[]): DriverProgram => ({
  name,
  objects: tableObjects,
  caches: ["walk", "iotlb"],
  threads: [unmap(...after)],
  ...handlersOf(...after),
  devices: [{ name: "walker", title: "page walk of the IOMMU", path: [{ dst: "next_level", at: "pmd", cache: "walk" }, { dst: "entry", cache: "iotlb" }], access: "none" }],
  hazard: staleTable,
});

const sync = on.invalidate("iommu_iotlb_sync", ["iotlb", "walk"]);
const leafSync = on.invalidate("leaf-only iommu_iotlb_sync", ["iotlb"]);

/** The page's link and its rcu_head, in one union of struct page or side by side. */
const pageUnion = (name: string, isUnion: boolean): DriverProgram => ({
  name,
  objects: [
    { name: "page", fields: [{ name: "lru", initial: "&second_page" }, { name: "rcu_head", ...(isUnion ? { sharesWith: "lru" } : {}) }] },
    { name: "second_page", initial: 1 },
  ],
  threads: [{ role: "Updater", title: "iommu_free_pgtbl_pages", steps: [on.callRcu("pgtble_page_free_rcu", "page.rcu_head"), on.waitForHandler("pgtble_page_free_rcu")] }],
  handlers: [{ name: "pgtble_page_free_rcu", kind: "rcu", title: "pgtble_page_free_rcu, put_pages_list", steps: [on.readOnce("next_page", "page.lru")] }],
  hazard: { kind: "head-overlap", head: "page.rcu_head" },
});

/** domain->concurrent_traversal: set by the scanner, tested by unmap() to choose how it frees. */
function optIn(name: string, scannerBarrier: readonly Step[], unmapBarrier: readonly Step[]): DriverProgram {
  const free = on.ifEqual("traversed", 0, [freeTable], [freeTableLater]);
  return {
    name,
    objects: [...tableObjects, { name: "concurrent_traversal", initial: 0 }],
    threads: [scanner(on.writeOnce("concurrent_traversal", 1), ...scannerBarrier, ...on.underRcu(...scan)), unmap(...unmapBarrier, on.readOnce("traversed", "concurrent_traversal"), free)],
    ...handlersOf(free),
    hazard: staleTable,
  };
}

const rows: readonly Row[] = [
  ...mendedBy("pt-walker-call_rcu", [
    [softwareWalk("pt-walker-free-now", freeTable), interleaving],
    [softwareWalk("pt-walker-call_rcu", freeTableLater), never],
    [softwareWalk("pt-walker-call_rcu-reader-unprotected", freeTableLater, scan), interleaving],
  ]),
  ...mendedBy("pt-hw-iotlb-sync-then-free", [
    [hardwareWalk("pt-hw-free-before-iotlb-sync", freeTable, sync), interleaving],
    [hardwareWalk("pt-hw-iotlb-sync-then-free", sync, freeTable), never],
    [hardwareWalk("pt-hw-leaf-only-invalidation", leafSync, freeTable), interleaving],
  ]),
  ...mendedBy("pt-hw-iotlb-sync-then-call_rcu", [
    [hardwareWalk("pt-hw-call_rcu-without-iotlb-sync", freeTableLater), interleaving],
    [hardwareWalk("pt-hw-iotlb-sync-then-call_rcu", sync, freeTableLater), never],
  ]),
  ...mendedBy("pt-union-separate-layout", [[pageUnion("pt-union-lru-rcu_head", true), always], [pageUnion("pt-union-separate-layout", false), never]]),
  ...mendedBy("pt-flag-mb-both", [
    [optIn("pt-flag-no-barrier", [], []), weak],
    [optIn("pt-flag-mb-both", [on.smpMb()], [on.smpMb()]), never],
    [optIn("pt-flag-mb-scanner-only", [on.smpMb()], []), weak],
  ]),
];

export const pageTableScenarios: readonly Scenario[] = scenariosOf(seed, rows);
