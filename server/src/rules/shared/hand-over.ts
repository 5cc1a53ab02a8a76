/**
 * Words of a descriptor by which it is handed to a device that looks by itself (an owner bit, a valid bit), told by how
 * the file treats them: somewhere a write barrier stands between the other words and this one.
 */

import { walkStmts } from "../../model/ast-walk.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { byteOrder } from "../../model/kernel-api/inert.ts";
import type { PathWalker } from "../../model/paths.ts";
import type { Place, Sym, TraceEvent } from "../../model/trace.ts";
import { sourceText } from "../../model/words.ts";
import type { TopicPaths } from "../rule.ts";
import { waitsFor } from "../../model/controlled.ts";
import type { DeviceMemory } from "./device-memory.ts";

/** By key of the word: the function that puts the barrier, and the constants that are written after it, as they are spelled. */
export type HandOverWords = ReadonlyMap<string, HandOverWord>;

export type HandOverWord = { readonly orderedBy: string; /** Where it is written behind the barrier: see `placeOfStore`. */ readonly places: ReadonlySet<string>; readonly constants: ReadonlySet<string>; /** Those that are always among them. */ readonly always: ReadonlySet<string>; /** What it is written with is worked out elsewhere. */ readonly isGiven: boolean; /** A register is written after it there. */ readonly isTold: boolean; /** Words that are written after it there too. */ readonly followedBy: ReadonlySet<string>; /** What is known is its number in an array of another struct. */ readonly isByNumber?: true };

/** The key of a word; of an array whose words are told apart by constant numbers, with the number. */
export function wordKey({ key, path }: Place, { symbols }: PathWalker): string {
  const id = /^\[(\d+)\]$/.exec(path.at(-1) ?? "")?.[1];
  const index = id === undefined ? undefined : symbols.byId(Number(id));
  return index !== undefined && key.endsWith("[]") && isFixed(index, symbols) ? `${key.slice(0, -1)}${id ?? ""}]` : key;
}

/** The key that a word with a constant number in an array of a struct has for whoever knows the array by a pointer alone. */
function bareKey(place: Place, walker: PathWalker): string | undefined {
  const number = /\.(\[\d+\])$/.exec(wordKey(place, walker))?.[1];
  return number === undefined || place.path.length < 2 || !/^__(?:le|be)\d+$/.test(place.type) ? undefined : `${place.type}.${number}`;
}

/** A descriptor: of an array, the element. */
export const elementOf = ({ base, path }: Place): string => `${String(base.id)} ${path.slice(0, path.findLastIndex((step, depth) => step.startsWith("[") && depth < path.length - 1) + 1).join(" ")}`;

/** A constant, or worked out of constants alone. */
function isFixed({ origin }: Sym, symbols: PathWalker["symbols"], depth = 3): boolean {
  if (origin.kind === "constant" || origin.kind === "null") return true;
  const operands = origin.kind === "expression" && depth > 0 ? /^[^(]*\(([\d,]+)\)$/.exec(origin.text)?.[1] : undefined;
  return operands !== undefined && operands.split(",").every((id) => { const sym = symbols.byId(Number(id)); return sym !== undefined && isFixed(sym, symbols, depth - 1); });
}

export function handOverWords({ walker, roots }: TopicPaths, memory: DeviceMemory, facts: FileFacts): HandOverWords {
  const words = new Map<string, HandOverWord & { readonly constants: Set<string>; readonly places: Set<string> }>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      // Words written before the last barrier, and since it (and by whom), by the descriptor that they are in.
      const before = new Map<string, Set<string>>();
      const since = new Map<string, Map<string, string>>();
      for (const [index, event] of events.entries()) {
        const { what } = event;
        if (ordersStores(event)) {
          for (const [element, keys] of since) before.set(element, new Set([...(before.get(element) ?? []), ...keys.keys()]));
          since.clear();
        } else if (what.kind === "store" && what.place.path.length > 0 && memory.holds(what.place)) {
          const { base } = what.place;
          const key = wordKey(what.place, walker);
          const element = elementOf(what.place);
          const contents = before.get(element);
          // What another function writes there once it was handed over, hands nothing over.
          if (contents !== undefined && [...(since.get(element) ?? [])].every(([other, by]) => other === key && by === event.function) && !contents.has(key)) {
            const word = words.get(key) ?? { orderedBy: event.function, places: new Set<string>(), constants: new Set<string>(), always: undefined, isGiven: false, isTold: false, followedBy: new Set<string>() };
            word.places.add(placeOfStore(event));
            const constants = constantsOf(event, facts);
            for (const constant of constants) word.constants.add(constant);
            const followedBy = events.slice(index + 1).flatMap(({ what: later }) => (later.kind === "store" && later.place.base.id === base.id ? [wordKey(later.place, walker)] : []));
            const always = new Set(constants.filter((constant) => word.always?.has(constant) !== false));
            const found = { ...word, always, followedBy: new Set([...word.followedBy, ...followedBy]), isGiven: word.isGiven || constants.length === 0, isTold: word.isTold || events.slice(index).some(({ what: later }) => later.kind === "mmio" && later.access === "write") };
            words.set(key, found);
            const bare = bareKey(what.place, walker);
            if (bare !== undefined && !words.has(bare)) words.set(bare, { ...found, isByNumber: true });
          }
          since.set(element, new Map([...(since.get(element) ?? []), [key, event.function]]));
        }
      }
    }
  }
  return words;
}

export const placeOfStore = ({ function: name, at }: TraceEvent): string => `${name} ${String(at.start)}`;

/** By key of the word, the constants that functions go no further for, and where: while they are there, the descriptor is the device's. */
export type TestedWords = ReadonlyMap<string, ReadonlyMap<string, readonly Asking[]>>;

export type Asking = { readonly by: string; readonly at: number };

export function testedWords({ walker, roots }: TopicPaths, memory: DeviceMemory, facts: FileFacts): TestedWords {
  const words = new Map<string, Map<string, readonly Asking[]>>();
  const seen = new Set<string>();
  for (const root of roots) {
    for (const { events } of walker.tracesOf(root).traces) {
      for (const { what, at, function: name } of events) {
        if (what.kind !== "load" || seen.has(`${name} ${String(at.start)}`) || !memory.holds(what.place)) continue;
        seen.add(`${name} ${String(at.start)}`);
        const fn = facts.functions.get(name);
        const key = wordKey(what.place, walker);
        const constants = words.get(key) ?? new Map<string, readonly Asking[]>();
        words.set(key, constants);
        for (const test of fn === undefined ? [] : waitsFor(fn, at)) for (const [constant] of sourceText(facts, test).matchAll(/\b[A-Z]\w+\b(?!\s*\()/g)) constants.set(constant, [...(constants.get(constant) ?? []), { by: name, at: at.start }]);
      }
    }
  }
  return words;
}

/** Numbers and names in what the assignment writes, calls that are no conversion among them, but for fields, types and what the function declares. */
export function constantsOf({ at, function: name }: TraceEvent, facts: FileFacts): readonly string[] {
  const text = sourceText(facts, at);
  const value = text.slice(text.indexOf("=") + 1);
  const fn = facts.functions.get(name);
  const own = new Set(fn?.parameters.map((parameter) => parameter.name));
  if (fn !== undefined) walkStmts(fn.body, (stmt) => { if (stmt.kind === "declaration") for (const declarator of stmt.declarators) own.add(declarator.name); });
  return [...value.matchAll(/(?<![\w.>~])\w+\b/g)].map(([word]) => word).filter((word) => !own.has(word) && !noConstants.has(word));
}

const noConstants: ReadonlySet<string> = new Set([...byteOrder, "__force", "u8", "u16", "u32", "u64", "__le16", "__le32", "__le64", "__be16", "__be32", "__be64", "READ_ONCE"]);

/** A barrier for stores that devices see, or what has one in it. */
export function ordersStores({ what }: TraceEvent): boolean {
  return (what.kind === "fence" && what.scope !== "cpu" && (what.fence === "wmb" || what.fence === "mb")) || (what.kind === "mmio" && what.access === "write" && what.order === "ordered");
}
