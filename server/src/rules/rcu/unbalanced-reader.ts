import { comesTo, leavesSection } from "../../model/blocking.ts";
import { apiOf } from "../../model/kernel-api/index.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { isPlainlyBalanced } from "../../model/plain-sections.ts";
import type { ReaderSection, Sym, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { indent, lineSpan } from "../shared/sleeping.ts";

const meta: RuleMeta = {
  id: "rcu/unbalanced-reader",
  title: "Leave a read-side section on every path, and once",
  why: "A section that one path leaves open lasts until the task sleeps or for ever: grace periods do not end, memory is not freed, and lockdep complains somewhere else. One that is left twice ends the section of the caller, who goes on as a reader without protection.",
  fix: "Add the missing unlock before the return, or jump to the label that has it; guard(rcu)() leaves it by itself.",
  earns: "path",
  severity: "error",
  seeds: [],
  sources: ["Documentation/RCU/checklist.rst", "include/linux/cleanup.h"],
  bad: [
    {
      title: "An error path returns inside the section",
      code: `struct demo_item {
	struct list_head list;
	int id;
	int value;
};

struct demo_table {
	struct list_head items;
	struct demo_item __rcu *first;
};

static int demo_value(struct demo_table *table)
{
	struct demo_item *item;
	int value;

	rcu_read_lock();
	item = rcu_dereference(table->first);
	if (!item)
		return -ENOENT;
	value = item->value;
	rcu_read_unlock();
	return value;
}
`,
    },
  ],
  good: [
    {
      title: "Both paths leave the section",
      code: `struct demo_item {
	struct list_head list;
	int id;
	int value;
};

struct demo_table {
	struct list_head items;
	struct demo_item __rcu *first;
};

static int demo_value(struct demo_table *table)
{
	struct demo_item *item;
	int value;

	rcu_read_lock();
	item = rcu_dereference(table->first);
	if (!item) {
		rcu_read_unlock();
		return -ENOENT;
	}
	value = item->value;
	rcu_read_unlock();
	return value;
}
`,
    },
    {
      title: "The section is handed to the caller with the element",
      code: `struct demo_item {
	struct list_head list;
	int id;
};

struct demo_table {
	struct demo_item __rcu *first;
};

struct demo_item *demo_get_locked(struct demo_table *table)
{
	struct demo_item *item;

	rcu_read_lock();
	item = rcu_dereference(table->first);
	if (!item)
		rcu_read_unlock();
	return item;
}
`,
    },
  ],
};

type Way = { readonly trace: Trace; readonly exit: number; readonly value: Sym | undefined; readonly open: readonly ReaderSection[]; readonly extra: readonly number[]; readonly closed: ReadonlySet<string> };

type Found = { readonly trace: Trace; readonly index: number; readonly section: ReaderSection | undefined; readonly kind: "open" | "twice"; readonly leave: TraceEvent | undefined; readonly doubts: readonly string[] };

function check(context: RuleContext): readonly Candidate[] {
  const { facts } = context;
  const { walker } = context.about("context");
  const bySite = new Map<string, Found>();
  for (const fn of facts.functions.values()) {
    if (!walker.relevance.subject.has(fn.name) || !entersItself(fn.name, facts) || isPlainlyBalanced(fn.body)) continue;
    if (fn.hasError || fn.attributes.some(({ name }) => /^__(acquires|releases|acquire|release|cond_acquires|cond_lock)$/.test(name)) || isLocking(fn.comment)) continue;
    const ways = walker.tracesOf(fn.name).traces.flatMap((trace) => wayOf(trace));
    for (const found of [...openOn(ways, fn.name, facts), ...twiceOn(ways, fn.name)]) {
      const at = found.trace.events[found.index]?.at.start ?? 0;
      const key = `${found.kind} ${String(at)}`;
      const known = bySite.get(key);
      if (known === undefined || known.doubts.length > found.doubts.length) bySite.set(key, found);
    }
  }
  return [...bySite.values()].map((found) => candidateOf(found, facts));
}

/** "Context: returns with rcu_read_lock() held". */
const isLocking = (comment: string): boolean => /\b(return\w*|exit\w*|leave\w*)\b[^.]{0,60}\b(rcu|lock|section)\b[^.]{0,30}\b(held|taken|locked)\b/i.test(comment);

function entersItself(name: string, facts: FileFacts): boolean {
  return [...(facts.calledNames.get(name) ?? [])].some((callee) => apiOf(callee)?.effects.some((effect) => effect.kind === "reader-enter" && effect.implicit !== true) === true);
}

const isExplicitLeave = (api: string): boolean => apiOf(api)?.effects.some((effect) => effect.kind === "reader-leave" && effect.implicit !== true) === true;

/** How one path ends; nothing where its end is not certain. */
function wayOf(trace: Trace): readonly Way[] {
  const exit = trace.events.findLastIndex(({ what }) => what.kind === "exit");
  const end = trace.events[exit];
  if (end?.what.kind !== "exit" || trace.contradictions.length > 0) return [];
  const closed = new Set<string>();
  const extra: number[] = [];
  // Sections of different APIs may be left in any order: a leave is taken for the section that it names, not for the last.
  let depth = 0;
  let begins = false;
  trace.events.forEach(({ what }, index) => {
    if (what.kind === "reader-enter" && what.section.isImplicit !== true && what.section.flavour === "rcu") { depth++; begins = true; }
    if (what.kind !== "reader-leave" || what.section?.flavour === "srcu") return;
    if (what.api !== "guard" && !isExplicitLeave(what.api)) return;
    depth--;
    if (depth < 0 && begins) extra.push(index);
    if (depth < 0) depth = 0;
  });
  for (const { what } of trace.events) if (what.kind === "reader-leave" && what.section !== undefined) closed.add(String(what.section.at.start));
  const isMixed = trace.events.some(({ what }) => what.kind === "reader-enter" && what.section.isImplicit === true) || trace.events.some(({ what }) => what.kind === "reader-leave" && what.section === undefined && extra.length === 0);
  if (isMixed) return [];
  return [{ trace, exit, value: end.what.value, open: end.readers.filter(({ isImplicit, entry }) => isImplicit !== true && entry === undefined), extra, closed }];
}

/** Sections that some path leaves and another one does not, and no return value tells the caller which. */
function openOn(ways: readonly Way[], name: string, facts: FileFacts): readonly Found[] {
  return ways.flatMap((way) => way.open.flatMap((section): Found[] => {
    const entered = way.trace.events.findIndex(({ what }) => what.kind === "reader-enter" && what.section.serial === section.serial);
    const enter = way.trace.events[entered];
    if (enter?.function !== name || enter.chain.length > 0) return [];
    const others = ways.filter((other) => other.open.length === 0 && other.closed.has(String(section.at.start)) && other.extra.length === 0);
    if (others.length === 0 || way.trace.events.slice(entered).some((event) => isLeaving(event, facts))) return [];
    const handing = handingOf(way, ways, section, name, facts);
    if (handing === "handed over") return [];
    const leave = others[0]?.trace.events.find(({ what }) => what.kind === "reader-leave" && what.section?.at.start === section.at.start);
    return [{ trace: way.trace, index: way.exit, section, kind: "open", leave, doubts: [...(handing === "unknown" ? [`callers of ${name}() may tell by what it returns here that the section is theirs`] : []), ...doubtsOf(way, others), ...onlyHere(way, others, entered).map((one) => `${one}, which no path that leaves the section calls, may leave it`)] }];
  }));
}

/** Code that was not followed and comes to a leave, or that could not be read: a macro that returns, assembly. */
function isLeaving({ what, at }: TraceEvent, facts: FileFacts): boolean {
  if (what.kind !== "opaque") return false;
  const text = sourceText(facts, at);
  const [, name = ""] = /^(?:the macro )?(\w+)/.exec(what.name) ?? [];
  return isUnread(what.name) || comesTo(name, text, facts, leavesSection) || /\breturn\b/.test(text);
}

/** The walker's own words for what it could not read; no call is called so. */
const isUnread = (name: string): boolean => name === "code that could not be parsed" || name === "inline assembly";

/** Unknown calls of this way, from an event on, that none of the others makes. */
function onlyHere(way: Way, others: readonly Way[], from: number): readonly string[] {
  const known = new Set(others.flatMap(({ trace }) => unknownCalls(trace.events)));
  return [...new Set(unknownCalls(way.trace.events.slice(from)))].filter((name) => !known.has(name));
}

const unknownCalls = (events: readonly TraceEvent[]): readonly string[] => events.flatMap(({ what }) => (what.kind === "opaque" ? [what.name] : []));

type Answer = "none" | "zero" | "negative" | "positive" | "pointer" | "unknown";

function answerOf(value: Sym | undefined): Answer {
  if (value === undefined) return "none";
  const { origin } = value;
  if (origin.kind === "null") return "zero";
  if (origin.kind === "constant") return origin.value < 0 ? "negative" : origin.value > 0 ? "positive" : "zero";
  if (origin.kind === "address" || value.type.includes("*")) return "pointer";
  return "unknown";
}

type Handing = "handed over" | "unknown" | "kept";

/** The section is the caller's where paths that give it say so by what they return, and those that do not say that they failed. */
function handingOf(way: Way, ways: readonly Way[], section: ReaderSection, name: string, facts: FileFacts): Handing {
  const isOpen = (other: Way): boolean => other.open.some(({ at }) => at.start === section.at.start);
  const left = ways.filter((other) => !isOpen(other) && other.closed.has(String(section.at.start)));
  const open = new Set(ways.filter(isOpen).map(({ value }) => answerOf(value)));
  const closed = new Set(left.map(({ value }) => answerOf(value)));
  // Where all who get the answer are in the file, and nobody of them leaves a section, it says nothing of one.
  const said = (is: boolean): Handing => (!is || isNobodyLeaving(name, facts) ? "kept" : isNoCallerLeaving(name, facts) ? "unknown" : "handed over");
  switch (answerOf(way.value)) {
    case "none": return "kept";
    case "negative": return said([...closed].every((one) => one === "negative") && open.size > 1);
    // 0 where others return an error, or true where others return false: the usual ways to say that it is held.
    case "zero": return said(facts.functions.get(name)?.returnType.includes("*") !== true && !closed.has("zero"));
    case "positive": return said(!closed.has("positive"));
    // Where paths that leave it give a pointer as well, none says whose the section is.
    case "pointer": return isNobodyLeaving(name, facts) ? "kept" : closed.has("pointer") && !left.some(({ value }) => value?.id === way.value?.id) ? "unknown" : "handed over";
    case "unknown":
      if (facts.functions.get(name)?.returnType.includes("*") === true) return "handed over";
      if (isNobodyLeaving(name, facts)) return "kept";
      // The same value on both: which of them it is says nothing here, but may say it to who tests it.
      return left.some(({ value }) => value?.id === way.value?.id) ? "handed over" : "unknown";
  }
}

/**
 * All who get what it returns are in the file, or it is a handler that the kernel calls, and none of them comes to a leave
 * of a section: by itself, by a function of the file that leaves what it did not enter, or by returning it to somebody else.
 */
function isNobodyLeaving(name: string, facts: FileFacts, seen: ReadonlySet<string> = new Set()): boolean {
  if (seen.has(name)) return true;
  const callers = [...(facts.callers.get(name) ?? [])];
  const isHandler = facts.addressTaken.has(name);
  if (facts.functions.get(name)?.isStatic !== true || (callers.length === 0 && !isHandler)) return false;
  if (isHandler && [...facts.functions.keys()].some((other) => other !== name && isLeaver(other, facts))) return false;
  const names = new Set([...seen, name]);
  return callers.every((caller) => !leaves(caller, facts)
    && ![...(facts.callees.get(caller) ?? [])].some((callee) => callee !== name && isLeaver(callee, facts))
    && (facts.functions.get(caller)?.returnType.trim() === "void" || isNobodyLeaving(caller, facts, names)));
}

/** The same of those who call it, whatever they tell others. */
function isNoCallerLeaving(name: string, facts: FileFacts): boolean {
  const callers = [...(facts.callers.get(name) ?? [])];
  return facts.functions.get(name)?.isStatic === true && !facts.addressTaken.has(name) && callers.length > 0
    && callers.every((caller) => !leaves(caller, facts) && ![...(facts.callees.get(caller) ?? [])].some((callee) => callee !== name && isLeaver(callee, facts)));
}

const leaves = (name: string, facts: FileFacts): boolean => [...(facts.calledNames.get(name) ?? [])].some(isExplicitLeave);

/** It leaves a section that somebody else entered. */
const isLeaver = (name: string, facts: FileFacts): boolean => leaves(name, facts) && !entersItself(name, facts);

function doubtsOf(way: Way, others: readonly Way[]): readonly string[] {
  const isSaid = way.trace.events.some(({ what }) => what.kind === "store" && (what.value.origin.kind === "constant" || what.value.origin.kind === "null") && what.place.base.origin.kind === "parameter" && what.place.path.join() === "*");
  return isSaid && others.length > 0 ? ["what it stores for the caller may say whether the section is open"] : [];
}

/** The section is left again after this function left its own. */
function twiceOn(ways: readonly Way[], name: string): readonly Found[] {
  const balanced = ways.filter((way) => way.extra.length === 0 && way.open.length === 0);
  if (balanced.length === 0) return [];
  return ways.flatMap((way) => way.extra.flatMap((index): Found[] => {
    const event = way.trace.events[index];
    if (event?.function !== name || event.chain.length > 0 || event.condition !== undefined) return [];
    const here = new Set(unknownCalls(way.trace.events.slice(0, index)));
    // Either is one half: what entered on this path alone, or what leaves on the others alone.
    const alone = [...onlyHere({ ...way, trace: { ...way.trace, events: way.trace.events.slice(0, index) } }, balanced, 0), ...balanced.flatMap(({ trace }) => unknownCalls(trace.events)).filter((one) => !here.has(one))];
    return [{ trace: way.trace, index, section: undefined, kind: "twice", leave: undefined, doubts: [...new Set(alone)].map((one) => `${one}, which not all of these paths call, may enter or leave a section`) }];
  }));
}

function candidateOf({ trace, index, section, kind, leave, doubts }: Found, facts: FileFacts): Candidate {
  const event = trace.events[index]!;
  const entered = trace.events.findIndex(({ what }) => what.kind === "reader-enter" && (section === undefined || what.section.serial === section.serial));
  const first = trace.events[entered];
  const end = sourceText(facts, event.at).replace(/;$/, "");
  const message = kind === "open"
    ? `${end === "}" ? "the end of the function" : end} leaves the section of line ${String(lineOf(facts, section?.at.start ?? 0))} open, which other paths leave`
    : `${end} leaves a section that this path has left already`;
  const root = facts.functions.get(trace.root);
  const shown = kind === "open" ? [entered, index] : trace.events.flatMap(({ what }, i) => (i <= index && (what.kind === "reader-enter" || what.kind === "reader-leave") ? [i] : []));
  return {
    rule: meta.id,
    severity: meta.severity,
    at: event.at,
    function: event.function,
    message,
    path: root === undefined ? [] : [{ at: root.nameSpan, function: trace.root, role: "entry" }],
    related: first === undefined ? [] : [{ at: first.at, message: "the section begins here" }, ...(leave === undefined ? [] : [{ at: leave.at, message: "another path leaves it here" }])],
    hypothesis: {
      kind: "path", columns: [{ role: "Reader", trace, shown: shown.filter((one) => one >= 0) }], wrong: kind === "open" ? "still inside" : "left twice",
      reason: kind === "open" ? "a path ends inside the section, and its return says nothing that the others do not" : "a path leaves the section twice", open: doubts,
    },
    fixes: kind === "open" && leave !== undefined ? unlockFix(event, leave, facts) : [],
  };
}

/** The unlock of the other path, before the return; with braces where the return was alone under its condition. */
function unlockFix(event: TraceEvent, leave: TraceEvent, facts: FileFacts): readonly FixProposal[] {
  const { text } = facts.unit;
  const line = lineSpan(text, event.at);
  const statement = text.slice(line.start, line.end);
  const unlock = `${sourceText(facts, leave.at).replace(/;$/, "")};`;
  if (!/^\s*return\b[^;]*;\s*$/.test(statement) || !/^\w+\([^;]*\);$/.test(unlock)) return [];
  const space = indent(text, line);
  const before = lineSpan(text, { start: line.start - 1, end: line.start - 1 });
  const above = text.slice(before.start, before.end - 1);
  const isBare = /^\s*(if|else if|for|while)\b.*\)$|^\s*else$/.test(above);
  const title = `Call ${unlock.replace(/\(.*$/, "()")} before the return`;
  if (!isBare) return /\)$/.test(above) ? [] : [{ title, edits: [{ file: facts.file, start: line.start, end: line.start, newText: `${space}${unlock}\n` }] }];
  if (!space.endsWith("\t") || /^\s*else\b/.test(text.slice(line.end))) return [];
  return [{ title, edits: [{ file: facts.file, start: before.end - 1, end: line.end, newText: ` {\n${space}${unlock}\n${statement}${space.slice(0, -1)}}\n` }] }];
}

export const rule: Rule = { meta, check };
