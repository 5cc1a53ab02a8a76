/** mm/mmu_notifiers and iommu-sva: a context that the invalidation callback may see before it is written. */
import * as on from "../src/driver/build.ts";
import type { DriverProgram, Step } from "../src/driver/steps.ts";
import { interleaving, mendedBy, never, racing, scenariosOf, weak, withPlain, type Scenario } from "./scenario.ts";

const seed = "004 mm/mmu_notifiers alloc_notifier / iommu-sva io_mm (Jean-Philippe Brucker, Jason Gunthorpe, 2020-02-25)";

const uninitialised = { kind: "uninitialised-read", object: "io_mm" } as const;

type Attach = { readonly init?: Step; readonly add?: Step };

/** io_mm->ctx is written, the bond leads to it, the bond is added; `use` is what the callback does once it has found the bond. */
const attach = (name: string, use: readonly Step[], { init = on.write("io_mm", 1), add = on.listAddRcu("devices", "bond") }: Attach = {}): DriverProgram => ({
  name,
  objects: [{ name: "devices", initial: 0 }, { name: "bond", initial: "uninitialised" }, { name: "io_mm", initial: "uninitialised" }],
  threads: [
    { role: "Attach CPU", title: "io_mm_attach", steps: [init, on.write("bond", "&io_mm"), add] },
    { role: "Reader", title: "io_mm_invalidate", steps: on.underRcu(on.rcuDereference("found", "devices"), on.ifSet("found", use)) },
  ],
  hazard: uninitialised,
});

/** The callback finds io_mm through the notifier itself. */
const notifier = (name: string, ...steps: readonly Step[]): DriverProgram => ({
  name,
  objects: [{ name: "notifiers", initial: 0 }, { name: "io_mm", initial: "uninitialised" }],
  threads: [
    { role: "Attach CPU", title: "mmu_notifier_get", steps },
    { role: "Reader", title: "io_mm_invalidate", steps: on.underRcu(on.rcuDereference("called", "notifiers"), on.ifSet("called", [on.read("ctx", "*called")])) },
  ],
  hazard: uninitialised,
});

const through = (load: typeof on.read, field: typeof on.read): readonly Step[] => [load("mm_of_bond", "*found"), field("ctx", "*mm_of_bond")];
const init = on.write("io_mm", 1);
const publish = on.listAddRcu("notifiers", "io_mm");

export const svaScenarios: readonly Scenario[] = scenariosOf(seed, [
  ...mendedBy("sva-addrdep-rcu_dereference", [
    [attach("sva-publish-before-init-direct", [on.read("ctx", "io_mm")]), racing(weak, "Sometimes")],
    [attach("sva-publish-before-init-direct-once", [on.readOnce("ctx", "io_mm")]), racing(weak, "Sometimes")],
    [attach("sva-addrdep-rcu_dereference", through(on.rcuDereference, on.read)), withPlain(never, "Never")],
    [attach("sva-addrdep-plain-load", through(on.read, on.read)), racing(weak, "Never")],
    [attach("sva-addrdep-plain-load-ctx-once", through(on.read, on.readOnce)), racing(weak, "Never")],
    [attach("sva-addrdep-plain-load-all-once", through(on.read, on.readOnce), { init: on.writeOnce("io_mm", 1) }), withPlain(weak, "Never")],
    [attach("sva-smp_rmb-instead-of-dep", [on.smpRmb(), on.read("ctx", "io_mm")]), withPlain(never, "Never")],
    [attach("sva-list_add-without-release", through(on.rcuDereference, on.read), { add: on.writeOnce("devices", "&bond") }), racing(weak, "Sometimes")],
  ]),
  ...mendedBy("sva-init-before-publish", [
    [notifier("sva-init-before-publish", init, publish), withPlain(never, "Never")],
    [notifier("sva-init-after-publish-notifier", publish, init), racing(interleaving, "Sometimes")],
  ]),
]);
