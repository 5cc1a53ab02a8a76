/**
 * Words of a descriptor by which it is handed to a device that looks by itself (an owner bit, a valid bit), told by how
 * the file treats them: somewhere a write barrier stands between the other words and this one.
 */

import { walkStmts } from "../../model/ast-walk.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import type { TraceEvent } from "../../model/trace.ts";
import { sourceText } from "../../model/words.ts";
import type { TopicPaths } from "../rule.ts";
import type { DeviceMemory } from "./device-memory.ts";

/** By key of the word: the function that puts the barrier, and the constants that are written after it, as they are spelled. */
export type HandOverWords = ReadonlyMap<string, { readonly orderedBy: string; readonly constants: ReadonlySet<string> }>;

export function handOverWords({ walker, roots }: TopicPaths, memory: DeviceMemory, facts: FileFacts): HandOverWords {
  const words = new Map<string, { readonly orderedBy: string; readonly constants: Set<string> }>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      // Words written before the last barrier, and since it, by the descriptor that they are in.
      const before = new Map<number, Set<string>>();
      const since = new Map<number, Set<string>>();
      for (const event of events) {
        const { what } = event;
        if (ordersStores(event)) {
          for (const [base, keys] of since) before.set(base, new Set([...(before.get(base) ?? []), ...keys]));
          since.clear();
        } else if (what.kind === "store" && what.place.path.length > 0 && memory.holds(what.place)) {
          const { base, key } = what.place;
          const contents = before.get(base.id);
          if (contents !== undefined && !since.has(base.id) && !contents.has(key)) {
            const word = words.get(key) ?? { orderedBy: event.function, constants: new Set() };
            words.set(key, word);
            for (const constant of constantsOf(event, facts)) word.constants.add(constant);
          }
          since.set(base.id, new Set([...(since.get(base.id) ?? []), key]));
        }
      }
    }
  }
  return words;
}

/** Numbers and names in what the assignment writes, but for fields, calls and what the function declares. */
export function constantsOf({ at, function: name }: TraceEvent, facts: FileFacts): readonly string[] {
  const text = sourceText(facts, at);
  const value = text.slice(text.indexOf("=") + 1);
  const fn = facts.functions.get(name);
  const own = new Set(fn?.parameters.map((parameter) => parameter.name));
  if (fn !== undefined) walkStmts(fn.body, (stmt) => { if (stmt.kind === "declaration") for (const declarator of stmt.declarators) own.add(declarator.name); });
  return [...value.matchAll(/(?<![\w.>])\w+\b(?!\s*\()/g)].map(([word]) => word).filter((word) => !own.has(word));
}

/** A barrier for stores that devices see, or what has one in it. */
export function ordersStores({ what }: TraceEvent): boolean {
  return (what.kind === "fence" && what.scope !== "cpu" && (what.fence === "wmb" || what.fence === "mb")) || (what.kind === "mmio" && what.access === "write" && what.order === "ordered");
}
