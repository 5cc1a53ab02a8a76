/** Changes of tables that an IOMMU walks: an entry that leads to a table is set, or cleared and the table freed. */

import type { PathWalker } from "../../model/paths.ts";
import { placeId } from "../../model/places.ts";
import type { EventKind, Place, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { pointee } from "../../model/types.ts";
import { leadsTo, type DeviceMemory } from "./device-memory.ts";

/** The entry at `store` lost what it led to (read at `load`), and that is freed at `end`. */
export type Removal = { readonly trace: Trace; readonly load: number; readonly store: number; readonly end: number; readonly object: Sym; readonly entry: Place };

export function removalsOn(trace: Trace, end: number, walker: PathWalker, memory: DeviceMemory): Removal | undefined {
  const what = trace.events[end]?.what;
  const object = what?.kind === "free" || what?.kind === "defer-free" ? what.object : what?.kind === "defer-call" ? headOwner(what.head) : undefined;
  if (object === undefined) return undefined;
  for (let load = end - 1; load >= 0; load--) {
    const read = trace.events[load]!.what;
    if (read.kind !== "load" || !leadsTo(object, read.value, walker) || !isEntry(read.place, object, read.value, memory)) continue;
    const store = trace.events.findIndex((event, at) => at > load && at < end && writesTo(event.what, read.place) && !keeps(event.what, read.value, walker));
    if (store >= 0) return { trace, load, store, end, object, entry: read.place };
  }
  return undefined;
}

/** An entry for the hardware: in memory that the device sees, or a number of which an address was made. A pointer leads no device anywhere, wherever it is kept; what has no known type may be one. */
function isEntry(place: Place, object: Sym, value: Sym, memory: DeviceMemory): boolean {
  return !place.type.includes("*") && (memory.holds(place) || (object.id !== value.id && isNumber(typeOf(place))));
}

/** Of an element, by the pointer to it. */
const typeOf = ({ type, path, base }: Place): string => (type === "" && path.length === 1 ? pointee(base.type) : type);

const isNumber = (type: string): boolean => type !== "" && !/\*|\b(?:struct|union|void)\b/.test(type);

const headOwner = (head: Sym): Sym => (head.origin.kind === "address" ? head.origin.place.base : head);

function writesTo(what: EventKind, place: Place): boolean {
  return (what.kind === "store" || what.kind === "rmw") && placeId(what.place) === placeId(place);
}

const keeps = (what: EventKind, value: Sym, walker: PathWalker): boolean => what.kind === "store" && leadsTo(what.value, value, walker);

/** A table that was allocated on the path is made reachable for the device. `contents`: the last event before that fills it. */
export type Installation = { readonly trace: Trace; readonly object: Sym; readonly allocated: number; readonly contents: readonly number[]; readonly link: number; readonly late: readonly number[] };

export function installationAt(trace: Trace, { what }: TraceEvent, link: number, walker: PathWalker, memory: DeviceMemory): Installation | undefined {
  if (what.kind !== "store" || what.value.origin.kind === "null" || what.place.type.includes("*")) return undefined;
  for (let allocated = 0; allocated < link; allocated++) {
    const made = trace.events[allocated]!.what;
    if (made.kind !== "allocation" || made.memory !== "page" || !leadsTo(what.value, made.object, walker)) continue;
    if (!isTableEntry(what.place, memory) || what.place.base.id === made.object.id) continue;
    const fills = (event: TraceEvent): boolean => event.what.kind === "store" && event.what.place.base.id === made.object.id;
    const contents = [...(isZeroed(made.object) ? [allocated] : []), ...indicesOf(trace, fills).filter((at) => at > allocated && at < link)];
    const late = indicesOf(trace, fills).filter((at) => at > link);
    return { trace, object: made.object, allocated, contents, link, late };
  }
  return undefined;
}

/** A number in a table that the device walks: an element, or what a pointer to one leads to. A member of a structure, be it an array, only where the device sees it. */
function isTableEntry(place: Place, memory: DeviceMemory): boolean {
  if (place.base.origin.kind === "stack") return false;
  const last = place.path.at(-1);
  return memory.holds(place) || (last !== undefined && place.path.length === 1 && (last === "*" || last.startsWith("[")) && /^(?:u64|u32|__u64|__le64|unsigned long|\w*pte_t|\w*pte)$/.test(typeOf(place)));
}

const isZeroed = (object: Sym): boolean => object.origin.kind === "allocation" && object.origin.zeroed;
const indicesOf = (trace: Trace, wanted: (event: TraceEvent) => boolean): readonly number[] => trace.events.flatMap((event, at) => (wanted(event) ? [at] : []));
