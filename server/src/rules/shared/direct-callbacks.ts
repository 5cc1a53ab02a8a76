/** Callbacks for RCU that are called at once: what they free was meant to wait for readers. */

import { onlyLife } from "../../model/entries.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { isFresh } from "../../model/protection.ts";
import type { CallSite, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import type { RuleContext } from "../rule.ts";
import { placesOn, type Place } from "./sites.ts";

/** Called as soon as nobody holds a reference, with readers under RCU left that look for one or hold none. */
const endsAtOnce: ReadonlySet<string> = new Set([
  // fs/inode.c: destroy_inode(); fs/namei.c walks paths under RCU.
  "super_operations.destroy_inode",
  // drivers/dma-buf/dma-fence.c: dma_fence_release(); include/linux/dma-fence.h: dma_fence_get_rcu().
  "dma_fence_ops.release",
  // block/blk-cgroup.c: blkcg_deactivate_policy(); block/blk-cgroup.h: blkg_lookup().
  "blkcg_policy.pd_free_fn",
]);

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

/** `role`: as what the function is called. */
export type ReleasedAtOnce = { readonly object: Sym; readonly role: string };

/** The structure that a function is given to end, freed by it at once, where readers of the kernel come to it under RCU until then. */
export function releasedAtOnce({ facts, walker }: RuleContext): readonly Place<ReleasedAtOnce>[] {
  const roles = new Map(facts.entries.filter(({ role: { table, field } }) => endsAtOnce.has(`${table}.${field}`)).map(({ function: name, role: { table, field } }) => [name, `${table}.${field}`]));
  return placesOn({ walker, roots: [...roots(roles, facts)] }, ({ root, events }, { what, chain, condition }, index) => {
    const role = roles.get(root) ?? "";
    if (what.kind !== "free" || condition !== undefined || chain.some(({ lastReference }) => lastReference) || !isGiven(what.object, root)) return undefined;
    // A cache of fences may be one whose objects keep their type.
    if (what.memory === "cache" && !role.startsWith("super_operations")) return undefined;
    return events.slice(0, index).some(({ what: one }) => one.kind === "wait") ? undefined : { object: what.object, role };
  });
}

/** Those that are entered in no other way. */
const roots = (roles: ReadonlyMap<string, string>, { callers, entries }: FileFacts): readonly string[] =>
  [...roles].flatMap(([name, role]) => ((callers.get(name)?.size ?? 0) === 0 && entries.every((one) => one.function !== name || `${one.role.table}.${one.role.field}` === role) ? [name] : []));

const isGiven = ({ origin }: Sym, root: string): boolean =>
  origin.kind === "container" ? isGiven(origin.of, root) : origin.kind === "parameter" && origin.function === root;
