import { walkExprs } from "../../model/ast-walk.ts";
import { atomicEntries } from "../../model/blocking.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { apiOf, partlyKnown } from "../../model/kernel-api/index.ts";
import type { Span, Trace } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { lineSpan } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "rcu/missing-barrier-on-exit",
  title: "Wait for queued callbacks before the module, or their cache, goes",
  why: "call_rcu() keeps a pointer to its callback for at least a grace period. When the module is unloaded before it ran, the CPU jumps into freed memory; when the slab cache that it frees to is destroyed first, the object goes back to a cache that is no more. synchronize_rcu() does not wait for callbacks, rcu_barrier() does. kfree_rcu() runs no code of the module.",
  fix: "Call rcu_barrier() (srcu_barrier() for call_srcu()) in the module's exit, after nothing can queue any more and before kmem_cache_destroy().",
  earns: "path",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/rcubarrier.rst", "Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "The exit drops an item and returns",
      code: `struct demo_item {
	int id;
	struct rcu_head rcu;
};

static struct demo_item __rcu *demo_active;

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	pr_debug("item %d is gone\\n", item->id);
	kfree(item);
}

static void __exit demo_exit(void)
{
	struct demo_item *item = rcu_dereference_protected(demo_active, 1);

	RCU_INIT_POINTER(demo_active, NULL);
	if (item)
		call_rcu(&item->rcu, demo_item_free);
}

module_exit(demo_exit);
`,
    },
  ],
  good: [
    {
      title: "The exit waits for callbacks",
      code: `struct demo_item {
	int id;
	struct rcu_head rcu;
};

static struct demo_item __rcu *demo_active;

static void demo_item_free(struct rcu_head *head)
{
	struct demo_item *item = container_of(head, struct demo_item, rcu);

	pr_debug("item %d is gone\\n", item->id);
	kfree(item);
}

static void __exit demo_exit(void)
{
	struct demo_item *item = rcu_dereference_protected(demo_active, 1);

	RCU_INIT_POINTER(demo_active, NULL);
	if (item)
		call_rcu(&item->rcu, demo_item_free);
	rcu_barrier();
}

module_exit(demo_exit);
`,
    },
  ],
};

type Queued = { readonly callback: string; readonly via: "rcu" | "srcu"; readonly at: Span; readonly by: string };

function check(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  const queued = atomicEntries(facts).flatMap(({ function: callback, via, at }): Queued[] => (via === "rcu" || via === "srcu" ? [{ callback, via, at, by: functionAt(at, facts) }] : []));
  const first = queued[0];
  if (first === undefined) return [];
  const exit = facts.entries.find(({ role }) => role.table === "module" && role.field === "exit");
  const found: Candidate[] = [];
  for (const via of ["rcu", "srcu"] as const) {
    const own = queued.filter((one) => one.via === via && !isAwaited(one, facts));
    const name = exit?.function;
    if (own.length === 0 || name === undefined || !facts.functions.has(name) || waitsSomewhere(via, facts)) continue;
    found.push(exitCandidate(name, own, context));
  }
  const caches = cacheCandidates(queued.filter(({ via }) => via === "rcu"), context);
  // A cache that the exit itself destroys is the nearer of two ends of one race, and a barrier before it serves both.
  return [...found.filter((exit) => !caches.some((cache) => cache.path[0]?.function === exit.function)), ...caches];
}

const functionAt = (at: Span, facts: FileFacts): string => [...facts.functions.values()].find(({ start, end }) => start <= at.start && at.end <= end)?.name ?? "";

/** A barrier anywhere, or what has one in it: where teardown has one, its author thought of it, and of what ran before. */
function waitsSomewhere(via: "rcu" | "srcu", facts: FileFacts): boolean {
  return [...facts.functions.keys()].some((name) => [...(facts.calledNames.get(name) ?? [])].some((callee) => (apiOf(callee) ?? partlyKnown(callee))?.effects.some((effect) => (effect.kind === "wait" && effect.callbacks === true && effect.flavour === via) || (effect.kind === "unregister" && effect.callbacks === via)) === true));
}

/** The callback tells somebody that it ran, or gives back a reference to the module: the exit may count on that. */
function isAwaited({ callback }: Queued, facts: FileFacts): boolean {
  const seen = new Set([callback]);
  for (const name of seen) {
    for (const callee of facts.calledNames.get(name) ?? []) {
      if (facts.functions.has(callee)) seen.add(callee);
      if (/^(module_put|complete|complete_all|wake_up\w*|percpu_ref_put|put_net\w*|netns_put|dev_put|netdev_put|up)$/.test(callee)) return true;
      if ((apiOf(callee) ?? partlyKnown(callee))?.effects.some((effect) => effect.kind === "complete" || effect.kind === "wake" || (effect.kind === "rmw" && effect.returns)) === true) return true;
    }
  }
  return false;
}

function exitCandidate(name: string, queued: readonly Queued[], context: RuleContext): Candidate {
  const { facts } = context;
  const fn = facts.functions.get(name)!;
  const { walker } = context.about("context");
  const traces = walker.relevance.subject.has(name) || walker.relevance.follow.has(name) ? walker.tracesOf(name).traces : [];
  const trace = traces.find((one) => one.contradictions.length === 0 && one.events.some(({ what }) => what.kind === "defer-call")) ?? traces[0] ?? { root: name, events: [], contradictions: [], cut: [], build: [] };
  const index = trace.events.findLastIndex(({ what }) => what.kind === "exit");
  const queueing = trace.events.findIndex(({ what }) => what.kind === "defer-call");
  const one = queued.find((other) => other.at.start === trace.events[queueing]?.at.start) ?? queued[0]!;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: fn.nameSpan,
    function: name,
    message: `${name}() returns while ${one.callback}() may still be queued (${sourceText(facts, one.at)}, line ${String(lineOf(facts, one.at.start))}): nothing waits for callbacks`,
    path: [{ at: fn.nameSpan, function: name, role: "module.exit" }],
    related: queued.map(({ at, callback }) => ({ at, message: `${callback}() is queued here` })),
    hypothesis: {
      kind: "path", columns: [{ role: "Module exit", trace, shown: [queueing, index].filter((at) => at >= 0) }], wrong: "callbacks are still queued",
      reason: "the exit queues a callback of the module, and returns without waiting for it", open: openOf(trace, queueing, one),
    },
    fixes: barrierFix(one, fn.body.end, facts),
  };
}

/** What may wait all the same; and whether anything is queued as late as that. */
function openOf(trace: Trace, queueing: number, one: Queued): readonly string[] {
  const unknown = [...new Set(trace.events.slice(Math.max(queueing, 0)).flatMap(({ what }) => (what.kind === "opaque" && !isSureNotToWait(what.name) ? [what.name] : [])))];
  return [
    ...(unknown.length === 0 ? [] : [`unless ${unknown.slice(0, 2).join(" or ")}${unknown.length > 2 ? ` or one of ${String(unknown.length - 2)} more calls` : ""} waits for callbacks`]),
    ...(queueing >= 0 ? [] : [`whether ${one.by}() can have queued one within a grace period before the exit is not visible here`]),
  ];
}

function isSureNotToWait(name: string): boolean {
  const own = /^(\w+)\(\)$/.exec(name)?.[1];
  const row = own === undefined ? undefined : partlyKnown(own);
  return row?.effects.some((effect) => effect.kind === "wait-handler" || effect.kind === "cancel" || (effect.kind === "unregister" && effect.runs === "lock" && effect.hook !== "rtnl-link" && effect.hook !== "pernet")) === true;
}

function barrierOf(one: Queued, facts: FileFacts): string | undefined {
  if (one.via === "rcu") return "rcu_barrier()";
  const domain = /^\w+\(\s*(&\w+)\s*,/.exec(sourceText(facts, one.at))?.[1];
  return domain === undefined ? undefined : `srcu_barrier(${domain})`;
}

function barrierFix(one: Queued, bodyEnd: number, facts: FileFacts): readonly FixProposal[] {
  const { text } = facts.unit;
  const call = barrierOf(one, facts);
  const brace = text.lastIndexOf("}", bodyEnd);
  const line = lineSpan(text, { start: brace, end: brace + 1 });
  const above = lineSpan(text, { start: line.start - 1, end: line.start - 1 });
  if (call === undefined || text.slice(line.start, line.end).trim() !== "}" || /^\s*(return|goto)\b/.test(text.slice(above.start, above.end))) return [];
  return [{ title: `Call ${call} at the end of the exit`, edits: [{ file: facts.file, start: line.start, end: line.start, newText: `\t${call};\n` }] }];
}

/** kmem_cache_destroy() of the cache that a queued callback frees to, with no barrier before it on the path. */
function cacheCandidates(queued: readonly Queued[], context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  const byCache = new Map<string, Queued>();
  for (const one of queued) for (const cache of cachesFreedTo(one.callback, facts)) byCache.set(cache, one);
  if (byCache.size === 0) return [];
  const { walker, roots } = context.about("context");
  const found = new Map<number, Candidate>();
  for (const root of roots) {
    for (const trace of walker.tracesOf(root).traces) {
      trace.events.forEach((event, index) => {
        const { what } = event;
        if (what.kind !== "cache" || what.does !== "destroy" || event.condition !== undefined) return;
        const cache = what.cache.origin.kind === "load" ? what.cache.origin.place.key : "";
        const one = byCache.get(cache);
        const before = trace.events.slice(0, index);
        // Where the cache was made on this path, nothing has been queued yet.
        if (one === undefined || before.some(({ what: other }) => (other.kind === "wait" && other.callbacks) || (other.kind === "cache" && other.does === "create"))) return;
        if (facts.functions.get(event.function)?.attributes.some(({ name }) => name === "__init") === true || found.has(event.at.start)) return;
        const queueing = trace.events.findIndex(({ what: other }, i) => i < index && other.kind === "defer-call" && other.callback === one.callback);
        const line = lineSpan(facts.unit.text, event.at);
        const space = /^\s*/.exec(facts.unit.text.slice(line.start, line.end))?.[0] ?? "";
        found.set(event.at.start, {
          rule: meta.id, severity: meta.severity, at: event.at, function: event.function,
          message: `${sourceText(facts, event.at)} destroys the cache that ${one.callback}() frees to, while it may still be queued (line ${String(lineOf(facts, one.at.start))})`,
          path: [{ at: facts.functions.get(root)?.nameSpan ?? event.at, function: root, role: "entry" }],
          related: [{ at: one.at, message: `${one.callback}() is queued here` }],
          hypothesis: { kind: "path", columns: [{ role: "CPU", trace, shown: [queueing, index].filter((at) => at >= 0) }], wrong: "objects are still to be freed", reason: "the path queues the callback, and destroys its cache without waiting", open: openOf({ ...trace, events: trace.events.slice(0, index) }, queueing, one) },
          fixes: [{ title: "Call rcu_barrier() before the cache is destroyed", edits: [{ file: facts.file, start: line.start, end: line.start, newText: `${space}rcu_barrier();\n` }] }],
        });
      });
    }
  }
  return [...found.values()];
}

function cachesFreedTo(callback: string, facts: FileFacts): readonly string[] {
  const caches = new Set<string>();
  const seen = new Set([callback]);
  for (const name of seen) {
    const fn = facts.functions.get(name);
    if (fn === undefined) continue;
    walkExprs(fn.body, (expr) => {
      if (expr.kind !== "call" || expr.callee.kind !== "identifier") return;
      if (facts.functions.has(expr.callee.name)) seen.add(expr.callee.name);
      const cache = expr.args[0];
      if (apiOf(expr.callee.name)?.effects.some((effect) => effect.kind === "free" && effect.memory === "cache") === true && cache?.kind === "identifier" && facts.globals.has(cache.name)) caches.add(`global ${cache.name}`);
    });
  }
  return [...caches];
}

export const rule: Rule = { meta, check };
