import { steps as on } from "../../../../emulator-core/src/index.ts";
import type { ReaderUse, Retirement } from "../../model/lifetimes.ts";
import type { CallSite, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { containerName, lineOf, objectName, sourceText } from "../../model/words.ts";
import { deferredFreeFixes } from "../fixes/deferred-free.ts";
import type { Hypothesis, Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { directCallbacks, releasedAtOnce, type DirectCallback, type ReleasedAtOnce } from "../shared/direct-callbacks.ts";
import { earlyFrees } from "../shared/early-frees.ts";
import { freedInPlace, type FreedInPlace } from "../shared/freed-in-place.ts";
import { freedParts, type FreedPart } from "../shared/freed-parts.ts";
import { freedUnderPathWalk, type WalkedFree } from "../shared/path-walks.ts";
import { wayTo, type Place } from "../shared/sites.ts";

const meta: RuleMeta = {
  id: "rcu/free-before-grace-period",
  title: "Wait for a grace period before freeing what readers may still hold",
  why: "A reader that entered its read-side critical section before the object was unlinked may still use it. Unlinking stops new readers only; the memory may be freed when a grace period has passed after the unlink.",
  fix: "Free the object with kfree_rcu(), or with call_rcu() and a callback, after it was unlinked; on paths that may be slow, synchronize_rcu() between unlink and free does as well.",
  earns: "replay",
  severity: "error",
  seeds: ["000", "001", "002", "003"],
  sources: ["Documentation/RCU/whatisRCU.rst", "Documentation/RCU/listRCU.rst", "Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "A bond is unlinked and freed at once",
      code: `struct demo_bond {
	struct list_head list;
	int id;
};

struct demo_domain {
	struct list_head bonds;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += bond->id;
	rcu_read_unlock();
	return sum;
}

static void demo_unlink(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	kfree(bond);
}
`,
    },
  ],
  good: [
    {
      title: "The bond is freed after a grace period",
      code: `struct demo_bond {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_domain {
	struct list_head bonds;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += bond->id;
	rcu_read_unlock();
	return sum;
}

static void demo_unlink(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	kfree_rcu(bond, rcu);
}
`,
    },
  ],
  yieldsTo: ["rcu/wrong-flavour", "rcu/use-after-queued"],
};

function check(context: RuleContext): readonly Candidate[] {
  const early = queuedOrFreed(context);
  const isKnown = ({ event, what: { site } }: Place<DirectCallback>): boolean => early.some(({ at, hypothesis }) => at.start === event.at.start || at.start === site.at.start || isThrough(site, hypothesis));
  const ended = [...freedUnderPathWalk(context).flatMap((places) => walkedCandidate(places, context)), ...releasedAtOnce(context).map((place) => releasedCandidate(place, context))];
  return [
    ...early, ...ended.filter(({ at }) => !early.some((one) => one.at.start === at.start)),
    ...freedParts(context).filter(({ event }) => !early.some((one) => one.at.start === event.at.start)).map((place) => partCandidate(place, context)),
    ...freedInPlace(context).map((site) => linkedCandidate(site, context)), ...directCallbacks(context).filter((place) => !isKnown(place)).map((place) => directCandidate(place, context)),
  ];
}

/** Found with its readers already, by paths that come to the callback there. */
function isThrough(site: CallSite, hypothesis: Hypothesis): boolean {
  if (hypothesis.kind !== "use-after-free") return false;
  return hypothesis.sides.some(({ variants, readers }) => readers.length > 0 && variants.some(({ trace, end }) => trace.events[end]?.chain.some(({ at }) => at.start === site.at.start) === true));
}

/** A path walk that began before may be on its way for a grace period. */
function walkedCandidate(places: readonly Place<WalkedFree>[], { facts }: RuleContext): readonly Candidate[] {
  const [first] = places;
  if (first === undefined) return [];
  const { trace, event } = first;
  const { at } = event.chain[0] ?? event;
  const readers = places.flatMap((place) => place.what.readers.slice(0, 2).map((reader) => ({ place, reader })));
  const doubts = [`${trace.root}() runs at teardown: whether a path walk is left is not visible here`];
  const common = { objects: slotAndObject, hazard: { kind: "use-after-free", object: "object" } as const, assumptions: ["a path walk under RCU calls the reader"], doubts, cut: [] };
  const updater = ({ trace: from, index, what }: Place<WalkedFree>): Race["threads"][number] => ({ role: "Updater", trace: from, steps: [{ at: what.obtain, steps: [on.readOnce("o", "slot")] }, { at: index, steps: [on.kfree("object")] }] });
  return [{
    rule: meta.id, severity: meta.severity, at, function: trace.root, ...(places.some(({ what }) => what.isRead) ? {} : { needsCounterpart: true }),
    about: `freed in ${trace.root} at ${String(at.start)}`,
    message: `${sourceText(facts, at)} frees at once what a path walk under RCU may still read: it holds no reference on what ${trace.root}() ends`,
    path: wayTo(trace, event, facts),
    related: readers.map(({ reader }) => ({ at: reader.trace.events[reader.obtain]?.at ?? at, message: `${reader.trace.root}() obtains it here` })),
    hypothesis: { kind: "race", races: readers.length > 0
      ? readers.map(({ place, reader }): Race => ({ ...common, counterpart: { trace: reader.trace, at: reader.obtain }, threads: [readerThread(reader, true), updater(place)], sensitive: [place.what.object] }))
      : places.map((place): Race => ({ ...common, counterpart: { synthetic: "synthetic reader" }, threads: [updater(place)], others: [syntheticReader(facts.file)], sensitive: [place.what.object] })) },
    fixes: [],
  }];
}

const slotAndObject: Race["objects"] = [{ name: "slot", initial: "&object" }, { name: "object", initial: 1 }];

const syntheticReader = (file: string): NonNullable<Race["others"]>[number] => ({ role: "Reader", title: "synthetic reader", steps: on.underRcu(on.rcuDereference("p", "slot"), on.ifSet("p", [on.readOnce("v1", "*p")])).map((step) => on.from(step, file, 0, "a reader")) });

/** `isCalled`: where no section is in sight, the caller is in one. */
const readerThread = ({ trace, obtain, accesses, section }: Pick<ReaderUse, "trace" | "obtain" | "accesses" | "section">, isCalled = false): Race["threads"][number] => {
  const [enter, leave] = isCalled && section === undefined ? [[on.rcuReadLock()], [on.rcuReadUnlock()]] : [[], []];
  return { role: "Reader", trace, steps: [{ at: obtain, steps: [...enter, on.rcuDereference("p", "slot")] }, { at: accesses[0] ?? obtain, steps: [on.ifSet("p", [on.readOnce("v1", "*p")]), ...leave] }] };
};

/** The kernel calls the function without a grace period, and its own readers are elsewhere. */
function releasedCandidate(place: Place<ReleasedAtOnce>, { facts }: RuleContext): Candidate {
  const { trace, event, what: { object, role } } = place;
  return {
    rule: meta.id, severity: meta.severity, at: event.at, function: event.function,
    about: `freed in ${event.function} at ${String(event.at.start)}`,
    message: `${objectName(facts, event, object)} is freed at once by ${role}, which is called without a grace period: who found it under RCU may still hold it`,
    path: wayTo(trace, event, facts),
    related: [],
    hypothesis: { kind: "race", races: [unseenReaderRace(place, object, facts.file)] },
    fixes: [],
  };
}

const unseenReaderRace = ({ trace, index }: Place<unknown>, object: Sym, file: string): Race => ({
  counterpart: { synthetic: "synthetic reader" },
  objects: slotAndObject,
  threads: [{ role: "Updater", trace, steps: [{ at: index, steps: [on.writeOnce("slot", 0), on.kfree("object")] }] }],
  others: [syntheticReader(file)],
  hazard: { kind: "use-after-free", object: "object" },
  sensitive: [object], assumptions: [], doubts: [], cut: [],
});

/** Who reads the object, and where it was taken out of reach, is elsewhere: the struct rcu_head says that readers are meant. */
function directCandidate(place: Place<DirectCallback>, { facts }: RuleContext): Candidate {
  const { trace, event, what: { object, site } } = place;
  const call = sourceText(facts, site.at);
  const head = new RegExp(`^${site.callee}\\s*\\((.*)\\)$`).exec(call)?.[1];
  return {
    rule: meta.id, severity: meta.severity, at: site.at, function: site.function,
    about: `freed in ${site.function} at ${String(site.at.start)}`,
    message: `${call} frees ${objectName(facts, event, object)} at once: a callback for RCU, which takes a struct rcu_head, is called with no grace period before it, and readers may still hold the object`,
    path: wayTo(trace, event, facts),
    related: [{ at: event.at, message: "it is freed here" }],
    hypothesis: { kind: "race", races: [unseenReaderRace(place, object, facts.file)] },
    fixes: head === undefined ? [] : [{ title: `Leave it to call_rcu()`, edits: [{ file: facts.file, start: site.at.start, end: site.at.end, newText: `call_rcu(${head}, ${site.callee})` }] }],
  };
}

/** The owner is left to RCU, and what it leads to is not. */
function partCandidate({ trace, index, event, what: { part, owner, key, queued, taken, readers } }: Place<FreedPart>, { facts }: RuleContext): Candidate {
  const name = objectName(facts, event, part);
  const queue = trace.events[queued]!;
  const reader = readers[0]!.trace.events[readers[0]!.access]!;
  return {
    rule: meta.id, severity: meta.severity, at: event.at, function: event.function,
    about: `freed in ${event.function} at ${String(event.at.start)}`,
    message: `${name} is freed at once, and ${reader.function} (line ${String(lineOf(facts, reader.at.start))}) may still follow ${key} to it: only ${objectName(facts, queue, owner)} waits for readers (line ${String(lineOf(facts, queue.at.start))})`,
    refutedMessage: `${name} is freed only when ${reader.function} can no longer follow ${key} to it`,
    path: wayTo(trace, event, facts),
    related: [{ at: queue.at, message: "what leads to it is left to RCU here" }, ...readers.slice(0, 3).map((one) => ({ at: one.trace.events[one.access]!.at, message: `${one.trace.events[one.access]!.function}() uses it here` }))],
    hypothesis: { kind: "race", races: readers.slice(0, 3).map((one): Race => ({
      counterpart: { trace: one.trace, at: one.obtain },
      objects: slotAndObject,
      threads: [
        readerThread({ trace: one.trace, obtain: one.obtain, accesses: [one.access], section: undefined }),
        { role: "Updater", trace, ...(taken === undefined ? { before: [on.writeOnce("slot", 0)] } : {}), steps: [...(taken === undefined ? [] : [{ at: taken, steps: [on.writeOnce("slot", 0)] }]), { at: index, steps: [on.kfree("object")] }] },
      ],
      hazard: { kind: "use-after-free", object: "object" },
      sensitive: [part, owner],
      assumptions: ["both sides work on the same object"],
      doubts: taken === undefined ? [`where ${objectName(facts, queue, owner)} is taken out of the reach of readers is not visible on this path`] : [],
      cut: [],
    })) },
    fixes: [],
  };
}

function queuedOrFreed(context: RuleContext): readonly Candidate[] {
  return earlyFrees(context).map(({ function: fn, at, about, name, sides, first, detach, end, path, related, doubts }) => ({
    rule: meta.id,
    severity: meta.severity,
    at,
    function: fn,
    about,
    ...messagesOf(name, first, detach, end, sides[0]?.readers ?? [], context),
    path,
    related,
    hypothesis: { kind: "use-after-free", sides, doubts },
    fixes: end.what.kind === "free" ? deferredFreeFixes(end, first, context) : [],
  }));
}

function linkedCandidate({ trace, index, event, what: { object, container, readers } }: Place<FreedInPlace>, { facts }: RuleContext): Candidate {
  const name = objectName(facts, event, object);
  const reader = readers[0]?.trace.events[readers[0].obtain];
  const who = reader === undefined ? "a reader" : `${reader.function} (line ${String(lineOf(facts, reader.at.start))})`;
  const doubts = [`${trace.root}() empties ${containerName(container)} as a whole: whether a reader is left is not visible here`];
  return {
    rule: meta.id, severity: meta.severity, at: event.at, function: event.function,
    about: `freed in ${event.function} at ${String(event.at.start)}`,
    message: `${name} is ${event.what.kind === "free" ? "freed" : "queued for freeing"} without being taken out of ${containerName(container)}, and ${who} may still reach it`,
    path: wayTo(trace, event, facts),
    related: readers.slice(0, 3).map((one) => ({ at: one.trace.events[one.obtain]?.at ?? event.at, message: `${one.trace.events[one.obtain]?.function ?? ""}() obtains it here` })),
    hypothesis: { kind: "race", races: readers.slice(0, 3).map((one) => linkedRace(trace, index, object, one, doubts)) },
    fixes: [],
  };
}

/** Nothing takes it out of reach, so a reader that comes later finds it as well. */
function linkedRace(trace: Trace, index: number, object: Sym, reader: ReaderUse, doubts: readonly string[]): Race {
  return {
    counterpart: { trace: reader.trace, at: reader.obtain },
    objects: slotAndObject,
    threads: [
      readerThread(reader),
      { role: "Updater", trace, steps: [{ at: index, steps: [trace.events[index]?.what.kind === "free" ? on.kfree("object") : on.kfreeRcu("object")] }] },
    ],
    hazard: { kind: "use-after-free", object: "object" },
    sensitive: [object], assumptions: ["both sides work on the same list"], doubts, cut: [],
  };
}

function messagesOf(name: string, first: Retirement, detach: TraceEvent, end: TraceEvent, readers: readonly ReaderUse[], { facts }: RuleContext): Pick<Candidate, "message" | "refutedMessage"> {
  const reader = readers[0]?.trace.events[readers[0].obtain];
  const holder = reader === undefined ? "a reader" : `${reader.function} (line ${String(lineOf(facts, reader.at.start))})`;
  const how = end.what.kind === "free" ? "freed" : "queued for freeing";
  const order = first.end < first.detach ? ` before it is taken out of ${containerName(first.container)} (line ${String(lineOf(facts, detach.at.start))})` : "";
  return {
    message: order === "" ? `${name} is ${how} while ${holder} may still hold it` : `${name} is ${how}${order}, and ${holder} may still reach it`,
    refutedMessage: `${name} is freed only when ${holder} can no longer hold it`,
  };
}

export const rule: Rule = { meta, check };
