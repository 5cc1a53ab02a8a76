/** Fixes that put a free behind a grace period: kfree_rcu() where it serves, else call_rcu() with a callback. */

import type { FileFacts, LocatedStruct } from "../../model/file-facts.ts";
import { structOfObject, type Retirement } from "../../model/lifetimes.ts";
import type { TraceEvent } from "../../model/trace.ts";
import { fieldOf } from "../../model/types.ts";
import { sourceText } from "../../model/words.ts";
import type { Edit, FixProposal, RuleContext } from "../rule.ts";

/** An rcu_head has to start below this offset for kfree_rcu() (include/linux/rcupdate.h). */
const rcuHeadOffsetMax = 4096;

export function deferredFreeFixes(end: TraceEvent, { object }: Retirement, { facts }: RuleContext): readonly FixProposal[] {
  // What a macro or a header's function frees is not for this file to edit.
  if (end.what.kind !== "free" || end.within !== undefined) return [];
  const text = sourceText(facts, end.at);
  const args = argumentsOf(text)?.map(withoutCast);
  if (args === undefined) return [];
  const struct = structOfObject(object);
  const located = struct === undefined ? undefined : facts.structs.locate(struct);
  switch (end.what.memory) {
    case "slab": return located === undefined || args[0] === undefined ? [] : slabFixes(end, args[0], located, facts);
    case "cache": return located === undefined || args[1] === undefined ? [] : callbackFix(end, args[1], located, facts, (name) => text.replace(args[1] ?? "", name));
    case "page": return args[0] === undefined ? [] : pageFix(end, args, facts);
    default: return [];
  }
}

/** kfree_rcu() needs the type, so a cast to void * has to go. */
function withoutCast(argument: string): string {
  return argument.replace(/^\(\s*(?:const\s+)?(?:struct\s+)?\w+\s*\*+\s*\)\s*/, "");
}

/** "kfree(found)" → ["found"]; undefined when it is no plain call. */
function argumentsOf(call: string): readonly string[] | undefined {
  const inner = /^\w+\(([\s\S]*)\)$/.exec(call)?.[1];
  if (inner === undefined) return undefined;
  const args: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < inner.length; i++) {
    const c = inner[i];
    if (c === "(" || c === "[") depth++;
    else if (c === ")" || c === "]") depth--;
    else if (c === "," && depth === 0) { args.push(inner.slice(start, i).trim()); start = i + 1; }
  }
  args.push(inner.slice(start).trim());
  return args;
}

function slabFixes(end: TraceEvent, argument: string, located: LocatedStruct, facts: FileFacts): readonly FixProposal[] {
  const api = /^(\w+)\(/.exec(sourceText(facts, end.at))?.[1];
  if (api !== "kfree" && api !== "kvfree") return callbackFix(end, argument, located, facts, (name) => `${api ?? "kfree"}(${name})`);
  const head = rcuHeadOf(located);
  if (head === undefined) return [];
  const call: Edit = { file: facts.file, start: end.at.start, end: end.at.end, newText: `${api === "kvfree" ? "kvfree_rcu" : "kfree_rcu"}(${argument}, ${head.name})` };
  return [{ title: `Free ${argument} with ${api === "kvfree" ? "kvfree_rcu" : "kfree_rcu"}()${head.edit === undefined ? "" : `, adding an rcu_head to struct ${located.struct.name ?? ""}`}`, edits: withEdit(head.edit, call) }];
}

const withEdit = (first: Edit | undefined, ...rest: readonly Edit[]): readonly Edit[] => (first === undefined ? rest : [first, ...rest]);

/** The struct's rcu_head, or the edit that adds one; undefined where none may be added. */
function rcuHeadOf({ struct, file, text }: LocatedStruct): { name: string; edit: Edit | undefined } | undefined {
  const own = struct.fields.find((field) => /\bstruct\s+rcu_head\b/.test(field.type) && !field.isArray && !field.type.includes("*"));
  if (own !== undefined) return { name: own.name, edit: undefined };
  const isPacked = struct.attributes.some((attribute) => attribute.name.includes("packed"));
  if (struct.kind === "union" || isPacked || file.includes("uapi/") || sizeAtMost(text, struct.fields) >= rcuHeadOffsetMax) return undefined;
  const name = ["rcu", "rcu_head"].find((one) => fieldOf(struct, one) === undefined);
  if (name === undefined) return undefined;
  const last = struct.fields.at(-1);
  if (!text.slice(struct.bodySpan.start, struct.bodySpan.end).includes("\n")) {
    // A struct on one line keeps to it.
    return { name, edit: { file, start: struct.bodySpan.end, end: struct.bodySpan.end, newText: `struct rcu_head ${name}; ` } };
  }
  const isFlexible = last?.isArray === true && /\[\s*\]/.test(text.slice(last.start, last.end));
  const at = isFlexible ? lineStart(text, last.start) : lineStart(text, struct.bodySpan.end);
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, last?.start ?? at)))?.[0] ?? "\t";
  return { name, edit: { file, start: at, end: at, newText: `${indent === "" ? "\t" : indent}struct rcu_head ${name};\n` } };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** A rough upper bound in bytes; arrays whose length is a name count as too large. */
function sizeAtMost(text: string, fields: LocatedStruct["struct"]["fields"]): number {
  return fields.reduce((sum, field) => {
    if (!field.isArray) return sum + (field.nested === undefined ? (/\bstruct\b/.test(field.type) && !field.type.includes("*") ? 64 : 8) : sizeAtMost(text, field.nested.fields));
    const lengths = [...text.slice(field.start, field.end).matchAll(/\[\s*(\w*)\s*\]/g)].map((match) => (match[1] === "" ? 0 : Number(match[1])));
    return sum + lengths.reduce((product, length) => product * (Number.isNaN(length) ? rcuHeadOffsetMax : length), 8);
  }, 0);
}

/** call_rcu() with a callback written for the struct, placed above the function that frees. */
function callbackFix(end: TraceEvent, argument: string, located: LocatedStruct, facts: FileFacts, free: (name: string) => string): readonly FixProposal[] {
  const struct = located.struct.name;
  const head = rcuHeadOf(located);
  const fn = facts.functions.get(end.function);
  if (struct === undefined || head === undefined || fn === undefined) return [];
  const variable = /^\w+$/.test(argument) ? argument : "object";
  const callback = uniqueName(`${struct}_free_rcu`, facts);
  const definition = `static void ${callback}(struct rcu_head *head)\n{\n\tstruct ${struct} *${variable} = container_of(head, struct ${struct}, ${head.name});\n\n\t${free(variable)};\n}\n\n`;
  const at = aboveFunction(facts, end.function);
  return [{
    title: `Free ${argument} from a call_rcu() callback`,
    edits: withEdit(head.edit, { file: facts.file, start: at, end: at, newText: definition }, { file: facts.file, start: end.at.start, end: end.at.end, newText: `call_rcu(&${argument}->${head.name}, ${callback})` }),
  }];
}

/** Pages carry their own rcu_head (include/linux/mm_types.h: struct page). */
function pageFix(end: TraceEvent, args: readonly string[], facts: FileFacts): readonly FixProposal[] {
  const api = /^(\w+)\(/.exec(sourceText(facts, end.at))?.[1] ?? "";
  const pointer = (args[0] ?? "").replace(/^\(\s*unsigned long\s*\)\s*/, "");
  const order = args[1] ?? "0";
  if (!/^[\w.>-]+$/.test(pointer) || !/^\d+$/.test(order)) return [];
  const isPage = api.startsWith("__") || api === "put_page";
  const page = isPage ? pointer : `virt_to_page(${pointer})`;
  const free = api === "put_page" ? "put_page(page)" : `__free_pages(page, ${order})`;
  const callback = uniqueName(`${end.function}_free_rcu`, facts);
  const definition = `static void ${callback}(struct rcu_head *head)\n{\n\tstruct page *page = container_of(head, struct page, rcu_head);\n\n\t${free};\n}\n\n`;
  const at = aboveFunction(facts, end.function);
  return [{
    title: `Free the page from a call_rcu() callback`,
    edits: [
      { file: facts.file, start: at, end: at, newText: definition },
      { file: facts.file, start: end.at.start, end: end.at.end, newText: `call_rcu(&${page}->rcu_head, ${callback})` },
    ],
  }];
}

function uniqueName(wanted: string, facts: FileFacts): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}${String(n)}`;
    if (!facts.unit.text.includes(name)) return name;
  }
}

/** Above the function and the comment that belongs to it. */
function aboveFunction(facts: FileFacts, name: string): number {
  const fn = facts.functions.get(name);
  if (fn === undefined) return 0;
  const { text } = facts.unit;
  const comment = fn.comment === "" ? -1 : text.lastIndexOf(fn.comment, fn.start);
  return lineStart(text, comment >= 0 && /^\s*$/.test(text.slice(comment + fn.comment.length, fn.start)) ? comment : fn.start);
}
