/** Which slab caches the file makes, and of what they hold: what is stored where a cache is kept says which cache it is. */

import type { FileFacts } from "../../model/file-facts.ts";
import { structOfObject, usableKey } from "../../model/lifetimes.ts";
import type { PathWalker } from "../../model/paths.ts";
import { rootsThat, rootsWith } from "../../model/protection.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import type { TopicPaths } from "../rule.ts";

/** Structs that come from caches made in this file, by whether they are SLAB_TYPESAFE_BY_RCU. */
export type SlabCaches = { readonly typesafe: ReadonlySet<string>; /** They come from nowhere else, as far as the file shows. */ readonly others: ReadonlySet<string> };

/** Flags by their names, and not in a variable that may hold any. */
const isWritten = (flags: string | undefined): boolean => flags !== undefined && /^(?:0|[\s()|]|SLAB_\w+)+$/.test(flags);

const known = new WeakMap<PathWalker, SlabCaches>();

/** `data`: paths about data. */
export function slabCachesOf(data: TopicPaths, facts: FileFacts): SlabCaches {
  const had = known.get(data.walker);
  if (had !== undefined) return had;
  const found = collect(data, facts);
  known.set(data.walker, found);
  return found;
}

function collect({ walker, roots }: TopicPaths, facts: FileFacts): SlabCaches {
  if (rootsWith(["cache"], facts).length === 0) return { typesafe: new Set(), others: new Set() };
  const makers = rootsThat((effect) => effect.kind === "cache" || (effect.kind === "allocate" && effect.cache !== undefined), facts);
  const kinds = new Map<string, "typesafe" | "other" | "unknown">();
  const each = (look: (event: TraceEvent, trace: Trace) => void): void => { for (const name of new Set([...roots, ...makers])) for (const trace of walker.tracesOf(name).traces) for (const event of trace.events) look(event, trace); };
  each(({ what }, trace) => {
    if (what.kind !== "cache" || what.does !== "create") return;
    for (const { what: other } of trace.events) {
      const key = other.kind === "store" && other.value.id === what.cache.id ? usableKey(other.place.key) : undefined;
      const kind = what.typesafe ? "typesafe" : isWritten(what.flags) ? "other" : "unknown";
      if (key !== undefined && kinds.get(key) !== "typesafe" && (kind !== "other" || !kinds.has(key))) kinds.set(key, kind);
    }
  });
  const typesafe = new Set<string>();
  const others = new Set<string>();
  const unknown = new Set<string>();
  each(({ what }) => {
    const struct = what.kind === "allocation" && what.from !== undefined ? structOfObject(what.object) : undefined;
    if (what.kind !== "allocation" || struct === undefined) return;
    const kind = what.from?.origin.kind === "load" ? kinds.get(what.from.origin.place.key) : undefined;
    (kind === "typesafe" ? typesafe : kind === "other" ? others : unknown).add(struct);
  });
  return { typesafe, others: new Set([...others].filter((struct) => !typesafe.has(struct) && !unknown.has(struct))) };
}
