/**
 * What the driver of a vendor does, as steps of the step language: made of its record alone. Caches are called by their
 * kind (`iotlb`, `walk`, …) in the programs.
 */
import { barrierNamed, command, doorbell, invalidate, poll, writeOnce } from "../driver/build.ts";
import { demand } from "../driver/mistake.ts";
import type { Command, Device, EntryWrite, Fetch, Place, Step } from "../driver/steps.ts";
import { cacheKinds, cacheOf, type CacheKind, type Submission, type VendorCache, type VendorModel } from "./vendor.ts";

/** A change of one entry: 0 takes it away, an address sets it. */
export type EntryChange = { readonly cache: CacheKind; readonly at: Place; readonly value: EntryWrite["value"] };

export type FlushOptions = {
  /** Kinds that the program has; a command covers those of them that it does not leave. Default: the ones flushed. */
  readonly present?: readonly CacheKind[];
  /** Entries that the commands change themselves: those that live in the device. */
  readonly changes?: readonly EntryChange[];
  /** Leave something out, to see what it was for. `barrier`: what orders slots before the doorbell. `poll`: the wait for completion. `data-wait`: the bits by which completion waits for data. */
  readonly without?: "barrier" | "poll" | "data-wait";
};

/**
 * The flush of these caches in this order, as the vendor's driver does it: commands, barrier, doorbell and poll, or an
 * instruction each. `queue` is unused where nothing is queued.
 */
export function flushSteps(vendor: VendorModel, queue: string, kinds: readonly CacheKind[], options: FlushOptions = {}): readonly Step[] {
  const { submission } = vendor;
  const caches = kinds.map((kind) => known(vendor, kind));
  if (submission.kind === "instruction") return caches.map((cache) => invalidate(cache.invalidatedBy.value, ...commandOf(vendor, cache, kinds, options)));
  return groupsOf(caches).flatMap((group) => {
    const commands = group.map((cache) => command(queue, ...commandOf(vendor, cache, kinds, options)));
    const rings = submission.rung.value === "per-command" ? commands.flatMap((one) => [one, ...ringSteps(submission, queue, options)]) : [...commands, ...ringSteps(submission, queue, options)];
    return [...rings, ...waitSteps(vendor, queue, options)];
  });
}

/** Commands up to a completion: a cache whose predecessors have to be complete begins a new group. */
function groupsOf(caches: readonly VendorCache[]): readonly (readonly VendorCache[])[] {
  const groups: VendorCache[][] = [];
  for (const cache of caches) {
    const { caches: before, separately } = cache.after.value;
    const last = groups.at(-1);
    if (last === undefined || (separately && last.some(({ kind }) => before.includes(kind)))) groups.push([cache]);
    else last.push(cache);
  }
  return groups;
}

function commandOf(vendor: VendorModel, cache: VendorCache, kinds: readonly CacheKind[], options: FlushOptions): [readonly string[], Partial<Command>] {
  const present = options.present ?? kinds;
  const covered = cacheKinds.filter((kind) => kind === cache.kind || (present.includes(kind) && cacheOf(vendor, kind) !== undefined && !cache.leaves.value.includes(kind)));
  const writes = (options.changes ?? []).filter((change) => change.cache === cache.kind && cache.entriesIn.value === "device").map(({ at, value }) => ({ at, value }));
  const { caches, separately } = cache.after.value;
  const waits = !separately && caches.some((kind) => kinds.slice(0, kinds.indexOf(cache.kind)).includes(kind));
  return [covered, { waitsForData: options.without !== "data-wait", ...(waits ? { afterEarlier: true } : {}), ...(writes.length === 0 ? {} : { writes }) }];
}

function ringSteps(submission: Extract<Submission, { readonly kind: "queue" }>, queue: string, { without }: FlushOptions): readonly Step[] {
  const accessor = submission.doorbell.value;
  if (without === "barrier") return [doorbell(queue, accessor === "writel" ? "writel_relaxed" : accessor)];
  return [...(submission.barrier.value === null ? [] : [barrierNamed(submission.barrier.value)]), doorbell(queue, accessor)];
}

function waitSteps({ completion, title }: VendorModel, queue: string, { without }: FlushOptions): readonly Step[] {
  demand(completion.kind === "polled", `${title}: commands are queued, and completion is nowhere to be seen`);
  if (without === "poll") return [];
  return [poll(queue, completion.seenBy.value[0]), ...(completion.barrier.value === null ? [] : [barrierNamed(completion.barrier.value)])];
}

/** The change alone, before any flush: a store, or a request that nobody has waited for. Where the flush is the change, nothing. */
export function changeSteps(vendor: VendorModel, queue: string, change: EntryChange): readonly Step[] {
  const cache = known(vendor, change.cache);
  if (cache.entriesIn.value === "memory") return [writeOnce(change.at, change.value)];
  if (vendor.submission.kind === "instruction") return [];
  return [command(queue, ...commandOf(vendor, cache, [change.cache], { changes: [change] }))];
}

/** The change and the flush of `kinds` after it. */
export function changeAndFlush(vendor: VendorModel, queue: string, change: EntryChange, kinds: readonly CacheKind[], options: FlushOptions = {}): readonly Step[] {
  const inMemory = known(vendor, change.cache).entriesIn.value === "memory";
  return [...(inMemory ? changeSteps(vendor, queue, change) : []), ...flushSteps(vendor, queue, kinds, { ...options, changes: [change] })];
}

/** map: the leaf entry leads to the page, with the flush that entries for "not present" need. */
export function mapSteps(vendor: VendorModel, queue: string, pte: Place, page: string): readonly Step[] {
  const change: EntryChange = { cache: "iotlb", at: pte, value: `&${page}` };
  return known(vendor, "iotlb").notPresent.value.kind === "never" ? changeSteps(vendor, queue, change) : changeAndFlush(vendor, queue, change, ["iotlb"]);
}

/** unmap and iotlb_sync: the leaf entry goes, and everything made of it. `ats`: the device keeps translations of its own. */
export function unmapSteps(vendor: VendorModel, queue: string, pte: Place, ats = false): readonly Step[] {
  return changeAndFlush(vendor, queue, { cache: "iotlb", at: pte, value: 0 }, ats && cacheOf(vendor, "atc") !== undefined ? ["iotlb", "atc"] : ["iotlb"]);
}

export type DeviceShape = {
  /** Where each entry of the way lies, in the order of a translation; null: what the entry before points at. */
  readonly entries: Readonly<Partial<Record<Exclude<CacheKind, "atc">, Place | null>>>;
  readonly access?: Device["access"];
  readonly ats?: boolean;
  /** The driver tells the device to start by this place; entries for "not present" may be older where the record says so. */
  readonly start?: Place;
  /** The valid word of the context, fetched as the record says. */
  readonly contextValid?: Place;
};

const registers: Readonly<Record<Exclude<CacheKind, "atc">, string>> = { context: "ctx", pasid: "pc", walk: "pde", iotlb: "pte" };

const roles: Readonly<Record<Exclude<CacheKind, "atc">, NonNullable<Fetch["role"]>>> = { context: "context", pasid: "process", walk: "table", iotlb: "table" };

/** The register of a device that holds the entry of this kind. */
export const registerOf = (kind: Exclude<CacheKind, "atc">): string => registers[kind];

/** A device behind this IOMMU: its way to memory goes through the caches of the record. */
export function deviceOf(vendor: VendorModel, shape: DeviceShape): Device {
  const kinds = cacheKinds.filter((kind): kind is Exclude<CacheKind, "atc"> => kind !== "atc" && shape.entries[kind] !== undefined);
  const path = kinds.map((kind): Fetch => {
    const at = shape.entries[kind] ?? null;
    const valid = kind === "context" && shape.contextValid !== undefined ? { valid: { dst: "valid", at: shape.contextValid, order: vendor.contextFetch.value === "any-order" ? "any-order" : "valid-first" } as const } : {};
    return { dst: registers[kind], ...(at === null ? {} : { at }), ...(cacheOf(vendor, kind) === undefined ? {} : { cache: kind, role: roles[kind] }), ...valid };
  });
  const last = kinds.at(-1);
  const negative = last !== undefined && cacheOf(vendor, last)?.notPresent.value.kind !== "never";
  return {
    name: "dev", title: `a device behind ${vendor.title}`, path, access: shape.access ?? "read", dst: "data",
    ...(shape.ats === true && cacheOf(vendor, "atc") !== undefined ? { ats: { cache: "atc" } } : {}),
    ...(shape.start === undefined ? {} : { start: { dst: "started", at: shape.start, negative } }),
  };
}

function known(vendor: VendorModel, kind: CacheKind): VendorCache {
  const cache = cacheOf(vendor, kind);
  demand(cache !== undefined, `${vendor.title} has no ${kind} cache`);
  return cache;
}
