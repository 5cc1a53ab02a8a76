import fc from "fast-check";
import { expect, test } from "vitest";
import { factsOfText } from "../test-support/review.ts";
import { isStructural } from "./event-cells.ts";
import { PathWalker } from "./paths.ts";
import type { Trace } from "./trace.ts";
import type { PathWatcher } from "./watching.ts";

type Told = { readonly watcher: PathWatcher; readonly told: readonly string[] };

/** Keeps what it was told, each thing once, as whoever watches may. */
function listener(): Told {
  const told = new Set<string>();
  const watcher: PathWatcher = {
    tellsReturnsApart: false, pathsMax: 64,
    tellsPathsApart: (what) => isStructural(what),
    onEffect: (moment, what) => { told.add(JSON.stringify([moment.at.start, moment.chain.map((site) => site.at.start), what, moment.locks.map(({ key }) => key), moment.readers.map(({ at }) => at.start)])); },
    onUntold: (key) => { told.add(`untold ${key}`); },
    onStatement: (stmt) => { told.add(`statement ${String(stmt.start)}`); },
    onNamed: (value, key) => { told.add(`${key} is ${String(value.id)}`); },
  };
  return { watcher, get told() { return [...told]; } };
}

/** So that nobody stops before the other. */
const limits = { stepsMax: 1_000_000, watchedStepsMax: 1_000_000, watchedCallStepsMax: 1_000_000 };

const outline = ({ events, contradictions }: Trace): readonly unknown[] => [
  events.map(({ what, at, function: name, chain, locks, readers, condition }) => [what.kind, at.start, name, chain.map((site) => `${site.callee} ${String(site.at.start)}`), locks.map(({ key }) => key), readers.map(({ serial }) => serial), condition]),
  contradictions,
];

const text = (callee: readonly string[], caller: readonly string[]): string => `
struct node { struct node *next; struct list_head link; int n; };
struct dev { spinlock_t lock; struct node __rcu *node; struct node *spare; int mode; int count; };
static void inner(struct dev *d, struct node *n) { if (n->n > 2) { list_del_rcu(&n->link); kfree_rcu(n, rcu); } d->count = n->n; d->mode = 1; }
static int callee(struct dev *d, int flag) { struct node *n = rcu_dereference(d->node); int i = 0; ${callee.join(" ")} if (i) return i; return 0; }
void caller(struct dev *d, int a, int b) { struct node *n = d->spare; int r = 0; ${caller.join(" ")} }`;

const statements = {
  callee: ["if (flag) kfree(n);", "if (d->mode) inner(d, n);", "inner(d, d->spare);", "spin_lock(&d->lock); d->spare = n; spin_unlock(&d->lock);", "unknown(d);", "i = d->count;", "if (!n) return -1;", "while (d->count > 3) inner(d, n);", "rcu_assign_pointer(d->node, n);", "unknown(&i);", "if (d->mode && flag) return 2;"],
  caller: ["if (a) synchronize_rcu();", "if (b) d->mode = 0;", "if (d->mode) d->count = 4;", "r = callee(d, a);", "callee(d, b);", "if (r) { callee(d, 1); return; }", "for (r = 0; r < 3; r++) callee(d, r);", "rcu_read_lock(); callee(d, r); rcu_read_unlock();", "if (b && callee(d, 0)) unknown(n);", "kfree(n);", "switch (callee(d, b)) { case 0: synchronize_rcu(); break; case 2: return; }", "list_for_each_entry(n, &d->spare->link, link) callee(d, n->n);"],
};

const some = (of: readonly string[]): fc.Arbitrary<readonly string[]> => fc.array(fc.constantFrom(...of), { minLength: 2, maxLength: 6 });

test("a path that is given what another one did in a callee is the path that walks it", async () => {
  await fc.assert(fc.asyncProperty(some(statements.callee), some(statements.caller), async (callee, caller) => {
    const facts = await factsOfText(text(callee, caller));
    const walker = new PathWalker(facts, undefined, { limits });
    const everyTime = new PathWalker(facts, undefined, { limits, records: false });
    const [given, walked] = [walker.tracesOf("caller"), everyTime.tracesOf("caller")];
    expect(given.traces.map(outline)).toEqual(walked.traces.map(outline));
    expect(given.cut).toEqual(walked.cut);
  }), { numRuns: 40, seed: 1 });
}, 120_000);

test("who watches is told the same, whether paths are given what others did or not", async () => {
  await fc.assert(fc.asyncProperty(some(statements.callee), some(statements.caller), async (callee, caller) => {
    const facts = await factsOfText(text(callee, caller));
    const [given, walked] = [listener(), listener()];
    const ofGiven = new PathWalker(facts, undefined, { limits }).watch("caller", given.watcher);
    const ofWalked = new PathWalker(facts, undefined, { limits, records: false }).watch("caller", walked.watcher);
    expect(given.told).toEqual(walked.told);
    expect(ofGiven.traces.map(outline)).toEqual(ofWalked.traces.map(outline));
    expect(ofGiven.cut).toEqual(ofWalked.cut);
  }), { numRuns: 40, seed: 1 });
}, 120_000);

test("calls are told apart by where they stand on a path, also those that were recorded", async () => {
  const { traces } = new PathWalker(await factsOfText(text(["kfree(n);", "inner(d, d->spare);"], ["if (a) synchronize_rcu();", "if (b) synchronize_rcu();", "callee(d, 1);", "callee(d, 2);"]))).tracesOf("caller");
  expect(traces.length).toBeGreaterThan(3);
  for (const { events } of traces) {
    expect(new Set(events).size).toBe(events.length);
    expect(new Set(events.map(({ what }) => what)).size).toBe(events.length);
    expect(new Set(events.flatMap(({ chain }) => chain.filter(({ callee }) => callee === "callee"))).size).toBe(2);
  }
});
