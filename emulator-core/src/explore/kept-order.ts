/*
 * Program order that dependencies, acquire and release, and fences keep, as far as it can be told from one thread.
 * A replay turns other pairs round first: what it shows out of order must be what nothing keeps in order.
 */
import { isPoBefore, type PathEvent } from "./path.ts";

/** Pairs of indices into `events`. */
export function keptPairs(events: readonly PathEvent[]): readonly (readonly [number, number])[] {
  return events.flatMap((later, b) => events.slice(0, b).flatMap((earlier, a): readonly (readonly [number, number])[] => (isPoBefore(a, later) && isKept(events, a, b, earlier, later) ? [[a, b]] : [])));
}

const isRead = ({ kind }: PathEvent): boolean => kind === "read" || kind === "lock-read";
const isWrite = ({ kind }: PathEvent): boolean => kind === "write" || kind === "lock-write" || kind === "unlock";

/** Full fences, rmb and wmb by their tags in linux-kernel.bell. */
const fullFences: ReadonlySet<string> = new Set(["mb", "sync-rcu", "sync-srcu"]);

function isKept(events: readonly PathEvent[], a: number, b: number, earlier: PathEvent, later: PathEvent): boolean {
  if (later.addr.includes(a) || later.data.includes(a) || (isWrite(later) && later.ctrl.includes(a))) return true;
  if (earlier.kind === "lock-read" || (isRead(earlier) && earlier.tag === "acquire") || later.kind === "unlock" || (isWrite(later) && later.tag === "release")) return true;
  return events.slice(a + 1, b).some((fence, k) => isPoBefore(a, fence) && isPoBefore(a + 1 + k, later) && orders(fence, earlier, later));
}

function orders({ kind, tag }: PathEvent, earlier: PathEvent, later: PathEvent): boolean {
  if (kind === "sync-srcu" || (kind === "fence" && fullFences.has(tag))) return true;
  return kind === "fence" && ((tag === "rmb" && isRead(earlier) && isRead(later)) || (tag === "wmb" && isWrite(earlier) && isWrite(later)));
}
