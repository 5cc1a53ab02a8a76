/**
 * `#if` groups. The grammar reads a group only where every arm is a whole construct, so the arms are chosen before it:
 * - at file scope, among fields, enumerators and initialiser entries, all arms stay when each is a whole number of
 *   items (the conversion keeps the first of two functions with one name);
 * - in a function, or where an arm cuts through a construct, one arm stays: the first that is not known to be false.
 * The arms left out are noted. Within one function the same condition is answered the same way every time.
 */
import { directivesOf } from "./directives.ts";
import type { Directive } from "./directives.ts";
import { BraceTracker, scope } from "./brace-tracker.ts";
import { tokenKind, tokensAt } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";
import type { Note } from "./notes.ts";

/** Beyond this nesting of `#if` only one arm is followed: looking through every arm at every level would be quadratic. */
const nestedGroupsMax = 24;

/** `index` and `next` are the indices of the directives that begin and end the arm. */
type Arm = { readonly directive: Directive; readonly index: number; readonly next: number };


type Group = { readonly arms: Arm[] };

type OpenGroup = { readonly group: Group; readonly chosen: number | "all"; arm: number };

export type LiveTokens = { readonly tokens: Tokens; readonly directives: readonly Directive[]; readonly skipped: readonly Note[] };

export function chooseArms(source: string, all: Tokens): LiveTokens {
  const directives = directivesOf(source, all);
  const groups = groupsOf(directives, all.count);
  const skipped: Note[] = [];
  const live = new Int32Array(all.count);
  let liveCount = 0;
  const open: OpenGroup[] = [];
  const tracker = new BraceTracker(source, all, live);
  const assumed = new Map<string, boolean>();
  const directiveIndexAt = new Map(directives.map((directive, index) => [directive.token, index]));

  let token = 0;
  const enterArm = (at: OpenGroup): void => {
    for (; at.arm < at.group.arms.length; at.arm++) {
      const arm = at.group.arms[at.arm]!;
      const isKept = at.chosen === "all" ? !isKnownDead(at.group, at.arm) : at.chosen === at.arm;
      if (isKept) {
        token = arm.directive.token + 1;
        return;
      }
      const stop = arm.next < directives.length ? directives[arm.next]!.token : all.count;
      if (stop > arm.directive.token + 1) skipped.push(skippedArm(arm.directive, all, stop));
      token = stop;
    }
  };

  while (token < all.count) {
    if (all.kind[token] !== tokenKind.directive) {
      live[liveCount] = token;
      tracker.take(token, liveCount++);
      if (tracker.isBetweenDeclarations()) assumed.clear();
      token++;
      continue;
    }
    const index = directiveIndexAt.get(token)!;
    const group = groups.get(index);
    if (group !== undefined) {
      const keepsAll = open.length < nestedGroupsMax && allArmsAreWhole(group, all, directives, tracker);
      const entered: OpenGroup = { group, chosen: keepsAll ? "all" : chosenArm(group, assumed), arm: 0 };
      open.push(entered);
      enterArm(entered);
      continue;
    }
    const name = directives[index]!.name;
    const top = open.at(-1);
    if (top !== undefined && top.group.arms[top.arm]?.next === index) {
      top.arm++;
      enterArm(top);
      continue;
    }
    if (name === "endif" && top !== undefined && top.arm >= top.group.arms.length) open.pop();
    token++;
  }
  return { tokens: tokensAt(all, live, liveCount), directives, skipped };
}

function groupsOf(directives: readonly Directive[], tokenCount: number): ReadonlyMap<number, Group> {
  const groups = new Map<number, Group>();
  const open: { group: Group; last: number }[] = [];
  const closeArm = (top: { group: Group; last: number }, next: number) =>
    top.group.arms.push({ directive: directives[top.last]!, index: top.last, next });
  directives.forEach((directive, index) => {
    const top = open.at(-1);
    switch (directive.name) {
      case "if":
      case "ifdef":
      case "ifndef": {
        const group: Group = { arms: [] };
        groups.set(index, group);
        open.push({ group, last: index });
        break;
      }
      case "elif":
      case "else":
        if (top === undefined) break;
        closeArm(top, index);
        top.last = index;
        break;
      case "endif":
        if (top === undefined) break;
        closeArm(top, index);
        open.pop();
        break;
      default:
        break;
    }
  });
  for (const top of open) closeArm(top, tokenCount === 0 ? 0 : directives.length);
  return groups;
}

const skippedArm = (directive: Directive, all: Tokens, stop: number): Note => ({
  kind: "skipped-arm",
  start: all.start[directive.token + 1]!,
  end: all.end[stop - 1]!,
  name: `#${directive.name}${directive.text === "" ? "" : ` ${directive.text}`}`,
});

const neverDefined = new Set(["__ASSEMBLY__", "__ASSEMBLER__", "__cplusplus", "__LINKER__", "LINKER_SCRIPT"]);
const alwaysDefined = new Set(["__KERNEL__"]);

const plainDefined = /^(!?)\s*(?:defined\s*\(?|IS_ENABLED\s*\(|IS_REACHABLE\s*\(|IS_BUILTIN\s*\()\s*(\w+)\s*\)?$/;

/** The condition as one name, so that `#ifdef X` and a later `#if !defined(X)` are seen to be each other's negation. */
function conditionOf(directive: Directive): { readonly key: string; readonly isNegated: boolean } {
  if (directive.name === "ifdef") return { key: directive.text, isNegated: false };
  if (directive.name === "ifndef") return { key: directive.text, isNegated: true };
  const matched = plainDefined.exec(directive.text);
  if (matched !== null) return { key: matched[2]!, isNegated: matched[1] === "!" };
  return { key: directive.text.replace(/\s+/g, " "), isNegated: false };
}

/** What the condition is in every kernel build, or undefined. */
function knownTruth(directive: Directive): boolean | undefined {
  if (directive.name === "else") return true;
  if (/^0[uUlL]*$/.test(directive.text) || /^0\s*&&/.test(directive.text)) return false;
  if (/^1[uUlL]*$/.test(directive.text)) return true;
  const { key, isNegated } = conditionOf(directive);
  if (neverDefined.has(key)) return isNegated;
  if (alwaysDefined.has(key)) return !isNegated;
  return undefined;
}

function isKnownDead(group: Group, arm: number): boolean {
  const directive = group.arms[arm]!.directive;
  if (directive.name !== "else" && knownTruth(directive) === false) return true;
  return group.arms.slice(0, arm).some((before) => knownTruth(before.directive) === true);
}

/** `assumed` collects the answers given so far in this function. The arm count when every arm is false. */
function chosenArm(group: Group, assumed: Map<string, boolean>): number {
  for (const [index, { directive }] of group.arms.entries()) {
    const known = knownTruth(directive);
    if (known === true) return index;
    if (known === false) continue;
    const { key, isNegated } = conditionOf(directive);
    const before = assumed.get(key);
    if (before === undefined) {
      assumed.set(key, !isNegated);
      return index;
    }
    if (before !== isNegated) return index;
  }
  return group.arms.length;
}

/** Whether every arm is a whole number of items of the enclosing list and starts where an item may start. */
function allArmsAreWhole(
  group: Group,
  all: Tokens,
  directives: readonly Directive[],
  tracker: BraceTracker,
): boolean {
  if (!tracker.mayStartItem()) return false;
  for (const [index, arm] of group.arms.entries()) {
    if (isKnownDead(group, index)) continue;
    const shape = shapeOfArm(arm, all, directives);
    if (!shape.isBalanced) return false;
    if (shape.last < 0) continue;
    const lastCode = all.code[shape.last]!;
    const ends = tracker.scope() === scope.initializer ? lastCode === 44 : lastCode === 59 || lastCode === 125;
    if (!ends && tracker.scope() !== scope.enumeration) return false;
    if (all.code[shape.first] === 123) return false;
  }
  return true;
}

type ArmShape = { readonly isBalanced: boolean; readonly first: number; readonly last: number };

/** Nested groups count by their first arm. */
function shapeOfArm(arm: Arm, all: Tokens, directives: readonly Directive[]): ArmShape {
  const stop = arm.next < directives.length ? directives[arm.next]!.token : all.count;
  let depth = 0;
  let isBalanced = true;
  let first = -1;
  let last = -1;
  let directive = arm.index + 1;
  for (let token = arm.directive.token + 1; token < stop; token++) {
    if (all.kind[token] === tokenKind.directive) {
      const isLaterArm = directives[directive]!.name === "else" || directives[directive]!.name === "elif";
      if (isLaterArm) {
        directive = endOfGroup(directives, directive);
        token = Math.min(directives[directive]?.token ?? stop, stop) - 1;
      } else {
        directive++;
      }
      continue;
    }
    const c = all.code[token]!;
    if (c === 40 || c === 91 || c === 123) depth++;
    else if (c === 41 || c === 93 || c === 125) {
      if (--depth < 0) isBalanced = false;
    }
    if (first < 0) first = token;
    last = token;
  }
  return { isBalanced: isBalanced && depth === 0, first, last };
}

/** From an `#else` inside a group to the group's `#endif`. */
function endOfGroup(directives: readonly Directive[], from: number): number {
  let depth = 0;
  for (let index = from + 1; index < directives.length; index++) {
    const { name } = directives[index]!;
    if (name === "if" || name === "ifdef" || name === "ifndef") depth++;
    else if (name === "endif" && depth-- === 0) return index;
  }
  return directives.length;
}
