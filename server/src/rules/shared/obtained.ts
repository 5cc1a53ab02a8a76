/** Where a path gets an object from: a list, a published pointer, or a look-up by key. */

import { storeKey, usableKey } from "../../model/lifetimes.ts";
import { listKey, type Protection, type Use } from "../../model/protection.ts";
import type { Sym, TraceEvent } from "../../model/trace.ts";

export type Source = { readonly kind: "list" | "pointer" | "store"; readonly key: string; readonly object: Sym; readonly rcu: boolean; /** The key of a list's head. */ readonly head: string | undefined };

/** What the event obtains. */
export function sourceOf({ what }: TraceEvent): Source | undefined {
  switch (what.kind) {
    case "walk": {
      const key = listKey(what.element, what.member);
      return key === undefined ? undefined : { kind: "list", key, object: what.element, rcu: what.rcu, head: usableKey(what.head?.key) };
    }
    case "load": {
      const key = usableKey(what.place.key);
      const isRead = what.rcu === "reader" || what.rcu === "either" || what.rcu === undefined;
      return key === undefined || !isRead ? undefined : { kind: "pointer", key, object: what.value, rcu: what.rcu !== undefined, head: undefined };
    }
    case "lookup": {
      const key = storeKey(what.container);
      return key === undefined ? undefined : { kind: "store", key, object: what.element, rcu: what.rcu, head: undefined };
    }
    default: return undefined;
  }
}

/** The container that the event puts an object into, for others to find. */
export function targetOf({ what }: TraceEvent): Source | undefined {
  switch (what.kind) {
    case "link": {
      const key = listKey(what.element, what.member);
      return key === undefined ? undefined : { kind: "list", key, object: what.element, rcu: what.rcu, head: usableKey(what.head?.key) };
    }
    case "store": {
      const key = usableKey(what.place.key);
      return key === undefined || what.value.origin.kind === "null" ? undefined : { kind: "pointer", key, object: what.value, rcu: what.rcu, head: undefined };
    }
    case "insert": {
      const key = storeKey(what.container);
      return key === undefined ? undefined : { kind: "store", key, object: what.element.origin.kind === "address" ? what.element.origin.place.base : what.element, rcu: what.rcu, head: undefined };
    }
    default: return undefined;
  }
}

/** The container that the event takes this object out of. */
export function leavesBy({ what }: TraceEvent, object: Sym): Pick<Source, "kind" | "key"> | undefined {
  switch (what.kind) {
    case "unlink": {
      const key = what.element.id === object.id ? listKey(what.element, what.member) : undefined;
      return key === undefined ? undefined : { kind: "list", key };
    }
    case "store": {
      const key = what.old?.id === object.id && what.value.id !== object.id ? usableKey(what.place.key) : undefined;
      return key === undefined ? undefined : { kind: "pointer", key };
    }
    case "remove": {
      const key = storeKey(what.container);
      const isIt = what.element === undefined || what.element.id === object.id || (what.element.origin.kind === "address" && what.element.origin.place.base.id === object.id);
      return key === undefined || !isIt ? undefined : { kind: "store", key };
    }
    default: return undefined;
  }
}

/** Everybody who gets objects from the same container. */
export function obtainersOf({ kind, key, head }: Pick<Source, "kind" | "key" | "head">, protection: Protection): readonly Use[] {
  switch (kind) {
    case "list": return (protection.lists.get(key)?.walks ?? []).filter(({ event: { what } }) => what.kind === "walk" && (head === undefined || usableKey(what.head?.key) === undefined || usableKey(what.head?.key) === head));
    case "pointer": return (protection.pointers.get(key)?.loads ?? []).filter(({ event: { what } }) => what.kind === "load" && (what.rcu === "reader" || what.rcu === "either"));
    case "store": return protection.lookups.get(key) ?? [];
  }
}

/** &x->field of an object behind container_of() is the object's. */
export function objectBehind(pointer: Sym): Sym {
  return pointer.origin.kind === "address" ? pointer.origin.place.base : pointer;
}
