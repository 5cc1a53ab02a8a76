import { isAsking, type AtomicEntry } from "../../model/blocking.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import type { Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { aboutSleep, atomicEntriesOf, atomicFlagsFix, isAskedBefore, placeOfSleep, reachOf, sleepOf, type Sleep } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "rcu/sleep-in-callback",
  title: "Do not block in a callback of RCU, SRCU or an atomic notifier",
  why: "call_rcu() callbacks run in softirq context, those of call_srcu() with softirqs off, an atomic notifier chain calls its members inside rcu_read_lock(), mmu_notifier_put() leads to free_notifier from an SRCU callback, and invalidate_range_start must not block where the range says so. One that sleeps hangs the CPU, or every later callback behind it.",
  fix: "Queue the work with queue_rcu_work() or schedule_work() from the callback, or free only what needs no sleep there; return -EAGAIN where an invalidation may not block.",
  earns: "path",
  severity: "error",
  seeds: ["003"],
  sources: ["Documentation/RCU/checklist.rst", "include/linux/mmu_notifier.h", "kernel/notifier.c"],
  bad: [
    {
      title: "The callback takes a mutex",
      fixable: false,
      code: `struct demo_table {
	struct mutex lock;
	int count;
};

struct demo_item {
	struct demo_table *table;
	struct rcu_head rcu;
};

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	mutex_lock(&item->table->lock);
	item->table->count--;
	mutex_unlock(&item->table->lock);
	kfree(item);
}

static void demo_item_drop(struct demo_item *item)
{
	call_rcu(&item->rcu, demo_item_free);
}
`,
    },
  ],
  good: [
    {
      title: "The callback takes a spinlock",
      code: `struct demo_table {
	spinlock_t lock;
	int count;
};

struct demo_item {
	struct demo_table *table;
	struct rcu_head rcu;
};

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	spin_lock(&item->table->lock);
	item->table->count--;
	spin_unlock(&item->table->lock);
	kfree(item);
}

static void demo_item_drop(struct demo_item *item)
{
	call_rcu(&item->rcu, demo_item_free);
}
`,
    },
  ],
};

/** `unlessAsked`: only where the path did not find that it may block. */
type Callback = { readonly function: string; readonly words: string; readonly at: AtomicEntry["at"]; readonly unlessAsked: boolean };
type Found = { readonly sleep: Sleep; readonly callback: Callback };

const words: Readonly<Record<string, string>> = { rcu: "an RCU callback", srcu: "an SRCU callback", "atomic-notifier": "a member of an atomic notifier chain", "mmu-free": "free_notifier, which an SRCU callback calls" };

function check(context: RuleContext): readonly Candidate[] {
  const { walker, roots } = context.about("context");
  const callbacks = new Map(callbacksOf(context).map((one) => [one.function, one]));
  if (callbacks.size === 0) return [];
  const { sleepers } = reachOf(context.facts);
  const own = roots.filter((name) => callbacks.has(name) && sleepers.has(name));
  return placesOn({ walker, roots: own }, (trace, event, index) => {
    const callback = callbacks.get(trace.root);
    const sleep = callback === undefined ? undefined : sleepOf(trace, event, context);
    if (callback === undefined || sleep === undefined || isAskedBefore(trace, index)) return undefined;
    return callback.unlessAsked && mayBlock(trace, index) ? undefined : { sleep, callback };
  }).map((place) => candidateOf(place, context));
}

/** Registered by name, or handed through a helper to call_rcu(): the followed paths know which function it is. */
function callbacksOf(context: RuleContext): readonly Callback[] {
  const { facts, walker, roots } = context;
  const found: Callback[] = atomicEntriesOf(facts).flatMap(({ function: name, via, at }) => (words[via] === undefined ? [] : [{ function: name, words: words[via], at, unlessAsked: false }]));
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      for (const { what, at } of trace.events) {
        if (what.kind !== "defer-call" || what.callback === undefined || found.some((one) => one.function === what.callback) || !facts.functions.has(what.callback)) continue;
        found.push({ function: what.callback, words: words[what.flavour] ?? "an RCU callback", at, unlessAsked: false });
      }
    }
  }
  for (const { function: name, role, offset } of facts.entries) {
    if (role.table === "mmu_notifier_ops" && role.field === "invalidate_range_start") found.push({ function: name, words: "invalidate_range_start, which may be told not to block,", at: { start: offset, end: offset + name.length }, unlessAsked: true });
    if (role.table === "mmu_interval_notifier_ops" && role.field === "invalidate") found.push({ function: name, words: "invalidate of an interval notifier, which may be told not to block,", at: { start: offset, end: offset + name.length }, unlessAsked: true });
  }
  return found;
}

/** The path asked, and was told that it may block; or it asked, and what it made of the answer is not known. */
function mayBlock(trace: Trace, index: number): boolean {
  const before = trace.events.slice(0, index);
  const answers = before.flatMap(({ what }) => (what.kind === "branch" && isAsking(what.text, "blocking") ? [what] : []));
  if (answers.length > 0) return !answers.every(({ text, taken }) => /^!?\s*\w+\([^()]*\)$/.test(text) && text.startsWith("!") === taken);
  const asked = before.findIndex(({ what }) => what.kind === "asked" && what.about === "blocking");
  return asked >= 0 && before.slice(asked).some(({ what }) => what.kind === "branch");
}

function candidateOf({ trace, index, event, what: { sleep, callback } }: Place<Found>, { facts }: RuleContext): Candidate {
  const text = sourceText(facts, event.at).replace(/^(\w+)\(.*$/, "$1()");
  return {
    rule: meta.id,
    severity: meta.severity,
    at: placeOfSleep(event, sleep, facts),
    function: event.function,
    message: `${text} ${sleep.why} in ${callback.words.replace(/,$/, "")} (line ${String(lineOf(facts, callback.at.start))})`,
    path: wayOf(trace, event, callback, facts),
    related: [{ at: callback.at, message: `${callback.function}() is registered here` }],
    hypothesis: { kind: "path", columns: [{ role: "Callback", trace, shown: [index] }], wrong: "may sleep", reason: `a path of ${callback.function}(), ${callback.words} reaches it`.replace(/,? reaches/, ", reaches"), open: callback.unlessAsked && trace.events.slice(0, index).some(({ what }) => what.kind === "opaque") ? ["whether a call before it asks if the range may block is not visible here"] : [] },
    fixes: atomicFlagsFix(event, facts),
    about: aboutSleep(event),
  };
}

function wayOf(trace: Trace, event: TraceEvent, callback: Callback, facts: FileFacts): Candidate["path"] {
  return wayTo(trace, event, facts).map((step) => (step.function === callback.function && step.role === "entry" ? { ...step, role: callback.words.replace(/,.*$/, "") } : step));
}

export const rule: Rule = { meta, check };
