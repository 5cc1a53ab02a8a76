/** One thing that the walk told, as an effect of the facts: what, on which place, with which detail. */

import { apiOf } from "../kernel-api/index.ts";
import type { EffectSpec } from "../kernel-api/schema.ts";
import type { EventKind, Sym } from "../trace.ts";
import { objectOf } from "../evaluate.ts";
import type { Raw } from "./recorder.ts";
import type { Spelling } from "./spelling.ts";
import type { FactEffect } from "./types.ts";

export type Effect = { readonly effect: FactEffect; readonly place: string; readonly key: string; readonly detail: string; readonly escapes: readonly string[] };

type Of<K extends EventKind["kind"]> = Extract<EventKind, { kind: K }>;

/** undefined: nothing that facts speak of (a plain read of a field, a note that is told elsewhere). */
export function effectOf({ moment, what }: Raw, spelling: Spelling): Effect | undefined {
  // In a macro or a header's function, the last of them does it: the file has its call only.
  const api = moment.within?.at(-1)?.replace(/\(.*$/, "") ?? spelling.apiAt(moment.function, moment.at);
  /** The argument as written, where the walk has no name for the value. */
  const argument = (kinds: readonly EffectSpec["kind"][]): string => {
    const call = spelling.callAt(moment.function, moment.at);
    const effect = apiOf(api)?.effects.find((one) => kinds.includes(one.kind));
    const index: unknown = effect === undefined ? undefined : Object.entries(effect).find(([key]) => ["object", "counter", "element", "old", "head", "lock", "pointer"].includes(key))?.[1];
    const arg = typeof index === "number" ? call?.args[index] : undefined;
    return arg === undefined ? "?" : spelling.source(arg);
  };
  switch (what.kind) {
    case "load": return loadOf(what, api, spelling, argument(["rcu-read", "load"]));
    case "store": return storeOf(what, api, spelling, argument(["rcu-publish", "store", "exchange"]));
    case "walk": {
      const head = what.head === undefined ? undefined : spelling.place(what.head);
      const cursor = spelling.value(what.element);
      const how = what.rcu ? (what.flavour === "srcu" ? "srcu" : "rcu") : "plain";
      return made("walk", head ?? "?", what.head?.key ?? "", `${how}${cursor === undefined || cursor.startsWith("element of") ? "" : `, ${cursor}`}${what.member === "" ? "" : ` by ${what.member}`}`);
    }
    case "link": {
      const onto = what.head === undefined ? undefined : spelling.place(what.head);
      return made("link", member(what.element, what.member, spelling) ?? argument(["list-add", "list-move", "list-replace"]), memberKey(what.element, what.member, spelling),
        [what.rcu ? "rcu" : "plain", ...(onto === undefined ? [] : [`onto ${onto}`])].join(", "), escaping([what.element], spelling));
    }
    case "unlink":
      return made("unlink", member(what.element, what.member, spelling) ?? argument(["list-delete", "list-move", "list-replace"]), memberKey(what.element, what.member, spelling), `${what.rcu ? "rcu" : "plain"}${what.reinit ? ", initialised anew" : ""}`);
    case "free": return made("free", spelling.value(what.object) ?? argument(["free"]), spelling.keyOf(what.object), what.api);
    case "defer-free": return made("defer-free", spelling.value(what.object) ?? argument(["defer-free"]), spelling.keyOf(what.object), what.api);
    case "defer-call": {
      const { object } = objectOf(what.head);
      return made("call-rcu", spelling.value(object) ?? argument(["defer-call"]), spelling.keyOf(object), `${what.api}, then ${what.callback ?? "an unknown callback"}()`);
    }
    case "wait":
      return made("wait", what.flavour === "srcu" ? what.domain.replace(/^global /, "") : what.flavour, "", `${what.api}${what.callbacks ? ", for callbacks" : ""}${what.maybe ? ", if need be" : ""}`);
    case "reader-enter": return made("reader-enter", what.section.domain === "" ? what.section.flavour : spelling.domain(what.section), "", what.api);
    case "reader-leave": return made("reader-leave", what.section === undefined || what.section.domain === "" ? (what.section?.flavour ?? "rcu") : spelling.domain(what.section), "", `${what.api}${what.section === undefined ? ", not entered here" : ""}`);
    case "lock": return made("lock", spelling.lock(what.lock), spelling.lockKey(what.lock), `${what.lock.class}${isConditional(api) ? ", may fail" : ""}`);
    // A lock that was not had is no longer held on that side of the branch: nobody unlocks it there.
    case "unlock": return isConditional(api) || what.wasNotHad === true ? undefined : made("unlock", spelling.lock(what.lock), spelling.lockKey(what.lock), what.lock.at === undefined ? `${what.lock.class}, not taken here` : what.lock.class);
    case "fence": return made("barrier", what.fence, "", what.api);
    case "reference": return made("ref-get", pointed(what.counter, spelling) ?? argument(["ref-get"]).replace(/^&/, ""), spelling.keyOf(what.counter), `${api}${what.conditional ? ", unless zero" : ""}`);
    case "put": return made("ref-put", pointed(what.counter, spelling) ?? argument(["ref-put"]).replace(/^&/, ""), spelling.keyOf(what.counter), api);
    case "allocation": return made("allocate", spelling.value(what.object) ?? "new object", what.memory, [api, ...(what.gfp === undefined ? [] : [what.gfp])].join(", "));
    case "mmio": return made(`mmio-${what.access}`, what.address, "", api);
    case "cleanup": return made(what.frees ? "free" : "cleanup", spelling.value(what.object) ?? "?", spelling.keyOf(what.object), `__free(${what.class})`);
    case "opaque": return isOwnFunction(what.name, spelling) || isNumber(what.name, spelling) ? undefined : made("opaque", what.name, "", "", escaping(what.args, spelling));
    case "call": return made("call", `${what.name}()`, "", what.isFollowed ? "" : "not followed");
    case "sleep": return made("sleep", `${what.api}()`, "", "");
    default: return undefined;
  }
}

function made(effect: FactEffect, place: string, key: string, detail: string, escapes: readonly string[] = []): Effect {
  return { effect, place, key, detail, escapes };
}

const sides = { reader: "", update: ", update side", alone: ", nobody else reaches it", either: ", either side", value: ", value only", raw: ", raw" } as const;

function loadOf(what: Of<"load">, api: string, spelling: Spelling, written: string): Effect | undefined {
  const place = spelling.place(what.place) ?? written;
  if (what.rcu !== undefined) return made("rcu-read", place, what.place.key, `${api}${sides[what.rcu]}`);
  // What an exchange reads is told with what it writes.
  if (what.access === "plain" || apiOf(api)?.effects.some((effect) => effect.kind === "exchange") === true) return undefined;
  return made("load", place, what.place.key, api === "" ? what.access : api);
}

function storeOf(what: Of<"store">, api: string, spelling: Spelling, written: string): Effect | undefined {
  const place = spelling.place(what.place) ?? written;
  const value = spelling.value(what.value);
  const escapes = escaping([what.value], spelling);
  const stored = value === undefined ? "" : `= ${value}`;
  if (what.rcu) {
    const isExchange = apiOf(api)?.effects.some((effect) => effect.kind === "exchange") === true;
    return made(isExchange ? "exchange" : "publish", place, what.place.key, [stored, api].filter((one) => one !== "").join(", "), escapes);
  }
  if (what.access !== "plain") return made("store", place, what.place.key, [stored, api].filter((one) => one !== "").join(", "), escapes);
  return escapes.length === 0 ? undefined : made("escape", place, what.place.key, stored, escapes);
}

/** Those of the values that are pointers the function got or made: what it stores or hands out, others may hold. */
export function escaping(values: readonly Sym[], spelling: Spelling, declared = ""): readonly string[] {
  return values.flatMap((value) => (isObject(value, declared) ? [spelling.value(value) ?? "?"] : []));
}

/** `declared`: the type of what takes the value, where the value's own is not known. */
function isObject({ origin, type }: Sym, declared: string): boolean {
  switch (origin.kind) {
    case "allocation": case "container": case "element": return true;
    case "parameter": case "load": return (type === "" ? declared : type).includes("*");
    // What an unknown call returned, and a local holds.
    case "expression": return type.includes("*");
    case "address": return origin.place.base.origin.kind === "stack" || isObject(origin.place.base, "*");
    default: return false;
  }
}

function member(element: Sym, name: string, spelling: Spelling): string | undefined {
  const object = spelling.value(element);
  return object === undefined ? undefined : name === "" ? object : `${object}${element.origin.kind === "stack" || element.origin.kind === "global" ? "." : "->"}${name}`;
}

function memberKey(element: Sym, name: string, spelling: Spelling): string {
  const key = spelling.keyOf(element);
  return name === "" || key === "" ? key : `${key}.${name}`;
}

/** A counter is given by its address. */
function pointed(counter: Sym, spelling: Spelling): string | undefined {
  return counter.origin.kind === "address" ? spelling.place(counter.origin.place) : spelling.value(counter);
}

function isConditional(api: string): boolean {
  return apiOf(api)?.effects.some((effect) => (effect.kind === "lock" || effect.kind === "global-lock") && effect.conditional !== undefined) === true;
}

/** Its own facts say what it does. */
function isOwnFunction(name: string, spelling: Spelling): boolean {
  return spelling.facts.functions.has(/^\w+/.exec(name)?.[0] ?? "");
}

/** #define ENABLE BIT(0): a macro whose calls depend on their arguments alone is a number. */
function isNumber(name: string, spelling: Spelling): boolean {
  const macro = /^the macro (\w+)$/.exec(name)?.[1];
  const body = macro === undefined ? undefined : spelling.facts.macros.get(macro)?.body;
  if (body === undefined) return false;
  return [...body.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)].every(([, callee = ""]) => apiOf(callee)?.effects.every((effect) => effect.kind === "pure" || effect.kind === "value-of") === true);
}
