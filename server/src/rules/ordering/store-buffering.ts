import { steps as on, type Step } from "../../../../emulator-core/src/index.ts";
import { usableKey } from "../../model/lifetimes.ts";
import type { EventKind, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { lineBefore } from "../shared/insert-line.ts";
import { wayTo } from "../shared/sites.ts";

const demo = (barrier: string): string => `struct demo_queue {
	int stopped;
	int used;
	int size;
};

static void demo_xmit(struct demo_queue *queue)
{
	WRITE_ONCE(queue->stopped, 1);
${barrier}	if (READ_ONCE(queue->used) == 0)
		WRITE_ONCE(queue->stopped, 0);
}

static void demo_complete(struct demo_queue *queue)
{
	WRITE_ONCE(queue->used, 0);
	smp_mb(); /* pairs with the one in demo_xmit() */
	if (READ_ONCE(queue->stopped))
		demo_wake(queue);
}
`;

const meta: RuleMeta = {
  id: "ordering/store-buffering",
  title: "Put a full barrier on both sides of a store that is followed by a load",
  why: "Each of two CPUs stores to one word and then loads the other's. Unless both have a full barrier in between, both loads may find the old values: the wake-up is lost, the invalidation is missed. Release and acquire, smp_wmb() and smp_rmb() do not help, and x86 does it too.",
  fix: "Put smp_mb() between the store and the load on the side that lacks it.",
  earns: "replay",
  severity: "error",
  seeds: ["001", "002"],
  sources: ["Documentation/memory-barriers.txt", "tools/memory-model/Documentation/recipes.txt"],
  bad: [{ title: "One side has no barrier", code: demo("") }],
  good: [{ title: "Both sides have one", code: demo("	smp_mb(); /* pairs with the one in demo_complete() */\n") }],
};

/** A store and a later load of another word; `fence` stands between and is a full barrier. */
type Half = { readonly trace: Trace; readonly store: number; readonly load: number; readonly fence: number | undefined; readonly stored: string; readonly loaded: string };

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const halves = paths.roots.flatMap((root) => paths.walker.tracesOf(root).traces.flatMap(halvesOf));
  const fenced = new Map<string, Half>();
  for (const half of halves) if (isMeant(half)) fenced.set(`${half.stored} ${half.loaded}`, half);
  const bySite = new Map<string, { readonly half: Half; readonly other: Half }>();
  for (const half of halves) {
    const other = half.fence === undefined ? fenced.get(`${half.loaded} ${half.stored}`) : undefined;
    if (other === undefined || isSerialised(half, other) || hasFencedSibling(half, halves)) continue;
    const event = half.trace.events[half.load]!;
    bySite.set(`${event.function} ${String(event.at.start)}`, { half, other });
  }
  return [...bySite.values()].map(({ half, other }) => candidateOf(half, other, context));
}

/** On another path of the same function the pair has its barrier: which one is meant is not clear. */
function hasFencedSibling(half: Half, halves: readonly Half[]): boolean {
  const at = half.trace.events[half.store]!.at.start;
  return halves.some((one) => one.fence !== undefined && one.trace.events[one.store]!.at.start === at && one.loaded === half.loaded);
}

function isSerialised(a: Half, b: Half): boolean {
  const held = ({ trace, store, load }: Half): ReadonlySet<string> => new Set([store, load].flatMap((at) => trace.events[at]!.locks.map((lock) => lock.key)));
  const ours = held(a);
  return [...held(b)].some((key) => ours.has(key));
}

/** Nearest pairs only: the last store to a word before the first load of another. */
function halvesOf(trace: Trace): readonly Half[] {
  const halves: Half[] = [];
  for (const [load, event] of trace.events.entries()) {
    const loaded = loadedKey(event);
    if (loaded === undefined || event.condition !== undefined || isUpdated(trace, load, loaded)) continue;
    let fence: number | undefined;
    for (let store = load - 1; store >= 0; store--) {
      const before = trace.events[store]!;
      if (isFullBarrier(before)) { fence ??= store; continue; }
      // Calls that may order, or locks that do in part: nothing is said about what stands before them.
      if (before.what.kind === "opaque" || before.what.kind === "unlock" || before.what.kind === "lock" || before.what.kind === "wait" || before.what.kind === "wake") break;
      const stored = storedKey(before);
      if (stored === undefined || stored === loaded) { if (stored === loaded) break; continue; }
      halves.push({ trace, store, load, fence, stored, loaded });
    }
  }
  return halves;
}

/** count++: the load is half of the store, and asks for nothing. */
function isUpdated({ events }: Trace, load: number, key: string): boolean {
  const next = events[load + 1];
  return next !== undefined && storedKey(next) === key;
}

/**
 * A barrier that somebody wrote down, for this store and this load: one that comes with a counter is there for other reasons, mostly, one
 * behind another store for that one, and one behind which the word is read again for what was done since it was read first.
 */
function isMeant({ trace: { events }, store, fence, loaded }: Half): boolean {
  if (fence === undefined || events[fence]?.what.kind !== "fence") return false;
  return !events.slice(store + 1, fence).some((event) => storedKey(event) !== undefined || loadedKey(event) === loaded || event.what.kind === "rmw" || (event.what.kind === "atomic" && event.what.access === "write"));
}

function isFullBarrier({ what }: TraceEvent): boolean {
  return (what.kind === "fence" && what.fence === "mb") || (what.kind === "rmw" && what.order === "full" && !what.conditional);
}

function loadedKey({ what }: TraceEvent): string | undefined {
  return what.kind === "load" && isShared(what) ? usableKey(what.place.key) : undefined;
}

function storedKey({ what }: TraceEvent): string | undefined {
  return what.kind === "store" && isShared(what) ? usableKey(what.place.key) : undefined;
}

const isShared = (what: EventKind & { readonly kind: "load" | "store" }): boolean => what.place.base.origin.kind !== "stack" && what.place.base.origin.kind !== "allocation" && !what.place.key.includes("[]");

function candidateOf(half: Half, other: Half, { facts }: RuleContext): Candidate {
  const store = half.trace.events[half.store]!;
  const load = half.trace.events[half.load]!;
  const fence = other.trace.events[other.fence!]!;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: load.at,
    function: load.function,
    message: `${sourceText(facts, load.at)} may be loaded before the store ${sourceText(facts, store.at)} (line ${String(lineOf(facts, store.at.start))}) is visible: the full barrier of ${fence.function} (line ${String(lineOf(facts, fence.at.start))}) has no partner here`,
    path: wayTo(half.trace, load, facts),
    related: [{ at: store.at, message: "the store" }, { at: fence.at, message: "the other side's barrier" }],
    hypothesis: { kind: "race", races: [raceOf(half, other)] },
    fixes: [{ title: "Put smp_mb() between the store and the load", edits: [lineBefore({ file: facts.file, text: facts.unit.text }, load.at, "smp_mb();")] }],
  };
}

function raceOf(half: Half, other: Half): Race {
  const side = ({ trace, store, load }: Half, mine: string, theirs: string, register: string, role: string): Race["threads"][number] => ({
    role, trace, steps: [{ at: store, steps: [storeStep(trace.events[store]!, mine)] }, { at: load, steps: [loadStep(trace.events[load]!, register, theirs)] }],
  });
  return {
    counterpart: { trace: other.trace, at: other.load },
    objects: [{ name: "x", initial: 0 }, { name: "y", initial: 0 }],
    threads: [side(half, "x", "y", "seen_y", "CPU A"), side(other, "y", "x", "seen_x", "CPU B")],
    hazard: { kind: "outcome", what: "the old value on both sides", when: [{ thread: "CPU B", register: "seen_x", is: 0 }, { thread: "CPU A", register: "seen_y", is: 0 }] },
    sensitive: [],
    assumptions: ["both functions are about the same object"],
    doubts: [], cut: [],
  };
}

const storeStep = ({ what }: TraceEvent, place: string): Step => (what.kind === "store" && what.access === "release" ? on.smpStoreRelease(place, 1) : on.writeOnce(place, 1));
const loadStep = ({ what }: TraceEvent, register: string, place: string): Step => (what.kind === "load" && what.access === "acquire" ? on.smpLoadAcquire(register, place) : on.readOnce(register, place));

export const rule: Rule = { meta, check };
