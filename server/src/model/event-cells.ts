/** The events of a path as a list that clones share, and which of them tell paths apart. */

import { isDetail } from "./detail-events.ts";
import type { TraceEvent } from "./trace.ts";
import type { PathWatcher } from "./watching.ts";

const nothing: ReadonlySet<string> = new Set();

/** Events that make two paths different for a rule; the rest only add detail. */
const structural = new Set<TraceEvent["what"]["kind"]>(["walk", "advance", "link", "unlink", "free", "defer-free", "defer-call", "wait", "reader-enter", "reader-leave", "lock", "unlock", "fence"]);

export function isStructural(what: TraceEvent["what"], apart: ReadonlySet<string> = nothing): boolean {
  if (apart.has(what.kind)) return true;
  if (what.kind === "store") return what.rcu || what.place.type.includes("*");
  return structural.has(what.kind);
}

/** The object an event is about: the same call on two objects makes two paths. */
function subjectOf({ what }: TraceEvent): number {
  switch (what.kind) {
    case "unlink": case "link": case "walk": case "advance": return what.element.id;
    case "free": case "defer-free": return what.object.id;
    case "defer-call": return what.head.id;
    case "store": return what.place.base.id;
    case "put": return what.counter.id;
    default: return 0;
  }
}

/** An event of a path, and what the events up to it come to. */
export type EventCell = {
  readonly event: TraceEvent;
  readonly previous: EventCell | undefined;
  /** Events before it. */
  readonly index: number;
  /** Events without details. */
  readonly count: number;
  /** Running hash and count of the structural events. */
  readonly structure: number;
  readonly structureCount: number;
};

export const structureOfNone = 7;

export function cellOf(event: TraceEvent, previous: EventCell | undefined, apart: ReadonlySet<string>, watcher?: PathWatcher): EventCell {
  const index = previous === undefined ? 0 : previous.index + 1;
  const count = (previous?.count ?? 0) + (isDetail(event.what) ? 0 : 1);
  const structure = previous?.structure ?? structureOfNone;
  const structureCount = previous?.structureCount ?? 0;
  if (!(watcher?.tellsPathsApart(event.what) ?? isStructural(event.what, apart))) return { event, previous, index, count, structure, structureCount };
  const where = Math.imul(Math.imul(Math.imul(structure, 31) + event.at.start, 31) + event.chain.length + (event.within?.length ?? 0), 31);
  return { event, previous, index, count, structure: where + subjectOf(event), structureCount: structureCount + 1 };
}
