import { isFromUserSpace, rolesReaching } from "../../model/entries.ts";
import { isDetail } from "../../model/detail-events.ts";
import { readersOf, retirementsOf, touches, type ReaderUse, type Retirement } from "../../model/lifetimes.ts";
import type { Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, objectName, sourceText } from "../../model/words.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { placesOn, wayTo, type Place } from "../shared/sites.ts";

const meta: RuleMeta = {
  id: "rcu/redundant-grace-period",
  title: "Wait for a grace period or leave the free to RCU, not both",
  why: "kfree_rcu() and call_rcu() already keep the object until its readers have left; a synchronize_rcu() beside them makes the caller wait for what nobody needs. But a wait may cover more than the object: data that readers reach through it, what is unregistered or powered off afterwards, or what the caller frees once the function has returned.",
  fix: "See what else readers reach until then. Where nothing does, drop the wait; where something does, keep it, and free the object at once after it.",
  earns: "path",
  severity: "warning",
  seeds: ["001"],
  sources: ["Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "Both kfree_rcu() and synchronize_rcu() for one object",
      fixable: false,
      code: `struct demo_note {
	int id;
	struct rcu_head rcu;
};

struct demo_ctl {
	struct mutex lock;
};

static struct demo_note __rcu *demo_current;

static int demo_id(void)
{
	struct demo_note *note;
	int id = 0;

	rcu_read_lock();
	note = rcu_dereference(demo_current);
	if (note)
		id = note->id;
	rcu_read_unlock();
	return id;
}

static ssize_t demo_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct demo_note *old;

	old = rcu_replace_pointer(demo_current, NULL, 1);
	if (old) {
		kfree_rcu(old, rcu);
		synchronize_rcu();
	}
	return count;
}

static const struct file_operations demo_fops = {
	.write = demo_write,
};
`,
    },
  ],
  good: [
    {
      title: "The wait covers what is freed after it",
      code: `struct demo_note {
	int id;
	char *text;
	struct rcu_head rcu;
};

static struct demo_note __rcu *demo_current;

static int demo_first(void)
{
	struct demo_note *note;
	int c = 0;

	rcu_read_lock();
	note = rcu_dereference(demo_current);
	if (note)
		c = note->text[0];
	rcu_read_unlock();
	return c;
}

static ssize_t demo_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct demo_note *old;
	char *text;

	old = rcu_replace_pointer(demo_current, NULL, 1);
	if (old) {
		text = old->text;
		kfree_rcu(old, rcu);
		synchronize_rcu();
		kfree(text);
	}
	return count;
}

static const struct file_operations demo_fops = {
	.write = demo_write,
};
`,
    },
  ],
  yieldsTo: ["rcu/grace-period-on-attach-path"],
};

type Both =
  | { readonly kind: "deferred"; readonly defer: number; readonly object: Sym; readonly callback: string | undefined }
  | { readonly kind: "published"; readonly link: number };

function check(context: RuleContext): readonly Candidate[] {
  const { walker, roots } = context;
  return placesOn({ walker, roots }, (trace, event, index) => bothAt(trace, event, index)).map((place) => candidateOf(place, context));
}

function bothAt(trace: Trace, { what, function: name, condition }: TraceEvent, wait: number): Both | undefined {
  if (what.kind !== "wait" || what.flavour !== "rcu" || what.callbacks || what.maybe || condition !== undefined) return undefined;
  const isEarlier = (event: TraceEvent, index: number): boolean => index < wait && event.function === name;
  // Another object is freed after the wait that readers may reach until then: the wait is for that one.
  const isNeeded = trace.events.some((event, index) => index > wait && (event.what.kind === "free" || event.what.kind === "unregister"));
  if (isNeeded) return undefined;
  const defer = trace.events.findLastIndex((event, index) => isEarlier(event, index) && (event.what.kind === "defer-free" || event.what.kind === "defer-call"));
  const deferred = trace.events[defer]?.what;
  if (deferred?.kind === "defer-free") return { kind: "deferred", defer, object: deferred.object, callback: undefined };
  if (deferred?.kind === "defer-call" && deferred.flavour === "rcu") return { kind: "deferred", defer, object: deferred.head.origin.kind === "address" ? deferred.head.origin.place.base : deferred.head, callback: deferred.callback };
  // Nothing but a new element went in right before.
  const link = trace.events.findLastIndex(({ what: other }, index) => index < wait && other.kind !== "branch" && !isDetail(other));
  const before = trace.events[link];
  const linked = before?.what;
  if (before === undefined || linked?.kind !== "link" || !linked.rcu || linked.element.origin.kind !== "allocation" || before.function !== name) return undefined;
  const isOut = trace.events.slice(0, link).some(({ what: other }) => other.kind === "unlink" || other.kind === "wait" || (other.kind === "store" && other.rcu));
  return isOut ? undefined : { kind: "published", link };
}

function candidateOf({ trace, index, event, what }: Place<Both>, context: RuleContext): Candidate {
  const { facts } = context;
  const call = sourceText(facts, event.at);
  const base = { rule: meta.id, severity: meta.severity, at: event.at, function: event.function, path: wayTo(trace, event, facts), fixes: [], about: `wait at ${String(event.at.start)}` } as const;
  if (what.kind === "published") {
    const link = trace.events[what.link]!;
    return {
      ...base,
      message: `${call} follows the publication of a new element (line ${String(lineOf(facts, link.at.start))}): readers see it or not, and nothing is taken from them`,
      related: [{ at: link.at, message: "the new element goes in here" }],
      hypothesis: { kind: "path", columns: [{ role: "Updater", trace, shown: [what.link, index] }], wrong: "nothing to wait for", reason: "", open: ["whether what follows counts on readers having left that have not seen the new element is not visible here"] },
    };
  }
  const defer = trace.events[what.defer]!;
  const retired = retirementsOf(trace.root, context.walker).filter((one) => one.trace === trace && one.end === what.defer && one.detach < one.end);
  const open = openOf(trace, index, what, retired, context);
  const readers = retired.flatMap((one) => readersOf(one.container, context.roots, facts, context.walker).slice(0, 1));
  return {
    ...base,
    message: `${call} waits although ${sourceText(facts, defer.at)} (line ${String(lineOf(facts, defer.at.start))}) already leaves ${objectName(facts, defer, what.object)} to RCU`,
    related: [{ at: defer.at, message: "left to RCU here" }],
    hypothesis: open.length > 0
      ? { kind: "path", columns: [{ role: "Updater", trace, shown: [what.defer, index] }], wrong: "waits as well", reason: "", open }
      : { kind: "reaches-wait", trace, wait: index, perOperation: 1, inLoop: false, protects: retired, alreadyDeferred: [sourceText(facts, defer.at)], readers, doubts: [] },
  };
}

/** What else the wait may be for. Nothing that is not visible up to the entry point counts as harmless. */
function openOf(trace: Trace, wait: number, { object, callback }: Extract<Both, { kind: "deferred" }>, retired: readonly Retirement[], { facts, walker, roots }: RuleContext): readonly string[] {
  if (retired.length === 0) return ["where the object is taken from its readers is not visible on this path"];
  const open: string[] = [];
  const unknown = (from: number, to: number): readonly string[] => [...new Set(trace.events.slice(from, to).flatMap(({ what }) => (what.kind === "opaque" ? [what.name] : [])))];
  const after = unknown(wait + 1, trace.events.length);
  if (after.length > 0) open.push(`${after.slice(0, 2).join(" or ")} after it may end what readers still use`);
  const detach = Math.min(...retired.map((one) => one.detach));
  const others = trace.events.slice(0, wait).filter(({ what }, index) => index !== detach && ((what.kind === "unlink" && what.element.id !== object.id) || (what.kind === "defer-free" && what.object.id !== object.id) || (what.kind === "store" && what.rcu && !retired.some((one) => one.detach === index))));
  if (others[0] !== undefined) open.push(`it may also be for ${sourceText(facts, others[0].at)} (line ${String(lineOf(facts, others[0].at.start))})`);
  const before = unknown(0, wait);
  if (before.length > 0) open.push(`what ${before.slice(0, 2).join(" or ")} took from readers before it is not visible`);
  if (callback !== undefined && retired.some((one) => one.callback === undefined)) open.push(`what ${callback}() does is not visible`);
  const readers = retired.flatMap((one) => readersOf(one.container, roots, facts, walker));
  const through = readers.map((reader) => reachedThrough(reader)).find((one) => one !== undefined);
  if (through !== undefined) open.push(`readers follow ${through} out of the object, and the wait also keeps what it leads to until they have left`);
  if (readers.length === 0) open.push("who reads it is not visible here, so what they reach through it is not known");
  const roles = rolesReaching(trace.root, facts);
  if (!facts.entries.some(({ function: name }) => name === trace.root)) open.push(`who calls ${trace.root}() may free, unregister or power off what readers use, counting on the wait`);
  else if (roles.some(({ role }) => role.life !== "running" || !isFromUserSpace(role))) open.push("what the caller of this entry frees or powers off after it returns may count on the wait");
  return open;
}

/** A pointer that a reader loads out of the object, and uses or hands on. */
function reachedThrough({ trace, object, accesses }: ReaderUse): string | undefined {
  for (const index of accesses) {
    const what = trace.events[index]?.what;
    if (what?.kind !== "load" || what.place.base.id !== object.id) continue;
    const isUsed = trace.events.slice(index + 1).some(({ what: later }) => touches(later, what.value) || (later.kind === "opaque" && later.args.some(({ id }) => id === what.value.id)) || (later.kind === "load" && later.place.base.id === what.value.id));
    if (isUsed || what.value.type.includes("*")) return what.place.key;
  }
  const handed = trace.events.some(({ what }) => what.kind === "opaque" && what.args.some((arg) => arg.id === object.id || (arg.origin.kind === "address" && arg.origin.place.base.id === object.id)));
  return handed ? "what an unknown call gets" : undefined;
}

export const rule: Rule = { meta, check };
