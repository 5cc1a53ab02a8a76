/** Callbacks for RCU that are called at once: what they free was meant to wait for readers. */

import { onlyLife } from "../../model/entries.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { isFresh } from "../../model/protection.ts";
import type { CallSite, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import { placesOn, type Place } from "./sites.ts";

/** `site`: the call of the callback. */
export type DirectCallback = { readonly object: Sym; readonly site: CallSite };

export function directCallbacks(context: RuleContext): readonly Place<DirectCallback>[] {
  return placesOn(context, (trace, event, index) => freedByCallback(trace, event, index, context));
}

/** The object around the rcu_head is freed inside of the callback, with no grace period before it on the path. */
function freedByCallback(trace: Trace, { what, chain }: TraceEvent, index: number, { facts }: RuleContext): DirectCallback | undefined {
  if (what.kind !== "free") return undefined;
  const site = chain.find(({ callee }) => isOnlyForRcu(callee, facts));
  if (site === undefined || isFresh(trace, index, what.object) || isPartOf(what.object, trace, site)) return undefined;
  const { root } = trace;
  if (takesHead(root, facts) || facts.rcuCallbacks.has(root) || onlyLife(root, facts, "setup") || onlyLife(root, facts, "teardown")) return undefined;
  const waits = trace.events.slice(0, index).some(({ what: one }) => one.kind === "wait");
  return waits ? undefined : { object: what.object, site };
}

/** It takes a struct rcu_head, as no other function does, and this file gives it to nobody. */
function isOnlyForRcu(name: string, facts: FileFacts): boolean {
  return takesHead(name, facts) && !facts.rcuCallbacks.has(name) && !facts.addressTaken.has(name);
}

function takesHead(name: string, facts: FileFacts): boolean {
  const parameters = facts.functions.get(name)?.parameters ?? [];
  return parameters.length === 1 && /^(?:struct\s+)?(?:rcu_head|callback_head)\s*\*$/.test(parameters[0]?.type.trim() ?? "");
}

/** Read out of another object that the same call frees: what the callback takes down with it. */
function isPartOf({ origin }: Sym, { events }: Trace, site: CallSite): boolean {
  return origin.kind === "load" && events.some(({ what, chain }) => what.kind === "free" && chain.includes(site) && what.object.id === origin.place.base.id);
}
