import { steps as on } from "../../../../emulator-core/src/index.ts";
import { structOfObject } from "../../model/lifetimes.ts";
import { isReading } from "../../model/protection.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { objectBehind, sourceOf } from "../shared/obtained.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";
import { slabCachesOf } from "../shared/slab-caches.ts";

const types = `struct demo_conn {
	struct hlist_node node;
	refcount_t ref;
	int id;
};

struct demo_net {
	struct hlist_head conns;
	spinlock_t lock;
};

static struct kmem_cache *demo_cache;

static int demo_init(void)
{
	demo_cache = kmem_cache_create("demo", sizeof(struct demo_conn), 0, SLAB_TYPESAFE_BY_RCU, NULL);
	return demo_cache ? 0 : -ENOMEM;
}

static struct demo_conn *demo_new(struct demo_net *net, int id)
{
	struct demo_conn *conn = kmem_cache_alloc(demo_cache, GFP_KERNEL);

	if (!conn)
		return NULL;
	conn->id = id;
	refcount_set(&conn->ref, 1);
	spin_lock(&net->lock);
	hlist_add_head_rcu(&conn->node, &net->conns);
	spin_unlock(&net->lock);
	return conn;
}

static void demo_free(struct demo_net *net, struct demo_conn *conn)
{
	spin_lock(&net->lock);
	hlist_del_rcu(&conn->node);
	spin_unlock(&net->lock);
	kmem_cache_free(demo_cache, conn);
}
`;

const meta: RuleMeta = {
  id: "rcu/typesafe-without-recheck",
  title: "Look at the key again after taking a reference to a type-safe object",
  why: "Memory of a SLAB_TYPESAFE_BY_RCU cache may be freed and used for another object of the same type while a reader holds a pointer to it. The reference is then one to the other object, and the key that was compared before it no longer says which one it is.",
  fix: "Compare the key again after the reference is taken; if it differs, drop the reference and look again.",
  earns: "replay",
  severity: "error",
  seeds: [],
  sources: ["include/linux/slab.h", "Documentation/RCU/rculist_nulls.rst"],
  bad: [
    {
      title: "The key is compared before the reference only",
      fixable: false,
      code: `${types}
static struct demo_conn *demo_find(struct demo_net *net, int id)
{
	struct demo_conn *conn;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, &net->conns, node) {
		if (conn->id == id && refcount_inc_not_zero(&conn->ref)) {
			rcu_read_unlock();
			return conn;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`,
    },
  ],
  good: [
    {
      title: "The key is compared again",
      code: `${types}
static struct demo_conn *demo_find(struct demo_net *net, int id)
{
	struct demo_conn *conn;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, &net->conns, node) {
		if (conn->id == id && refcount_inc_not_zero(&conn->ref)) {
			if (conn->id != id) {
				demo_put(conn);
				break;
			}
			rcu_read_unlock();
			return conn;
		}
	}
	rcu_read_unlock();
	return NULL;
}
`,
    },
  ],
};

type Unchecked = { readonly object: Sym; readonly obtain: number; readonly compare: number; readonly end: { readonly trace: Trace; readonly at: number } | undefined };

function check(context: RuleContext): readonly Candidate[] {
  const data = context.about("data");
  const structs = slabCachesOf(data, context.facts).typesafe;
  if (structs.size === 0) return [];
  const frees = freesOf(structs, data);
  return placesOn(data, (trace, event, index) => uncheckedAt(trace, event, index, context.facts.unit.text, structs, frees)).map((place) => candidateOf(place, context));
}

function freesOf(structs: ReadonlySet<string>, { walker, roots }: TopicPaths): ReadonlyMap<string, { readonly trace: Trace; readonly at: number }> {
  const frees = new Map<string, { readonly trace: Trace; readonly at: number }>();
  for (const root of roots) for (const trace of walker.tracesOf(root).traces) trace.events.forEach(({ what }, at) => {
    const struct = what.kind === "free" && what.memory === "cache" ? structOfObject(what.object) : undefined;
    if (struct !== undefined && structs.has(struct) && what.kind === "free" && what.object.origin.kind !== "allocation" && !frees.has(struct)) frees.set(struct, { trace, at });
  });
  return frees;
}

function uncheckedAt(trace: Trace, { what, at: span }: TraceEvent, index: number, text: string, structs: ReadonlySet<string>, frees: ReadonlyMap<string, { readonly trace: Trace; readonly at: number }>): Unchecked | undefined {
  if (what.kind !== "reference" || !what.conditional) return undefined;
  // On this path the reference was not to be had.
  const asked = trace.events.slice(index).find((event) => event.what.kind === "branch" && event.at.start <= span.start && span.end <= event.at.end)?.what;
  if (asked?.kind === "branch" && asked.taken === text.slice(0, span.start).trimEnd().endsWith("!")) return undefined;
  const object = objectBehind(what.counter);
  const struct = structOfObject(object);
  if (struct === undefined || !structs.has(struct)) return undefined;
  const obtain = trace.events.findIndex((before, at) => at < index && sourceOf(before)?.object.id === object.id && isReading({ trace, index: at, event: before }));
  if (obtain < 0 || trace.events[obtain]!.locks.length > 0) return undefined;
  const isRead = (event: TraceEvent): boolean => event.what.kind === "load" && event.what.place.base.id === object.id && event.what.value.id !== what.counter.id;
  const compare = trace.events.findIndex((event, at) => at > obtain && at < index && isRead(event));
  if (compare < 0) return undefined;
  const keys = new Set(trace.events.slice(obtain, index).flatMap((event) => (isRead(event) && event.what.kind === "load" ? [event.what.place.key] : [])));
  // Looked at again, or given to somebody who may do so.
  const after = trace.events.slice(index + 1);
  if (after.some((event) => (event.what.kind === "load" && event.what.place.base.id === object.id && keys.has(event.what.place.key)) || (event.what.kind === "opaque" && event.what.args.some((arg) => objectBehind(arg).id === object.id)))) return undefined;
  return { object, obtain, compare, end: frees.get(struct) };
}

function candidateOf({ trace, event, index, what }: Place<Unchecked>, context: RuleContext): Candidate {
  const { facts } = context;
  const name = objectName(facts, event, what.object);
  const compare = trace.events[what.compare];
  const free = what.end?.trace.events[what.end.at];
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message: `${name} may be another object by now: its cache is type-safe only, and the key is not compared again after the reference`,
    path: wayTo(trace, event, facts),
    related: [...(compare === undefined ? [] : [{ at: compare.at, message: "the key is compared here" }]), ...(free === undefined ? [] : [{ at: free.at, message: `${free.function}() frees one (line ${String(lineOf(facts, free.at.start))})` }])],
    hypothesis: { kind: "race", races: [raceOf(trace, index, what)] },
    fixes: [],
  };
}

/** The key is 1 for what is looked for, and 2 for the next owner of the memory. */
function raceOf(trace: Trace, index: number, { object, obtain, compare, end }: Unchecked): Race {
  const reuse = [on.writeOnce("head", 0), on.writeOnce("object.key", 2), on.smpStoreRelease("object.count", 1)];
  return {
    counterpart: end === undefined ? { synthetic: "synthetic owner" } : { trace: end.trace, at: end.at },
    objects: [{ name: "head", initial: "&object" }, { name: "object", fields: [{ name: "key", initial: 1 }, { name: "count", initial: 1 }] }],
    threads: [
      {
        role: "Reader", trace, steps: [
          { at: obtain, steps: [on.rcuDereference("p", "head")] },
          { at: compare, steps: [on.ifSet("p", [on.readOnce("key", "p->key")])] },
          { at: index, steps: [on.ifEqual("key", 1, [on.krefGetUnlessZero("got", "p->count"), on.ifSet("got", [on.readOnce("is", "p->key")])])] },
        ],
      },
      ...(end === undefined ? [] : [{ role: "Updater", trace: end.trace, steps: [{ at: end.at, steps: reuse }] }]),
    ],
    ...(end === undefined ? { others: [{ role: "Updater", title: "synthetic owner", steps: reuse }] } : {}),
    hazard: { kind: "outcome", what: "another object", when: [{ thread: "Reader", register: "got", is: 1 }, { thread: "Reader", register: "is", is: 2 }] },
    sensitive: [object],
    assumptions: ["the memory goes to another object of the cache at once"],
    doubts: [], cut: [],
  };
}

export const rule: Rule = { meta, check };
