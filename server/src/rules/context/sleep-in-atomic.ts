import type { AtomicEntry } from "../../model/blocking.ts";
import type { ReaderSection, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { firstOfEach, placesOn, wayTo, type Place } from "../shared/sites.ts";
import { aboutSleep, afterUnlockFix, atomicEntriesOf, atomicFlagsFix, isAskedBefore, ownReferenceDoubts, placeOfSleep, rootsThatMaySleep, sectionAt, sleepOf, spinningLockAt, unreachedDoubts, type Sleep, type Spinning } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "context/sleep-in-atomic",
  title: "Do not sleep under a spinlock, with interrupts off, or in an interrupt",
  why: "Who holds a spinlock, has turned preemption or interrupts off, or runs in an interrupt, timer or tasklet, must not call the scheduler: another CPU spins for as long as the sleep lasts, and on the same CPU who wants the lock never gets it.",
  fix: "Allocate with GFP_ATOMIC, or before the lock is taken; move what sleeps out of the section; or use a mutex where nobody takes the lock from an interrupt.",
  earns: "path",
  severity: "error",
  seeds: ["003"],
  sources: ["Documentation/locking/spinlocks.rst", "Documentation/core-api/memory-allocation.rst", "Documentation/kernel-hacking/hacking.rst"],
  bad: [
    {
      title: "An allocation under a spinlock that may sleep",
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	spinlock_t lock;
};

static int demo_add(struct demo_table *table, int id)
{
	struct demo_item *item;

	spin_lock(&table->lock);
	item = kzalloc(sizeof(*item), GFP_KERNEL);
	if (!item) {
		spin_unlock(&table->lock);
		return -ENOMEM;
	}
	item->id = id;
	list_add(&item->list, &table->items);
	spin_unlock(&table->lock);
	return 0;
}
`,
    },
  ],
  good: [
    {
      title: "The allocation comes before the lock",
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct list_head items;
	spinlock_t lock;
};

static int demo_add(struct demo_table *table, int id)
{
	struct demo_item *item;

	item = kzalloc(sizeof(*item), GFP_KERNEL);
	if (!item)
		return -ENOMEM;
	item->id = id;
	spin_lock(&table->lock);
	list_add(&item->list, &table->items);
	spin_unlock(&table->lock);
	return 0;
}
`,
    },
  ],
  yieldsTo: ["rcu/grace-period-in-reader", "rcu/sleep-in-reader", "rcu/sleep-in-callback"],
};

type Atomic = { readonly sleep: Sleep } & (
  | ({ readonly kind: "lock" } & Spinning)
  | { readonly kind: "off"; readonly section: ReaderSection }
  | { readonly kind: "entered"; readonly entry: AtomicEntry }
);

const offWords = { preempt: "preemption", bh: "softirqs", irq: "interrupts" } as const;

const entryWords: Readonly<Record<string, string>> = { timer: "a timer", hrtimer: "a timer", tasklet: "a tasklet", irq: "a hard interrupt", "irq-work": "a hard interrupt", softirq: "a function whose callers must not sleep", reader: "a read-side section of its caller" };

function check(context: RuleContext): readonly Candidate[] {
  const entries = atomicEntriesOf(context.facts).filter(({ via }) => entryWords[via] !== undefined);
  const paths = rootsThatMaySleep(context, entries);
  const doubts = (what: Atomic): number => (what.kind === "lock" ? what.doubts.length : 0);
  const places = placesOn(paths, (trace, event, index) => atomicAt(trace, event, index, entries, context), doubts);
  return firstOfEach(places, ({ event, what }) => `${event.function} ${siteOf(what)}`, doubts, (place) => candidateOf(place, context));
}

/** What forbids it: where the lock was taken, where they were turned off, how it was entered. */
function siteOf(what: Atomic): string {
  switch (what.kind) {
    case "lock": return `lock ${what.lock.key} ${String(what.lock.at?.start)}`;
    case "off": return `off ${String(what.section.at.start)}`;
    case "entered": return `entered ${what.entry.function}`;
  }
}

function atomicAt(trace: Trace, event: TraceEvent, index: number, entries: readonly AtomicEntry[], context: RuleContext): Atomic | undefined {
  const sleep = sleepOf(trace, event, context);
  if (sleep === undefined || isAskedBefore(trace, index)) return undefined;
  const lock = spinningLockAt(trace, index, context);
  if (lock !== undefined) return { sleep, kind: "lock", ...lock };
  const section = sectionAt(trace, index, context, ({ off }) => off !== undefined);
  if (section !== undefined) return { sleep, kind: "off", section };
  const entry = entries.find((one) => one.function === trace.root);
  // What it was called in, the path may have left.
  const isLeft = entry?.via === "reader" && trace.events.slice(0, index).some(({ what }) => what.kind === "reader-leave" && what.section === undefined);
  return entry === undefined || isLeft ? undefined : { sleep, kind: "entered", entry };
}

function candidateOf({ trace, index, event, what }: Place<Atomic>, context: RuleContext): Candidate {
  const { facts } = context;
  const text = sourceText(facts, event.at).replace(/^(\w+)\(.*$/, "$1()");
  const { where, at, related } = placeOf(what, facts);
  const began = at === undefined ? -1 : trace.events.findLastIndex((one, i) => i < index && one.at.start === at.start && (one.what.kind === "lock" || one.what.kind === "reader-enter"));
  const isEnd = ({ what: other }: TraceEvent): boolean => (what.kind === "lock" ? other.kind === "unlock" && other.lock.key === what.lock.key : what.kind === "off" && other.kind === "reader-leave" && other.section?.serial === what.section.serial);
  return {
    rule: meta.id,
    severity: meta.severity,
    at: placeOfSleep(event, what.sleep, facts),
    function: event.function,
    message: `${text} ${what.sleep.why} ${where}`,
    path: wayTo(trace, event, facts),
    related: at === undefined ? [] : [{ at, message: related }],
    hypothesis: { kind: "path", columns: [{ role: "CPU", trace, shown: began < 0 ? [index] : [began, index] }], wrong: "may sleep", reason: `a path reaches it ${where}`, open: [...(what.kind === "lock" ? what.doubts : []), ...unreachedDoubts(trace, context), ...ownReferenceDoubts(trace, index)] },
    fixes: [...atomicFlagsFix(event, facts), ...(what.kind === "entered" || what.sleep.flags ? [] : afterUnlockFix(trace, index, isEnd, facts))],
    about: aboutSleep(event),
  };
}

function placeOf(what: Atomic, facts: RuleContext["facts"]): { readonly where: string; readonly at: { readonly start: number; readonly end: number } | undefined; readonly related: string } {
  switch (what.kind) {
    case "lock": {
      const { lock } = what;
      const name = lock.text.replace(/^&\s*/, "");
      return { where: `under the spinlock ${name}${lock.at === undefined ? "" : ` (line ${String(lineOf(facts, lock.at.start))})`}`, at: lock.at, related: "the lock is taken here" };
    }
    case "off": return { where: `with ${offWords[what.section.off ?? "preempt"]} off (line ${String(lineOf(facts, what.section.at.start))})`, at: what.section.at, related: "they are turned off here" };
    case "entered": return { where: `in ${entryWords[what.entry.via] ?? "an interrupt"} (${what.entry.by}, line ${String(lineOf(facts, what.entry.at.start))})`, at: what.entry.at, related: `${what.entry.function}() is registered here` };
  }
}

export const rule: Rule = { meta, check };
