/**
 * Loops that go from one descriptor to the next while a word of each says that it is there. What orders loads before such
 * a loop says nothing of the descriptors in it, unless it is what says how many there are.
 */

import { walkExprs } from "../../model/ast-walk.ts";
import { loopsEndedBy, isWithin, otherEnds, usesOf, valuesOf } from "../../model/controlled.ts";
import type { FileFacts } from "../../model/file-facts.ts";
import { commonFrame } from "../../model/lifetimes.ts";
import type { CallSite, Trace } from "../../model/trace.ts";

type FunctionDef = NonNullable<ReturnType<FileFacts["functions"]["get"]>>;
type Expr = Parameters<typeof walkExprs>[0] & ReturnType<typeof otherEnds>[number];

/** The word that is read at `ready` is asked again and again, and what happens at `earlier` has no part in how often: the cause of an interrupt is read there, for one. */
export function isAskedAgain(trace: Trace, earlier: number, ready: number, facts: FileFacts): boolean {
  const test = trace.events[ready]!;
  const asker = facts.functions.get(test.function);
  if (asker === undefined) return false;
  const loops = loopsEndedBy(asker, test.at).filter((loop) => otherEnds(asker, loop, test.at).every((end) => isOwnCount(end, asker, test.chain, facts)));
  const { function: name, sites: [before, way] } = commonFrame(trace, earlier, ready);
  const fn = facts.functions.get(name);
  if (fn === undefined || loops.length === 0) return false;
  const around = way.throughCallee === undefined ? loops : [way.at];
  return !usesOf(fn, before.at).some((use) => isWithin(use, around));
}

/** It is made of constants, of what the function counts by itself, and of what the entry was given: a budget. */
function isOwnCount(expr: Expr, fn: FunctionDef, chain: readonly CallSite[], facts: FileFacts, depth = 3): boolean {
  let isOwn = true;
  walkExprs(expr, (one) => {
    if (one.kind === "member" || one.kind === "index" || (one.kind === "unary" && one.operator === "*") || (one.kind === "call" && !isHint(one.callee))) isOwn = false;
    if (one.kind === "identifier" && !isOwnName(one.name, fn, chain, facts, depth)) isOwn = false;
  });
  return isOwn;
}

const isHint = (callee: Expr): boolean => callee.kind === "identifier" && (callee.name === "likely" || callee.name === "unlikely");

function isOwnName(name: string, fn: FunctionDef, chain: readonly CallSite[], facts: FileFacts, depth: number): boolean {
  if (!valuesOf(fn, name).every((value) => depth > 0 && isOwnCount(value, fn, chain, facts, depth - 1))) return false;
  const at = fn.parameters.findIndex((parameter) => parameter.name === name);
  const call = chain.at(-1);
  const caller = call === undefined ? undefined : facts.functions.get(call.function);
  if (at < 0 || call === undefined || caller === undefined) return at < 0 || call === undefined;
  const given = argumentsOf(caller, call)[at];
  return given !== undefined && isOwnCount(given, caller, chain.slice(0, -1), facts, depth);
}

function argumentsOf(caller: FunctionDef, { at }: CallSite): readonly Expr[] {
  let found: readonly Expr[] = [];
  walkExprs(caller.body, (expr) => { if (expr.kind === "call" && expr.start === at.start && expr.end === at.end) found = expr.args; });
  return found;
}
