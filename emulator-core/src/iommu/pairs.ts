/**
 * Programs in pairs, made of a vendor's record: one without what the record asks for, whose hazard has to be
 * reachable, and one with it, whose hazard must not be. What confirms the one and refutes the other shows that the
 * model knows what the record says; a record that asks for nothing gets no pair. No vendor is named here.
 */
import { dmaClean, dmaWmb, freePages, reusePage, wmb, writeOnce } from "../driver/build.ts";
import type { DriverObject, DriverProgram, Hazard, Step } from "../driver/steps.ts";
import { assumptionsOf } from "./assumptions.ts";
import { changeAndFlush, changeSteps, deviceOf, flushSteps, registerOf, type DeviceShape, type EntryChange, type FlushOptions } from "./driver-steps.ts";
import { cacheOf, type CacheKind, type VendorCache, type VendorModel } from "./vendor.ts";

/**
 * `flush`: an entry goes, is flushed or not, and what it led to is used again. `not-present`: an entry comes, is flushed
 * or not, and the device starts. `scope`: the leaf command for an entry that it does not cover. `order`: caches in the
 * other order. `doorbell`, `completion`, `data-wait`: a flush without the barrier, the poll, the drain bits.
 * `publish`: a context whose words are not ordered. `write-back`: an entry that stays in the CPU's cache.
 */
export type PairAbout = "flush" | "not-present" | "scope" | "order" | "doorbell" | "completion" | "data-wait" | "publish" | "write-back";

export type Pair = {
  readonly vendor: string;
  readonly about: PairAbout;
  readonly cache: CacheKind;
  /** The hazard is reachable. */
  readonly without: DriverProgram;
  /** It is not. */
  readonly with: DriverProgram;
};

export function pairsOf(vendor: VendorModel): readonly Pair[] {
  return [...vendor.caches.flatMap((cache) => [...flushPairs(vendor, cache), ...scopePairs(vendor, cache), ...notPresentPairs(vendor, cache)]), ...orderPairs(vendor), ...queuePairs(vendor), ...publishPairs(vendor), ...writeBackPairs(vendor)];
}

const queue = "cmdq";

/** What is common to the programs of one pair. */
type Scene = { readonly objects: readonly DriverObject[]; readonly shape: DeviceShape; readonly hazard: Hazard; readonly uses: readonly string[] };

type Telling = { readonly about: PairAbout; readonly cache: CacheKind; readonly without: readonly Step[]; readonly with: readonly Step[]; readonly told: readonly [hazard: string, safe: string] };

function pairOf(vendor: VendorModel, scene: Scene, telling: Telling): Pair {
  const { about, cache } = telling;
  const program = (suffix: string, sentence: string, steps: readonly Step[]): DriverProgram => {
    const device = deviceOf(vendor, scene.shape);
    const caches = [...device.path.flatMap((fetch) => fetch.cache ?? []), ...(device.ats === undefined ? [] : [device.ats.cache])];
    return {
      name: `${vendor.id}-${about}-${cache}-${suffix}`,
      about: `${vendor.title}: ${sentence}`,
      architecture: vendor.architectures.value[0],
      objects: scene.objects,
      caches,
      ...(vendor.submission.kind === "queue" ? { queues: [queue] } : {}),
      threads: [{ role: "CPU", title: "driver", steps }],
      devices: [device],
      hazard: scene.hazard,
      assumptions: assumptionsOf(vendor, scene.uses),
    };
  };
  return { vendor: vendor.id, about, cache, without: program("without", telling.told[0], telling.without), with: program("with", telling.told[1], telling.with) };
}

const seenByDevice = (name: string, more: Partial<DriverObject> = {}): DriverObject => ({ name, seenBy: "device", ...more });

const usesOf = (...kinds: readonly CacheKind[]): readonly string[] => [...kinds.flatMap((kind) => [`${kind}.invalidatedBy`, `${kind}.leaves`, `${kind}.after`]), "dataWait"];

/** An entry of this kind leads to something that is used again once it is gone: a page, or a table that the walker reads. */
function takeAwayScene(vendor: VendorModel, kind: Exclude<CacheKind, "atc">, ats: boolean): Scene & { readonly change: EntryChange; readonly present: readonly CacheKind[]; readonly reuse: Step } {
  const change: EntryChange = { cache: kind, at: "entry", value: 0 };
  const isLeaf = kind === "iotlb";
  const led = isLeaf ? "page" : "table";
  const objects = [seenByDevice("entry", { initial: `&${led}` }), ...(isLeaf ? [] : [seenByDevice("table", { initial: "&page" })]), seenByDevice("page", { initial: 1 })];
  const present: readonly CacheKind[] = [kind, ...(isLeaf ? [] : ["iotlb" as const]), ...(ats ? ["atc" as const] : [])];
  return {
    objects, change, present,
    shape: { entries: { [kind]: "entry", ...(isLeaf ? {} : { iotlb: null }) }, ats },
    hazard: { kind: "use-after-free", object: led },
    uses: usesOf(...present.filter((one) => cacheOf(vendor, one) !== undefined)),
    reuse: isLeaf ? reusePage("page") : freePages("table"),
  };
}

/** Every cache that has to be flushed: without the flush and with it; a device's own cache in addition to the IOTLB. */
function flushPairs(vendor: VendorModel, cache: VendorCache): readonly Pair[] {
  if (!cache.mustFlush.value) return [];
  const isAts = cache.kind === "atc";
  const scene = takeAwayScene(vendor, isAts ? "iotlb" : cache.kind, isAts);
  const { change, present, reuse } = scene;
  const before = isAts ? cache.after.value.caches : [];
  const needed = [...before, cache.kind, ...cache.followedBy.value.filter((kind) => present.includes(kind))];
  const without = isAts ? changeAndFlush(vendor, queue, change, before, { present }) : changeSteps(vendor, queue, change);
  const what = cache.entry.value;
  return [pairOf(vendor, scene, {
    about: "flush", cache: cache.kind,
    without: [...without, reuse],
    with: [...changeAndFlush(vendor, queue, change, needed, { present }), reuse],
    told: [`the ${what} goes and what it led to is used again, with no ${cache.invalidatedBy.value}`, `the ${what} goes, and ${cache.invalidatedBy.value} completes before what it led to is used again`],
  })];
}

/** The leaf command in place of the right one; where a command is the change itself there is no wrong one. */
function scopePairs(vendor: VendorModel, cache: VendorCache): readonly Pair[] {
  const leaf = cacheOf(vendor, "iotlb");
  if (cache.kind === "atc" || cache.kind === "iotlb" || cache.entriesIn.value === "device" || leaf?.leaves.value.includes(cache.kind) !== true) return [];
  const scene = takeAwayScene(vendor, cache.kind, false);
  const { change, present, reuse } = scene;
  return [pairOf(vendor, scene, {
    about: "scope", cache: cache.kind,
    without: [...changeSteps(vendor, queue, change), ...flushSteps(vendor, queue, ["iotlb"], { present }), reuse],
    with: [...changeAndFlush(vendor, queue, change, [cache.kind], { present }), reuse],
    told: [`${leaf.invalidatedBy.value} leaves the ${cache.entry.value} cached`, `${cache.invalidatedBy.value} covers the ${cache.entry.value}`],
  })];
}

/** An entry comes where none was, and the device is started: does it find it? */
function notPresentPairs(vendor: VendorModel, cache: VendorCache): readonly Pair[] {
  const { kind } = cache;
  if (kind === "atc" || cache.notPresent.value.kind === "never") return [];
  const change: EntryChange = { cache: kind, at: "entry", value: "&page" };
  const scene: Scene = {
    objects: [seenByDevice("entry"), seenByDevice("page", { initial: 1 }), seenByDevice("go")],
    shape: { entries: { [kind]: "entry" }, access: "none", start: "go" },
    hazard: { kind: "outcome", what: `spurious fault: the device was started and finds no ${cache.entry.value}`, when: [{ thread: "dev", register: "started", is: 1 }, { thread: "dev", register: registerOf(kind), is: 0 }] },
    uses: [...usesOf(kind), `${kind}.notPresent`],
  };
  const start = [wmb(), writeOnce("go", 1)];
  return [pairOf(vendor, scene, {
    about: "not-present", cache: kind,
    without: [...changeSteps(vendor, queue, change), ...start],
    with: [...changeAndFlush(vendor, queue, change, [kind]), ...start],
    told: [`the device is started with no flush after the ${cache.entry.value} came`, `the flush after the ${cache.entry.value} came completes before the device is started`],
  })];
}

/** Caches that are filled from others go last. */
function orderPairs(vendor: VendorModel): readonly Pair[] {
  return vendor.caches.filter(({ kind, after }) => kind === "atc" && after.value.caches.length > 0).map((cache) => {
    const scene = takeAwayScene(vendor, "iotlb", true);
    const { change, present, reuse } = scene;
    const before = cache.after.value.caches;
    return pairOf(vendor, scene, {
      about: "order", cache: cache.kind,
      without: [...changeAndFlush(vendor, queue, change, [cache.kind, ...before], { present }), reuse],
      with: [...changeAndFlush(vendor, queue, change, [...before, cache.kind], { present }), reuse],
      told: [`${cache.invalidatedBy.value} comes first, and the device asks again`, `${cache.invalidatedBy.value} comes last`],
    });
  });
}

/** A leaf flush without one of its parts. */
function queuePairs(vendor: VendorModel): readonly Pair[] {
  const { submission, dataWait } = vendor;
  const leaf = cacheOf(vendor, "iotlb");
  if (leaf === undefined) return [];
  const scene = takeAwayScene(vendor, "iotlb", false);
  const { change, reuse } = scene;
  const steps = (options: FlushOptions): readonly Step[] => [...changeAndFlush(vendor, queue, change, ["iotlb"], options), reuse];
  const pair = (about: PairAbout, without: NonNullable<FlushOptions["without"]>, told: Telling["told"]): Pair => pairOf(vendor, scene, { about, cache: "iotlb", without: steps({ without }), with: steps({}), told });
  return [
    ...(submission.kind !== "queue" ? [] : [
      pair("doorbell", "barrier", ["the doorbell may overtake the command", `${submission.barrier.value ?? submission.doorbell.value}() keeps the command before the doorbell`]),
      pair("completion", "poll", ["nobody waits for the command", "the command has completed"]),
    ]),
    ...(dataWait.value.kind !== "bits" ? [] : [pair("data-wait", "data-wait", [`${dataWait.value.command} without ${dataWait.value.bits.join(" and ")}`, `${dataWait.value.command} with ${dataWait.value.bits.join(" and ")}`])]),
  ];
}

/** A context of more than one word becomes valid: nobody may read the valid bit with old words. */
function publishPairs(vendor: VendorModel): readonly Pair[] {
  const context = cacheOf(vendor, "context");
  const fetch = vendor.contextFetch.value;
  if (context === undefined || context.entriesIn.value !== "memory" || fetch === "atomic") return [];
  const scene: Scene = {
    objects: [seenByDevice("context", { fields: [{ name: "root" }, { name: "valid" }] }), seenByDevice("table", { initial: 1 })],
    shape: { entries: { context: "context.root" }, access: "none", contextValid: "context.valid" },
    hazard: { kind: "outcome", what: `the device reads a valid ${context.entry.value} with words from before`, when: [{ thread: "dev", register: "valid", is: 1 }, { thread: "dev", register: registerOf("context"), is: 0 }] },
    uses: [...(fetch === "any-order" ? usesOf("context") : []), "contextFetch"],
  };
  const root = writeOnce("context.root", "&table");
  const valid = writeOnce("context.valid", 1);
  const between = fetch === "valid-first" ? [dmaWmb()] : flushSteps(vendor, queue, ["context"]);
  return [pairOf(vendor, scene, {
    about: "publish", cache: "context",
    without: [root, ...(fetch === "valid-first" ? [] : [dmaWmb()]), valid],
    with: [root, ...between, valid],
    told: [fetch === "valid-first" ? "nothing orders the words before the valid bit" : "a barrier orders the stores, not the fetches", fetch === "valid-first" ? "dma_wmb() orders the words before the valid bit" : `${context.invalidatedBy.value} completes between the words and the valid bit`],
  })];
}

/** Where walks need not be coherent: a new entry is written back before the device is started. */
function writeBackPairs(vendor: VendorModel): readonly Pair[] {
  if (vendor.coherentWalk.value !== "reported") return [];
  const scene: Scene = {
    objects: [seenByDevice("entry", { nonCoherent: true }), seenByDevice("page", { initial: 1 }), seenByDevice("go")],
    shape: { entries: { iotlb: "entry" }, access: "none", start: "go" },
    hazard: { kind: "outcome", what: "the device was started and reads the entry from before in main memory", when: [{ thread: "dev", register: "started", is: 1 }, { thread: "dev", register: registerOf("iotlb"), is: 0 }] },
    uses: ["coherentWalk", ...usesOf("iotlb")],
  };
  const set = writeOnce("entry", "&page");
  const flush = cacheOf(vendor, "iotlb")?.notPresent.value.kind === "never" ? [] : flushSteps(vendor, queue, ["iotlb"]);
  const start = [...flush, wmb(), writeOnce("go", 1)];
  return [pairOf(vendor, scene, {
    about: "write-back", cache: "iotlb",
    without: [set, ...start],
    with: [set, dmaClean("entry"), ...start],
    told: ["the entry stays in the CPU's cache", "the entry is written back before the device is started"],
  })];
}
