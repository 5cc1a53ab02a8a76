/** iommu/ioasid: custom allocators: which allocator is active, and when the old one is freed. */
import * as on from "../src/driver/build.ts";
import type { DriverProgram, Step } from "../src/driver/steps.ts";
import { interleaving, mendedBy, never, racing, scenariosOf, weak, withPlain, type Row, type Scenario } from "./scenario.ts";

const seed = "003 iommu/ioasid: custom allocators (Jacob Pan, Jean-Philippe Brucker, 2019-09-21)";

const switchPlain = on.write("active_allocator", "&default_allocator");
const switchPublished = on.rcuAssignPointer("active_allocator", "&default_allocator");
const freeNow = on.kfree("pallocator");
const freeLater = on.kfreeRcu("pallocator");
const find = (load: typeof on.read, field: typeof on.read): readonly Step[] => on.underRcu(load("active", "active_allocator"), field("found", "*active"));

/** The custom allocator is unregistered while somebody looks an ID up in the active one. */
const unregister = (name: string, updater: readonly Step[], reader: readonly Step[] = find(on.rcuDereference, on.readOnce)): DriverProgram => ({
  name,
  objects: [{ name: "active_allocator", initial: "&pallocator" }, { name: "pallocator", initial: 1 }, { name: "default_allocator", initial: 1 }],
  locks: ["ioasid_allocator_lock"],
  threads: [{ role: "Reader", title: "ioasid_find", steps: reader }, { role: "Updater", title: "ioasid_unregister_allocator", steps: on.locked("ioasid_allocator_lock", ...updater) }],
  hazard: { kind: "use-after-free", object: "pallocator" },
});

/** A new allocator is filled in and made the active one. */
const register = (name: string, publish: Step, load: typeof on.read): DriverProgram => ({
  name,
  objects: [{ name: "active_allocator", initial: "&default_allocator" }, { name: "default_allocator", initial: 1 }, { name: "new_allocator", initial: "uninitialised" }],
  threads: [
    { role: "Reader", title: "ioasid_find", steps: find(load, on.read) },
    { role: "Updater", title: "ioasid_register_allocator", steps: [on.allocate("ia_data", "new_allocator"), on.write("*ia_data", 1), publish] },
  ],
  hazard: { kind: "uninitialised-read", object: "new_allocator" },
});

const publish = on.rcuAssignPointer("active_allocator", "ia_data");

/** Two CPUs unregister the same allocator. */
function unregisterTwice(name: string, hold: (...steps: readonly Step[]) => readonly Step[]): DriverProgram {
  const steps = hold(on.readOnce("listed", "allocators"), on.ifSet("listed", [on.writeOnce("allocators", 0), freeNow]));
  return {
    name,
    objects: [{ name: "allocators", initial: "&pallocator" }, { name: "pallocator", initial: 1 }],
    locks: ["ioasid_allocator_lock"],
    threads: ["Updater", "Other updater"].map((role) => ({ role, title: "ioasid_unregister_allocator", steps })),
    hazard: { kind: "double-free", object: "pallocator" },
  };
}

const rows: readonly Row[] = [
  ...mendedBy("ioasid-fixed", [
    [unregister("ioasid-as-posted-kfree-before-switch", [on.plainly(freeNow), switchPlain], find(on.read, on.read)), racing(interleaving, "Sometimes")],
    [unregister("ioasid-switch-then-kfree-now", [switchPublished, freeNow]), interleaving],
    [unregister("ioasid-fixed", [switchPublished, freeLater]), never],
    [unregister("ioasid-fixed-plain-fields", [switchPublished, on.plainly(freeLater)], find(on.rcuDereference, on.read)), withPlain(never, "Never")],
    [unregister("ioasid-kfree_rcu-plain-reader", [switchPlain, freeLater], find(on.read, on.readOnce)), racing(weak, "Never")],
    [unregister("ioasid-kfree_rcu-plain-writer-only", [switchPlain, freeLater], find(on.rcuDereference, on.read)), racing(weak, "Never")],
    [unregister("ioasid-kfree_rcu-textual-replacement", [freeLater, switchPublished]), interleaving],
  ]),
  ...mendedBy("ioasid-publish-rcu_assign", [
    [register("ioasid-publish-plain-assign", on.writeOnce("active_allocator", "ia_data"), on.rcuDereference), racing(weak, "Sometimes")],
    [register("ioasid-publish-rcu_assign", publish, on.rcuDereference), withPlain(never, "Never")],
    [register("ioasid-publish-rcu_assign-plain-reader", publish, on.read), racing(weak, "Never")],
  ]),
  ...mendedBy("ioasid-double-unregister-lock", [
    [unregisterTwice("ioasid-double-unregister-lock", (...steps) => on.locked("ioasid_allocator_lock", ...steps)), never],
    [unregisterTwice("ioasid-double-unregister-nolock", (...steps) => steps), interleaving],
  ]),
];

export const ioasidScenarios: readonly Scenario[] = scenariosOf(seed, rows);
