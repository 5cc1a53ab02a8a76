import { isSpinning } from "../../model/blocking.ts";
import { roleName, rolesReaching, type Reached } from "../../model/entries.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { processEntries } from "../../model/entry-contexts.ts";
import { readersOf, retirementsOf, type Retirement } from "../../model/lifetimes.ts";
import type { HeldLock, Span, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { elementLoopAround, isInWaitingLoop } from "../../model/element-loops.ts";
import { followed, placesOn, wayTo, type Place } from "../shared/sites.ts";
import { ownReferenceDoubts, reachOf } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "rcu/grace-period-in-loop",
  title: "Wait for one grace period, not for one per element",
  why: "A grace period takes tens of milliseconds, and more than a second on a busy machine. One for each element of a loop adds up with the number of elements, and one that is waited for with a mutex held makes everybody who wants the mutex wait as well.",
  fix: "Take all elements out first, wait once, then free them; or leave each to kfree_rcu() or call_rcu(). Wait after the mutex is dropped; under the RTNL leave the free to kfree_rcu().",
  earns: "path",
  severity: "warning",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/RCU/whatisRCU.rst"],
  bad: [
    {
      title: "One wait for each device",
      fixable: false,
      code: `struct demo_dev {
	struct list_head list;
	int id;
};

struct demo_group {
	struct list_head devs;
	struct mutex lock;
};

static void demo_group_flush(struct demo_group *group)
{
	struct demo_dev *dev, *tmp;

	mutex_lock(&group->lock);
	list_for_each_entry_safe(dev, tmp, &group->devs, list) {
		list_del_rcu(&dev->list);
		synchronize_rcu();
		kfree(dev);
	}
	mutex_unlock(&group->lock);
}
`,
    },
  ],
  good: [
    {
      title: "The loop ends with the element that was waited for",
      code: `struct demo_dev {
	struct list_head list;
	int id;
};

struct demo_group {
	struct list_head devs;
	struct mutex lock;
};

static void demo_group_remove(struct demo_group *group, int id)
{
	struct demo_dev *dev;

	mutex_lock(&group->lock);
	list_for_each_entry(dev, &group->devs, list) {
		if (dev->id == id) {
			list_del_rcu(&dev->list);
			synchronize_rcu();
			kfree(dev);
			break;
		}
	}
	mutex_unlock(&group->lock);
}
`,
    },
  ],
  yieldsTo: ["rcu/grace-period-on-attach-path"],
};

type Slow =
  | { readonly kind: "loop"; readonly loop: Span; readonly function: string }
  | { readonly kind: "mutex"; readonly lock: HeldLock; readonly taker: Reached }
  /** The lock of all network devices, for one object that could be left to RCU. */
  | { readonly kind: "rtnl"; readonly because: string };

/** As an entry's row and the knowledge table call it. */
const rtnl = "rtnl";

function check(context: RuleContext): readonly Candidate[] {
  const { walker, facts } = context;
  const { waiters } = reachOf(facts);
  const waiting = followed(context).roots.filter((name) => waiters.has(name));
  if (waiting.length === 0) return [];
  const takers = takersOf(context);
  return placesOn({ walker, roots: waiting }, (trace, event) => slowAt(trace, event, takers, context)).map((place) => candidateOf(place, context));
}

/** Mutexes that entries which must be fast take: attach, detach, domain free. */
function takersOf({ facts, walker }: RuleContext): ReadonlyMap<string, Reached> {
  const takers = new Map<string, Reached>();
  for (const { function: name, role } of facts.entries) {
    if (role.pace !== "fast" || !walker.relevance.follow.has(name)) continue;
    for (const trace of walker.tracesOf(name).traces) {
      for (const { what } of trace.events) {
        if (what.kind === "lock" && what.lock.class !== "spin" && isSpinning(what.lock, trace, facts) === false && !/^value |^\?|^\*/.test(what.lock.key)) takers.set(what.lock.key, { role, entry: name });
      }
    }
  }
  return takers;
}

function slowAt(trace: Trace, event: TraceEvent, takers: ReadonlyMap<string, Reached>, context: RuleContext): Slow | undefined {
  const { facts } = context;
  const { what } = event;
  if (what.kind !== "wait" || what.maybe) return undefined;
  const sites = [...event.chain.map((site) => ({ function: site.function, at: site.at, callee: site.callee })), { function: event.function, at: event.at, callee: undefined }];
  for (const site of sites.toReversed()) {
    const loop = elementLoopAround(facts, site.function, site.at);
    // The element keeps the reference by which it is found: it is not the end of it in each round.
    if (loop !== undefined && ownReferenceDoubts(trace, trace.events.indexOf(event)).length === 0) return { kind: "loop", loop, function: site.function };
    if (isInWaitingLoop(facts, site.function, site.at)) break;
  }
  // A wait on a fast entry itself is that rule's.
  if (facts.entries.some(({ function: name, role }) => name === trace.root && role.pace === "fast")) return undefined;
  for (const lock of event.locks) {
    const taker = takers.get(lock.key);
    if (taker !== undefined) return { kind: "mutex", lock, taker };
  }
  const because = what.expedited || what.callbacks ? undefined : holdsRtnl(trace, trace.events.indexOf(event), facts);
  return because !== undefined && isForTheFree(trace, trace.events.indexOf(event), context) ? { kind: "rtnl", because } : undefined;
}

/** The wait is followed by the free of what it keeps, and by nothing unknown before that: for all that shows, it is for the free. */
function isForTheFree(trace: Trace, index: number, context: RuleContext): boolean {
  const frees = freedAfter(trace, index, context);
  const last = Math.max(...frees.map(({ end }) => end));
  return frees.length > 0 && !trace.events.slice(index, last).some(({ what }) => what.kind === "opaque");
}

/** What says that the RTNL is held at the event: the path took it, all entries of the root hold it, or a call around it wants it. */
function holdsRtnl(trace: Trace, index: number, facts: FileFacts): string | undefined {
  const isRtnl = (key: string): boolean => key === `global ${rtnl}`;
  const { events } = trace;
  if (events[index]?.locks.some(({ key }) => isRtnl(key)) === true) return "the path holds it";
  const entries = processEntries(facts).get(trace.root) ?? [];
  if (entries.length > 0 && entries.every(({ holds }) => holds === rtnl)) return `${entries[0]?.name ?? ""} is entered with it`;
  const wants = events.findIndex(({ what }) => what.kind === "needs-lock" && what.name === rtnl);
  const [first, last] = [Math.min(wants, index), Math.max(wants, index)];
  const changes = events.slice(first, last).some(({ what }) => (what.kind === "lock" || what.kind === "unlock") && isRtnl(what.lock.key));
  const call = events[wants]?.what;
  return wants < 0 || changes || call?.kind !== "needs-lock" ? undefined : `${call.api}() wants it`;
}

/** Objects that the wait keeps until they are freed on this path. */
function freedAfter(trace: Trace, index: number, { walker }: RuleContext): readonly Retirement[] {
  return retirementsOf(trace.root, walker).filter((one) => one.trace === trace && one.detach < index && index < one.end && trace.events[one.end]?.what.kind === "free");
}

function candidateOf({ trace, index, event, what }: Place<Slow>, context: RuleContext): Candidate {
  const { facts, walker, roots } = context;
  const roles = rolesReaching(trace.root, facts);
  const isSlow = roles.length > 0 && roles.every(({ role }) => role.pace === "slow" || role.life !== "running");
  const protects = freedAfter(trace, index, context);
  const readers = protects.flatMap((one) => readersOf(one.container, roots, facts, walker).slice(0, 1));
  const deferred = trace.events.slice(0, index).filter(({ what: one }) => one.kind === "defer-free" || one.kind === "defer-call").map(({ at }) => `${sourceText(facts, at)} (line ${String(lineOf(facts, at.start))})`);
  const call = sourceText(facts, event.at);
  const name = what.kind === "mutex" ? what.lock.text.replace(/^&\s*/, "") : "";
  const head = what.kind === "loop" ? sourceText(facts, what.loop).replace(/\s*\{$/, "") : "";
  return {
    rule: meta.id,
    severity: isSlow ? "note" : meta.severity,
    at: event.at,
    function: event.function,
    message: what.kind === "loop"
      ? `${call} waits once for each round of ${head} (line ${String(lineOf(facts, what.loop.start))})`
      : what.kind === "rtnl" ? `${call} waits with the RTNL held (${what.because}), for an object that is freed next and could be left to RCU`
      : `${call} waits with ${name} held, which ${roleName(what.taker)} takes too (${what.taker.entry}())`,
    path: wayTo(trace, event, facts),
    related: what.kind === "loop" ? [{ at: what.loop, message: "the loop" }] : what.kind === "rtnl" || what.lock.at === undefined ? [] : [{ at: what.lock.at, message: "the mutex is taken here" }],
    hypothesis: { kind: "reaches-wait", trace, wait: index, perOperation: trace.events.filter(({ what: one }) => one.kind === "wait").length, inLoop: what.kind === "loop", protects, alreadyDeferred: deferred, readers: protects.length === readers.length ? readers : [], doubts: [] },
    fixes: [],
    about: `wait at ${String(event.at.start)}`,
  };
}

export const rule: Rule = { meta, check };
