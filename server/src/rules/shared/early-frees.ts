/** Objects that are freed, or queued for freeing, where readers may still reach them: what two rules tell apart. */

import { onlyLife, roleName, rolesReaching } from "../../model/entries.ts";
import { commonFrame, containerId, isBehind, isMarkedPointer, readersOf, retirementsOf, structOfObject, type Retirement, type ReaderUse } from "../../model/lifetimes.ts";
import { counterKey, isCalledFromElsewhere } from "../../model/protection.ts";
import type { TraceEvent } from "../../model/trace.ts";
import { containerName, objectName, sourceText, stepsWithin } from "../../model/words.ts";
import type { Candidate, RuleContext, Side } from "../rule.ts";
import { slabCachesOf } from "./slab-caches.ts";

/** `sides`: the containers it is taken out of, with their readers. */
export type EarlyFree = {
  readonly function: string;
  readonly at: { readonly start: number; readonly end: number };
  /** What race this is: the same for both rules. */
  readonly about: string;
  readonly name: string;
  readonly sides: readonly Side[];
  readonly first: Retirement;
  readonly detach: TraceEvent;
  readonly end: TraceEvent;
  readonly path: Candidate["path"];
  readonly related: Candidate["related"];
  readonly doubts: readonly string[];
};

const byWalker = new WeakMap<RuleContext["walker"], readonly EarlyFree[]>();

export function earlyFrees(context: RuleContext): readonly EarlyFree[] {
  const known = byWalker.get(context.walker);
  if (known !== undefined) return known;
  const found = groupsOf(context).flatMap((group) => earlyFreeOf(group, context) ?? []);
  byWalker.set(context.walker, found);
  return found;
}

/** All retirements that end at one place. */
type Group = { readonly variants: Retirement[]; readonly function: string; readonly at: { readonly start: number; readonly end: number } };

function groupsOf(context: RuleContext): readonly Group[] {
  const { roots, walker } = context;
  const groups = new Map<string, Group>();
  for (const root of roots) collect(retirementsOf(root, walker).filter((one) => !isOutOfReach(one, context) && !isAfterCallback(one, context)), groups);
  // Where some root was too large to follow, functions that it may have hidden are looked at by themselves.
  if (roots.some((root) => walker.tracesOf(root).cut.length > 0)) {
    const seen = new Set([...groups.values()].map((group) => group.function));
    for (const name of walker.relevance.life) if (!roots.includes(name) && !seen.has(name)) collect(retirementsOf(name, walker, true), groups);
  }
  return [...groups.values()];
}

/** On a list in the object that an RCU callback was queued with: who came to it by that object has left. */
function isOutOfReach({ trace: { root }, object: { origin } }: Retirement, { facts }: RuleContext): boolean {
  const owner = origin.kind === "element" ? origin.head?.base.origin : undefined;
  return facts.rcuCallbacks.has(root) && owner?.kind === "container" && owner.of.origin.kind === "parameter" && owner.of.origin.function === root;
}

/** A callback that was queued after the detach gives up a reference of its own: who gives up the last one after that, of the same counter, does so when readers have left. */
function isAfterCallback({ trace: { events }, object, detach, end }: Retirement, { walker }: RuleContext): boolean {
  const counterOf = ({ what }: TraceEvent): string | undefined => (what.kind === "put" && isBehind(what.counter, object) ? counterKey(what.counter) : undefined);
  return events.slice(detach, end).some(({ what }, from) => {
    if (what.kind !== "defer-call" || what.callback === undefined || !isBehind(what.head, object)) return false;
    const given = new Set(events.slice(detach + from, end).map(counterOf));
    const { traces } = walker.callbackEvents(what.callback, what.head);
    return traces.length > 0 && traces.every((callback) => callback.events.some((event) => { const counter = counterOf(event); return counter !== undefined && given.has(counter); }));
  });
}

function collect(retirements: readonly Retirement[], groups: Map<string, Group>): void {
  for (const retirement of retirements) {
    const frame = commonFrame(retirement.trace, retirement.detach, retirement.end);
    const at = frame.sites[1].at;
    const key = `${frame.function} ${String(at.start)}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { variants: [retirement], function: frame.function, at });
    else known.variants.push(retirement);
  }
}

function earlyFreeOf(group: Group, context: RuleContext): EarlyFree | undefined {
  const { facts } = context;
  const sides = sidesOf(group, context);
  const side = sides[0];
  const first = side?.variants[0];
  const end = first?.trace.events[first.end];
  const detach = first?.trace.events[first.detach];
  if (side === undefined || first === undefined || end === undefined || detach === undefined) return undefined;
  const name = objectName(facts, end, first.object);
  return {
    function: group.function, at: group.at, about: `freed in ${group.function} at ${String(group.at.start)}`,
    name, sides, first, detach, end,
    path: pathOf(first, context),
    related: [
      { at: detach.at, message: `${name} is taken out of ${containerName(first.container)} here` },
      ...side.readers.slice(0, 3).map((reader) => ({ at: reader.trace.events[reader.obtain]?.at ?? group.at, message: `${reader.trace.events[reader.obtain]?.function ?? ""}() obtains it here` })),
    ],
    doubts: doubtsOf(first, detach, context),
  };
}

/** The containers that readers use come first; one without readers counts only where readers are meant. */
function sidesOf(group: Group, context: RuleContext): readonly Side[] {
  const byContainer = new Map<string, Retirement[]>();
  const { own, cut } = byItself(group, context);
  for (const variant of [...group.variants, ...own]) byContainer.set(containerId(variant.container), [...(byContainer.get(containerId(variant.container)) ?? []), variant]);
  const sides = [...byContainer.values()].flatMap((variants): Side[] => {
    const first = variants[0];
    const detach = first?.trace.events[first.detach];
    if (first === undefined || detach === undefined) return [];
    const readers = readersOf(first.container, context.roots, context.facts, context.walker).filter((reader) => reader.trace.events[reader.obtain]?.function !== group.function);
    // A reader that walks without an RCU primitive, against an unlink without one: nothing says that RCU is meant.
    const isPlainPair = detach.what.kind === "unlink" && !detach.what.rcu && !readers.some((reader) => isRcuObtain(reader));
    if (isPlainPair && readers.length > 0) return [];
    return readers.length === 0 && !isRcuDetach(detach, first, context) ? [] : [{ variants, readers, cut }];
  });
  const used = sides.filter((side) => side.readers.length > 0);
  return used.length > 0 ? used : sides;
}

/**
 * The function looked at without its callers: their branches cannot crowd its paths out, but their locks are
 * missing, so these variants can only add doubt.
 */
function byItself(group: Group, { walker, roots }: RuleContext): { readonly own: readonly Retirement[]; readonly cut: readonly string[] } {
  const root = group.variants[0]?.trace.root;
  const rootCut = root === undefined ? [] : walker.tracesOf(root).cut;
  if (roots.includes(group.function) || rootCut.length === 0) return { own: [], cut: rootCut };
  const own = retirementsOf(group.function, walker, true).filter((one) => {
    const frame = commonFrame(one.trace, one.detach, one.end);
    return frame.function === group.function && frame.sites[1].at.start === group.at.start;
  });
  return own.length === 0 ? { own, cut: rootCut } : { own, cut: walker.tracesOf(group.function).cut };
}

function isRcuObtain(reader: ReaderUse): boolean {
  const what = reader.trace.events[reader.obtain]?.what;
  return (what?.kind === "walk" && what.rcu) || (what?.kind === "load" && what.rcu !== undefined);
}

/** Taken out by an RCU primitive, or out of a field declared __rcu: readers are meant even if none is in this file. */
function isRcuDetach(detach: TraceEvent, { container, object }: Retirement, { facts }: RuleContext): boolean {
  // Any table can be searched under RCU; that this one is, the rcu_head of its elements says.
  if (detach.what.kind === "remove") return detach.what.store !== "hlist-nulls" && facts.structs.locate(structOfObject(object) ?? "")?.struct.fields.some(({ type }) => type === "struct rcu_head") === true;
  if (detach.what.kind === "unlink") return detach.what.rcu;
  if (detach.what.kind === "store" && detach.what.rcu) return container.kind === "pointer" && /rcu_|RCU_/.test(sourceText(facts, detach.at));
  return false;
}

function pathOf(first: Retirement, { facts }: RuleContext): Candidate["path"] {
  const { trace } = first;
  const entry = rolesReaching(trace.root, facts)[0];
  const root = facts.functions.get(trace.root);
  const end = trace.events[first.end];
  const steps = end?.chain ?? [];
  return [
    ...(root === undefined ? [] : [{ at: root.nameSpan, function: trace.root, role: entry === undefined ? "entry" : roleName(entry) }]),
    ...steps.map((site) => ({ at: site.at, function: site.callee, role: "callee" })),
    ...(end === undefined ? [] : stepsWithin(end)),
  ];
}

/** Reasons why the two sides may never meet although nothing in the replay says so. */
function doubtsOf(first: Retirement, detach: TraceEvent, { facts, roots, walker, about }: RuleContext): readonly string[] {
  const { trace, object, container, detach: detachIndex, end, holder } = first;
  const before = trace.events.slice(0, detachIndex);
  const doubts: string[] = [];
  const isPlain = detach.what.kind === "unlink" ? !detach.what.rcu : detach.what.kind === "store" && !detach.what.rcu;
  const isTeardown = onlyLife(trace.root, facts, "teardown");
  if (onlyLife(trace.root, facts, "setup")) doubts.push(`${trace.root}() runs at set-up, when readers may not be there yet`);
  if (facts.rcuCallbacks.has(trace.root)) doubts.push(`${trace.root}() is itself an RCU callback: what it takes down may be out of reach already`);
  if (isTeardown && isPlain) doubts.push(`${trace.root}() runs at teardown and unlinks without an RCU primitive: whether a reader is left is not visible here`);
  if (rolesReaching(trace.root, facts).some(({ role }) => role.life === "teardown" && (role.table === "pernet_operations" || role.table === "net_device_ops"))) doubts.push(`${trace.root}() is called by the network core, which waits for readers of its own`);
  // Given up by a helper, as a reference is, and forgotten then: whoever calls it may have stopped those that could find it.
  const isGivenUp = container.kind === "pointer" && first.end < detachIndex && (trace.events[first.end]?.chain.length ?? 0) > 0;
  if (isGivenUp && detach.locks.length === 0 && isCalledFromElsewhere(trace.root, facts)) doubts.push(`${trace.root}() takes no lock and is called from other files: the readers may be gone by then`);
  const stops = before.find(({ what }) => what.kind === "opaque")?.what;
  if (isTeardown && stops?.kind === "opaque") doubts.push(`${trace.root}() runs at teardown, and ${stops.name} before the unlink may stop the readers`);
  if (isDrain(first) && (isPlain || before.some(({ what }) => what.kind === "wait"))) doubts.push(`${trace.root}() empties ${containerName(container)} as a whole: whether a reader is left is not visible here`);
  if (holder !== undefined && before.some(({ what }) => (what.kind === "unlink" && what.element.id === holder.id) || (what.kind === "store" && what.old?.id === holder.id && what.rcu))) doubts.push("what holds the container was itself taken out of reach before");
  if (container.kind === "list" && container.head === undefined && isPlain) doubts.push(`which list ${structOfObject(object) ?? "the object"} is on is not visible here`);
  if (container.kind === "table" && object.origin.kind === "allocation") doubts.push(`it is put into ${containerName(container)} on this path: whether somebody asks for it by its key already is not visible here`);
  if (container.kind === "pointer" && !isMarkedPointer(container.key, roots, walker)) doubts.push(`nothing in this file says that ${containerName(container)} is protected by RCU`);
  const obtained = trace.events.find(({ what }) => what.kind === "load" && what.value.id === object.id)?.what;
  if (obtained?.kind === "load" && obtained.rcu === "alone") doubts.push("it is read with rcu_dereference_protected(…, 1), which says that nothing else can reach it");
  if (obtained?.kind === "load" && obtained.rcu === "raw") doubts.push("it is read with rcu_dereference_raw(), as the last user would");
  const last = trace.events[end];
  if (last?.what.kind === "free" && last.what.memory === "cache" && !slabCachesOf(about("data"), facts).others.has(structOfObject(object) ?? "")) {
    doubts.push(`${structOfObject(object) ?? "the object"} comes from a kmem_cache whose flags are not known: with SLAB_TYPESAFE_BY_RCU the early free would be right`);
  }
  return doubts;
}

/** A safe walk that unlinks every element without asking anything of it. */
function isDrain({ trace, object, detach }: Retirement): boolean {
  const walk = trace.events.findIndex(({ what }) => what.kind === "walk" && what.element.id === object.id);
  if (walk < 0) return false;
  const between = trace.events.slice(walk, detach);
  return !between.some(({ what, condition }) => what.kind === "branch" || condition !== undefined);
}
