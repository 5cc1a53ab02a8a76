/**
 * Which memory a device reads or writes, told by how the file treats it: where it is allocated (coherent, a page of a
 * table), mapped or cleaned for a device, or declared in the device's byte order. And which events reach the device.
 */

import { walkExprs } from "../../model/ast-walk.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { apiOf } from "../../model/kernel-api/index.ts";
import type { FenceName } from "../../model/kernel-api/schema.ts";
import { usableKey } from "../../model/lifetimes.ts";
import type { PathWalker } from "../../model/paths.ts";
import type { Place, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { pointee, structNameOf, type StructTable } from "../../model/types.ts";
import type { TopicPaths } from "../rule.ts";

export type DeviceMemory = {
  /** A word that the device sees. */
  readonly holds: (place: Place) => boolean;
  /** The object itself lies there: an allocation for the device, or what a field for such objects holds. */
  readonly isObject: (sym: Sym) => boolean;
  /** Made for the device: in coherent memory, or declared in its byte order. What is mapped at times may be the driver's own, in part or most of the time. */
  readonly isLaidOut: (place: Place) => boolean;
  /** All that is known is that it is mapped at times: the device sees what was there when it was, and the mapping orders that. */
  readonly isMappedOnly: (sym: Sym) => boolean;
  /** All that is known is that it is declared in an order that is not the CPU's: it may be copied to the device, word by word. */
  readonly isDeclaredOnly: (sym: Sym) => boolean;
};

const known = new WeakMap<PathWalker, DeviceMemory>();

export function deviceMemoryOf({ walker, roots }: TopicPaths): DeviceMemory {
  const before = known.get(walker);
  if (before !== undefined) return before;
  const objects = new Set<number>();
  const mapped = new Set<string>();
  const keys = new Set<string>();
  const structs = new Set<string>();
  const coherent = { objects: new Set<number>(), keys: new Set<string>(), structs: new Set<string>() };
  const events = (look: (event: TraceEvent) => void): void => { for (const root of roots) for (const trace of walker.tracesOf(root).traces) trace.events.forEach(look); };
  const addObject = (sym: Sym): void => {
    const object = sym.origin.kind === "address" ? sym.origin.place.base : sym;
    objects.add(object.id);
    if (object.origin.kind !== "load" || usableKey(object.origin.place.key) === undefined) return;
    keys.add(object.origin.place.key);
    mapped.add(object.origin.place.key);
  };
  events(({ what }) => {
    if (what.kind === "allocation" && what.device) {
      objects.add(what.object.id);
      coherent.objects.add(what.object.id);
    }
    if (what.kind === "dma") addObject(what.address);
  });
  events(({ what }) => {
    if (what.kind !== "store" || !objects.has(what.value.id) || usableKey(what.place.key) === undefined) return;
    keys.add(what.place.key);
    mapped.delete(what.place.key);
    const struct = structNameOf(pointee(what.place.type));
    const isStruct = struct !== undefined && what.place.type.includes("struct ");
    if (isStruct) structs.add(struct);
    if (!coherent.objects.has(what.value.id)) return;
    coherent.keys.add(what.place.key);
    if (isStruct) coherent.structs.add(struct);
  });
  const isObject = (sym: Sym): boolean => objects.has(sym.id) || (sym.origin.kind === "load" && keys.has(sym.origin.place.key));
  const isDeviceStruct = (sym: Sym): boolean => structs.has(structNameOf(pointee(sym.type)) ?? "");
  const isCoherent = (sym: Sym): boolean => coherent.objects.has(sym.id) || (sym.origin.kind === "load" && coherent.keys.has(sym.origin.place.key)) || coherent.structs.has(structNameOf(pointee(sym.type)) ?? "");
  const isDeclared = (place: Place): boolean => (isInDeviceOrder(place) || isFormat(place.base, walker.facts)) && !isCommonStruct(place.base, walker.facts);
  const memory: DeviceMemory = {
    isObject,
    isLaidOut: (place) => isCoherent(place.base) || isDeclared(place),
    isMappedOnly: (sym) => sym.origin.kind === "load" && mapped.has(sym.origin.place.key) && !isDeviceStruct(sym),
    isDeclaredOnly: (sym) => !isObject(sym) && !isDeviceStruct(sym),
    holds: (place) => place.base.origin.kind !== "stack" && (isObject(place.base) || isDeviceStruct(place.base) || isDeclared(place)),
  };
  known.set(walker, memory);
  return memory;
}

/** Functions that no followed path comes to: what calls them was too much to follow, or all that they do is to read words of such memory. */
export function unreachedBy({ walker, roots }: TopicPaths, memory: DeviceMemory, facts: FileFacts): readonly string[] {
  const reached = new Set<string>();
  const fields = new Set<string>();
  const helpers = new Set<string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      for (const { function: name, what, within, chain } of events) {
        reached.add(name);
        if ((what.kind !== "load" && what.kind !== "store") || !memory.holds(what.place)) continue;
        const step = what.place.path.at(-1) ?? "";
        fields.add(step);
        const helper = /^\w+/.exec(within?.at(-1) ?? "")?.[0] ?? (chain.length > 0 ? name : undefined);
        // A word that has a number and no name: who reads another one calls the same helper.
        if (step.startsWith("[") && helper !== undefined) helpers.add(helper);
      }
    }
  }
  return [...facts.functions.values()].filter((fn) => !reached.has(fn.name) && (walker.relevance.subject.has(fn.name) || mentionsSeveral(fn.name, fields, facts) || [...(facts.calledNames.get(fn.name) ?? [])].some((called) => helpers.has(called)))).map(({ name }) => name);
}

/** By itself, or in what it calls. */
function mentionsSeveral(by: string, fields: ReadonlySet<string>, { functions, calledNames }: FileFacts): boolean {
  const found = new Set<string>();
  for (const name of fields.size === 0 ? [] : [by, ...(calledNames.get(by) ?? [])]) {
    const body = functions.get(name)?.body;
    if (body !== undefined) walkExprs(body, (expr) => { if (expr.kind === "member" && fields.has(expr.field)) found.add(expr.field); });
  }
  return found.size > 1;
}

/** Somewhere in the file such a barrier for devices stands: its device is one that needs them. */
export const usesBarriers = ({ calledNames }: FileFacts, fences: readonly FenceName[]): boolean => [...calledNames.values()].some((names) => callsBarrier(names, fences));

/** One of the called functions is such a barrier for devices. */
export const callsBarrier = (names: ReadonlySet<string> | undefined, fences: readonly FenceName[]): boolean =>
  [...(names ?? [])].some((name) => apiOf(name)?.effects.some((effect) => effect.kind === "fence" && fences.includes(effect.fence) && (effect.scope ?? "cpu") !== "cpu") === true);

const isInDeviceOrder = ({ type, base, path }: Place): boolean => isOutsideOrder(type === "" && path.length === 1 && path[0]?.startsWith("[") === true ? pointee(base.type) : type);

const isOutsideOrder = (type: string): boolean => !type.includes("*") && /\b__(?:le|be)(?:16|32|64)\b/.test(type);

/** All words of the structure are declared in one byte order, and not the CPU's: it is the layout of something outside. */
function isFormat(base: Sym, { structs }: FileFacts): boolean {
  const name = structNameOf(pointee(base.type));
  const struct = name === undefined ? undefined : structs.find(name);
  if (struct === undefined || !base.type.includes("struct ")) return false;
  const before = formats.get(struct);
  if (before !== undefined) return before;
  const is = isFormatOf(struct);
  formats.set(struct, is);
  return is;
}

type Struct = NonNullable<ReturnType<StructTable["find"]>>;

/** Asked of every word on every path; firmware interfaces have structs of thousands of fields. */
const formats = new WeakMap<Struct, boolean>();

function isFormatOf(struct: Struct): boolean {
  const widths = wordsOf(struct).map(({ type }) => (isOutsideOrder(type) ? "outside" : /^(?:u8|__u8|s8|char|unsigned char)$/.test(type.replace(/\[.*/, "").trim()) ? "byte" : "other"));
  return widths.includes("outside") && !widths.includes("other");
}

/** Those of structs and unions that are written out inside it too. */
function wordsOf({ fields }: Struct): Struct["fields"] {
  return fields.flatMap((field) => (field.nested === undefined ? [field] : wordsOf(field.nested)));
}

/** Declared for the whole kernel: packets and file systems have their byte order as well, and no device of this driver. */
function isCommonStruct(base: Sym, { structs }: FileFacts): boolean {
  const name = structNameOf(pointee(base.type));
  return name !== undefined && structs.locate(name)?.file.startsWith("include/") === true;
}

/** The value is the object's address, masked, shifted or with flags in it. A number that is known is no address. */
export function leadsTo(value: Sym, object: Sym, walker: PathWalker, depth = 4): boolean {
  if (object.origin.kind === "null" || object.origin.kind === "constant") return false;
  if (value.id === object.id) return true;
  if (value.origin.kind === "address") return value.origin.place.base.id === object.id;
  if (value.origin.kind !== "expression" || depth === 0) return false;
  const operands = /^[^(]*\(([\d,]+)\)$/.exec(value.origin.text)?.[1];
  return operands !== undefined && operands.split(",").some((id) => { const sym = walker.symbols.byId(Number(id)); return sym !== undefined && leadsTo(sym, object, walker, depth - 1); });
}

/** A register write that tells the device something. */
export const isDoorbell = ({ what }: TraceEvent): boolean => what.kind === "mmio" && what.access === "write";

export type Flush = { readonly begin: number; readonly end: number; readonly awaited: boolean; /** A call that nothing is known of: taken for a flush, and said so. */ readonly unknown: string | undefined };

/**
 * Invalidations between two events: a call that is known to be one, or a register write (awaited where the register or
 * memory is then polled), else a call of which nothing is known.
 */
export function flushesBetween(trace: Trace, first: number, last: number): readonly Flush[] {
  const flushes: Flush[] = [];
  for (let index = Math.max(0, first); index <= Math.min(last, trace.events.length - 1); index++) {
    const event = trace.events[index]!;
    const { what } = event;
    if (what.kind === "iommu-flush" && what.step !== "gather") flushes.push({ begin: index, end: index, awaited: what.step === "complete", unknown: undefined });
    else if (isDoorbell(event)) {
      const polled = trace.events.findIndex((other, at) => at > index && at <= last && isPoll(other));
      flushes.push({ begin: index, end: polled < 0 ? index : polled, awaited: polled >= 0, unknown: undefined });
    } else if (what.kind === "opaque" && what.isStatement && !isKnownFlush(trace, event)) flushes.push({ begin: index, end: index, awaited: true, unknown: what.name });
  }
  return flushes;
}

/** A call that is known to invalidate, and of which not all is known. */
const isKnownFlush = ({ events }: Trace, { at }: TraceEvent): boolean => events.some((other) => other.what.kind === "iommu-flush" && other.at.start === at.start);

function isPoll({ what }: TraceEvent): boolean {
  return (what.kind === "mmio" && what.access !== "write") || (what.kind === "iommu-flush" && what.step === "complete") || (what.kind === "opaque" && what.name === "a loop that waits for memory to change");
}
