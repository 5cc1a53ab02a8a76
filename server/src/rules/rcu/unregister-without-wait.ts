import { steps as on } from "../../../../emulator-core/src/index.ts";
import { apiOf, partlyKnown } from "../../model/kernel-api/index.ts";
import { structOfObject, touches } from "../../model/lifetimes.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Candidate, FixProposal, Race, RaceThread, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const preamble = `struct demo_tap {
	struct packet_type type;
	int seen;
	struct rcu_head rcu;
};

static int demo_receive(struct sk_buff *skb, struct net_device *dev, struct packet_type *type, struct net_device *orig)
{
	struct demo_tap *tap = container_of(type, struct demo_tap, type);

	tap->seen++;
	return 0;
}

static struct demo_tap *demo_open(void)
{
	struct demo_tap *tap = kzalloc(sizeof(*tap), GFP_KERNEL);

	if (!tap)
		return NULL;
	tap->type.func = demo_receive;
	dev_add_pack(&tap->type);
	return tap;
}

static void demo_close(struct demo_tap *tap)
{
	__dev_remove_pack(&tap->type);
`;

const meta: RuleMeta = {
  id: "rcu/unregister-without-wait",
  title: "Wait for those who still run a callback before its owner goes",
  why: "To remove a callback stops new callers. Where it is called in a read-side section and the call that removes it does not wait, somebody may be in it still, with a pointer to its owner.",
  fix: "Wait between removing the callback and freeing its owner (synchronize_rcu() or synchronize_net(), of SRCU the chain's domain), free the owner by kfree_rcu(), or remove it by the form that waits.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/rcubarrier.rst"],
  bad: [{ title: "The packet handler's owner is freed at once", code: `${preamble}	kfree(tap);\n}\n` }],
  good: [{ title: "It is freed when nobody can be in the handler", code: `${preamble}	synchronize_net();\n	kfree(tap);\n}\n` }],
};

type Gone = { readonly object: Sym; readonly removed: number; readonly flavour: "rcu" | "srcu"; /** The field by which it was registered; "" for the whole. */ readonly member: string };

function check(context: RuleContext): readonly Candidate[] {
  // Most files remove no callback: their paths need not be walked for it.
  if (![...context.facts.calledNames.values()].some((names) => [...names].some(removesOnly))) return [];
  const paths = context.about("device");
  return placesOn(paths, freedAfter).map((place) => candidateOf(place, context, paths));
}

function removesOnly(name: string): boolean {
  return (apiOf(name) ?? partlyKnown(name))?.effects.some((effect) => effect.kind === "unregister" && !effect.awaits) === true;
}

/** What holds the callback is freed, and nobody has waited since it was removed. */
function freedAfter(trace: Trace, { what }: TraceEvent, index: number): Gone | undefined {
  if (what.kind !== "free") return undefined;
  for (let removed = index - 1; removed >= 0; removed--) {
    const event = trace.events[removed];
    if (event?.what.kind !== "unregister" || event.what.awaits || event.what.hook === "netdevice" || event.condition !== undefined) continue;
    const { runs, subject } = event.what;
    if (runs !== "rcu" && runs !== "srcu") continue;
    const owner = subject?.origin.kind === "address" ? subject.origin.place.base : subject;
    if (owner?.id !== what.object.id) continue;
    if (trace.events.slice(removed, index).some((other) => other.what.kind === "wait" || (other.what.kind === "unregister" && other.what.awaits))) continue;
    return { object: what.object, removed, flavour: runs, member: subject?.origin.kind === "address" ? subject.origin.place.path.join(".") : "" };
  }
  return undefined;
}

function candidateOf({ trace, index, event, what }: Place<Gone>, context: RuleContext, paths: Pick<RuleContext, "walker" | "roots">): Candidate {
  const { facts } = context;
  const removal = trace.events[what.removed];
  const name = objectName(facts, event, what.object);
  const how = removal === undefined ? "its callback was removed" : `${sourceText(facts, removal.at)} (line ${String(lineOf(facts, removal.at.start))})`;
  const callbacks = callbackThreads(what, context, paths);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} is freed after ${how}, which does not wait for those who are in its callback`,
    refutedMessage: `${name} is freed when nobody can be in its callback`,
    path: wayTo(trace, event, facts),
    related: removal === undefined ? [] : [{ at: removal.at, message: "the callback is removed here" }],
    hypothesis: { kind: "race", races: callbacks.length === 0 ? [raceOf(trace, index, what, undefined)] : callbacks.map((thread) => raceOf(trace, index, what, thread)) },
    fixes: fixesOf(event, what, facts),
  };
}

function raceOf(trace: Trace, index: number, { object, removed }: Gone, callback: RaceThread | undefined): Race {
  const updater: RaceThread = { role: "Updater", trace, steps: [{ at: removed, steps: [on.writeOnce("hook", 0)] }, { at: index, steps: [on.kfree("owner")] }] };
  const common = {
    objects: [{ name: "hook", initial: "&owner" as const }, { name: "owner", initial: 1 }],
    hazard: { kind: "use-after-free", object: "owner" } as const,
    sensitive: [object], assumptions: ["whoever runs the callback does so in a read-side section of his own"], doubts: [], cut: [],
  };
  if (callback === undefined) {
    const caller = { role: "Caller", title: "whoever runs the callback", steps: on.underRcu(on.rcuDereference("p", "hook"), on.ifSet("p", [on.readOnce("v1", "*p")])) };
    return { ...common, counterpart: { synthetic: "whoever runs the callback" }, threads: [updater], others: [caller] };
  }
  return { ...common, counterpart: { trace: callback.trace, at: callback.steps[0]?.at ?? 0 }, threads: [callback, updater] };
}

/** Functions of the file that are entered from outside with that member of such an object, and use it: its callbacks. */
function callbackThreads({ object, member }: Gone, { facts }: RuleContext, { walker }: Pick<RuleContext, "walker" | "roots">): readonly RaceThread[] {
  const struct = structOfObject(object);
  if (struct === undefined) return [];
  return [...facts.addressTaken].flatMap((name): RaceThread[] => {
    if ((facts.callers.get(name)?.size ?? 0) > 0 || facts.entries.some((entry) => entry.function === name) || facts.rcuCallbacks.has(name)) return [];
    for (const trace of walker.tracesOf(name).traces) {
      const uses = trace.events.flatMap((event, at) => (isOwner(event, struct, member) ? [at] : []));
      const [first, last] = [uses[0], uses.at(-1)];
      if (first === undefined || last === undefined || trace.events.some(({ what }) => what.kind === "free" || what.kind === "sleep")) continue;
      const begin = [on.rcuReadLock(), on.rcuDereference("p", "hook"), on.ifSet("p", [on.readOnce("v1", "*p")])];
      return [{ role: "Callback", trace, steps: first === last ? [{ at: first, steps: [...begin, on.rcuReadUnlock()] }] : [{ at: first, steps: begin }, { at: last, steps: [on.ifSet("p", [on.readOnce("v2", "*p")]), on.rcuReadUnlock()] }] }];
    }
    return [];
  });
}

/** It touches a structure of the type that it found from the member it was given. */
function isOwner({ what }: TraceEvent, struct: string, member: string): boolean {
  const base = what.kind === "load" || what.kind === "store" ? what.place.base : undefined;
  return base?.origin.kind === "container" && base.origin.member === member && base.origin.of.origin.kind === "parameter" && structOfObject(base) === struct && touches(what, base);
}

function fixesOf(event: TraceEvent, { flavour }: Gone, facts: RuleContext["facts"]): readonly FixProposal[] {
  if (flavour !== "rcu") return [];
  const { text } = facts.unit;
  const start = text.lastIndexOf("\n", event.at.start - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(start))?.[0] ?? "\t";
  // The statement stands alone on its line, so that a wait before it is in the same branch.
  if (text.slice(start, event.at.start).trim() !== "" || /\b(?:if|else|for|while)\b[^;{}]*$/.test(text.slice(0, start).trimEnd().split("\n").at(-1) ?? "")) return [];
  return [{ title: "Wait with synchronize_rcu() before it", edits: [{ file: facts.file, start, end: start, newText: `${indent}synchronize_rcu();\n` }] }];
}

export const rule: Rule = { meta, check };
