import { isConditional, isSpinning } from "../../model/blocking.ts";
import { rolesReaching } from "../../model/entries.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import type { HeldLock, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Edit, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, type Place } from "../shared/sites.ts";
import { atomicEntriesOf } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "context/callback-lock-inversion",
  title: "Turn softirqs off where a lock is taken that an RCU callback takes too",
  why: "RCU callbacks run in softirq context. When one interrupts a task on the same CPU that holds the lock with softirqs on, it spins for a lock whose holder cannot go on: the CPU hangs.",
  fix: "Take the lock with spin_lock_bh() wherever a task takes it, or do the work from queue_rcu_work(), which runs in a task.",
  earns: "path",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "Documentation/kernel-hacking/locking.rst"],
  bad: [
    {
      title: "A task holds the callback's lock with softirqs on",
      code: `struct demo_item {
	struct list_head list;
	struct rcu_head rcu;
};

static DEFINE_SPINLOCK(demo_lock);
static LIST_HEAD(demo_items);
static int demo_freed;

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	spin_lock(&demo_lock);
	demo_freed++;
	spin_unlock(&demo_lock);
	kfree(item);
}

static int demo_add(struct demo_item *item)
{
	struct demo_item *copy = kmemdup(item, sizeof(*item), GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	spin_lock(&demo_lock);
	list_add_rcu(&copy->list, &demo_items);
	spin_unlock(&demo_lock);
	return 0;
}

static void demo_drop(struct demo_item *item)
{
	call_rcu(&item->rcu, demo_item_free);
}
`,
    },
  ],
  good: [
    {
      title: "The task turns softirqs off",
      code: `struct demo_item {
	struct list_head list;
	struct rcu_head rcu;
};

static DEFINE_SPINLOCK(demo_lock);
static LIST_HEAD(demo_items);
static int demo_freed;

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	spin_lock(&demo_lock);
	demo_freed++;
	spin_unlock(&demo_lock);
	kfree(item);
}

static int demo_add(struct demo_item *item)
{
	struct demo_item *copy = kmemdup(item, sizeof(*item), GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	spin_lock_bh(&demo_lock);
	list_add_rcu(&copy->list, &demo_items);
	spin_unlock_bh(&demo_lock);
	return 0;
}

static void demo_drop(struct demo_item *item)
{
	call_rcu(&item->rcu, demo_item_free);
}
`,
    },
  ],
};

type Taken = { readonly lock: HeldLock; readonly takers: readonly Place<HeldLock>[] };

function check(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  const { walker, roots } = context.about("context");
  const entries = atomicEntriesOf(facts);
  const callbacks = new Set(entries.flatMap(({ function: name, via }) => (via === "rcu" ? [name] : [])));
  const own = roots.filter((name) => callbacks.has(name));
  if (own.length === 0) return [];
  const elsewhere = new Set(entries.map((one) => one.function));
  const tasks = roots.filter((name) => !elsewhere.has(name) && walker.relevance.subject.has(name));
  const takers = placesOn({ walker, roots: tasks }, (trace, event) => {
    const { what } = event;
    if (what.kind !== "lock" || isSpinning(what.lock, trace, facts) !== true || isConditional(facts, event.at.start)) return undefined;
    return isOn(event, what.lock) && isTask(trace, facts) ? what.lock : undefined;
  });
  return placesOn({ walker, roots: own }, (trace, event): Taken | undefined => {
    const { what } = event;
    if (what.kind !== "lock" || !isIdentified(what.lock, trace) || isSpinning(what.lock, trace, facts) !== true || isConditional(facts, event.at.start)) return undefined;
    // A reader that comes while a reader holds it does not wait.
    const others = takers.filter((one) => one.what.key === what.lock.key && !(one.what.class === "read" && what.lock.class === "read"));
    return others.length === 0 ? undefined : { lock: what.lock, takers: others };
  }).map((place) => candidateOf(place, context));
}

/** One lock for all: a global. A field may be another object's, and of the object that is freed nobody holds it. */
function isIdentified(lock: HeldLock, trace: Trace): boolean {
  if (lock.key.startsWith("global ")) return true;
  const base = lock.pointer?.origin.kind === "address" ? lock.pointer.origin.place.base : undefined;
  return base?.origin.kind === "load" && /^[A-Za-z_]\w*\./.test(lock.key) && trace.contradictions.length === 0;
}

/** Softirqs are on where the lock is taken. */
function isOn(event: TraceEvent, lock: HeldLock): boolean {
  const isOff = (off: string | undefined): boolean => off === "bh" || off === "irq";
  return !isOff(lock.off) && !event.locks.some((held) => isOff(held.off)) && !event.readers.some((section) => isOff(section.off)) && !event.readers.some(({ flavour, off }) => flavour === "rcu" && off === "bh");
}

/** It sleeps somewhere with nothing held, or is entered as a task: so softirqs are on when it begins. */
function isTask(trace: Trace, facts: FileFacts): boolean {
  const sleeps = trace.events.some(({ what, locks, readers, condition }) => (what.kind === "sleep" || (what.kind === "allocation" && what.gfp === "GFP_KERNEL")) && condition === undefined && readers.length === 0 && !locks.some((lock) => isSpinning(lock, trace, facts) !== false));
  return sleeps || (rolesReaching(trace.root, facts).length > 0 && rolesReaching(trace.root, facts).every(({ role }) => role.table === "module" || /_driver$/.test(role.table) || role.table === "file_operations"));
}

function candidateOf({ trace, index, event, what }: Place<Taken>, { facts }: RuleContext): Candidate {
  const name = what.lock.text.replace(/^&\s*/, "");
  const taker = what.takers[0]!;
  const isField = !what.lock.key.startsWith("global ");
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `the RCU callback ${trace.root}() takes ${name}, which ${taker.event.function}() holds with softirqs on (line ${String(lineOf(facts, taker.event.at.start))})`,
    path: [{ at: facts.functions.get(trace.root)?.nameSpan ?? event.at, function: trace.root, role: "RCU callback" }, ...event.chain.map((site) => ({ at: site.at, function: site.callee, role: "callee" }))],
    related: what.takers.map((one) => ({ at: one.event.at, message: `${one.event.function}() takes it with softirqs on` })),
    hypothesis: {
      kind: "path", columns: [{ role: "Task", trace: taker.trace, shown: [taker.index] }, { role: "RCU callback", trace, shown: [index] }], wrong: "spins for what the task below it holds",
      reason: "the callback can interrupt the task on the same CPU while it holds the lock", open: isField ? ["whether the callback and the task mean the same object is not visible here"] : [],
    },
    fixes: bottomHalfFix(what.takers, facts),
  };
}

/** spin_lock() and spin_unlock() become their _bh forms, in every task that takes the lock. */
function bottomHalfFix(takers: readonly Place<HeldLock>[], facts: FileFacts): readonly FixProposal[] {
  const edits = new Map<number, Edit>();
  for (const { trace, index, event, what } of takers) {
    const end = trace.events.slice(index + 1).find((one) => one.what.kind === "unlock" && one.what.lock.key === what.key);
    for (const one of [event, ...trace.events.slice(index + 1).filter((other) => other.what.kind === "unlock" && other.what.lock.key === what.key && other.function === event.function)]) {
      const word = /^(spin|read|write)_(un)?lock(?=\()/.exec(sourceText(facts, one.at))?.[0];
      if (word === undefined || end === undefined) return [];
      edits.set(one.at.start, { file: facts.file, start: one.at.start, end: one.at.start + word.length, newText: `${word}_bh` });
    }
  }
  const name = takers[0]?.what.text.replace(/^&\s*/, "") ?? "the lock";
  return [{ title: `Turn softirqs off while a task holds ${name}`, edits: [...edits.values()].sort((a, b) => a.start - b.start) }];
}

export const rule: Rule = { meta, check };
