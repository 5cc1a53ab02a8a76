/**
 * `#if` groups. The grammar reads a group only where every arm is a whole construct, so the arms are chosen before it:
 * - at file scope, among fields, enumerators and initialiser entries, all arms stay when each is a whole number of
 *   items (the conversion keeps the first of two functions with one name);
 * - in a function, all arms stay when each is a whole number of statements, with a mark where each begins;
 * - where an arm cuts through a construct, one arm stays: the first that is not known to be false.
 * The arms left out are noted. Within one function the same condition is answered the same way every time: a group that
 * could stay is cut down to one arm as well when another one of the function had to be.
 */
import { shapeOfArm } from "./arm-shape.ts";
import type { Arm, Group } from "./arm-shape.ts";
import { conditionOf, knownTruth } from "./build-conditions.ts";
import { directivesOf } from "./directives.ts";
import type { Directive } from "./directives.ts";
import { BraceTracker, scope } from "./brace-tracker.ts";
import { tokenKind, tokensAt } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";
import type { Note } from "./notes.ts";

/** Beyond this nesting of `#if` only one arm is followed: looking through every arm at every level would be quadratic. */
const nestedGroupsMax = 24;

/** `depth`: of the brackets where it began, for a group of statements. */
type OpenGroup = { readonly group: Group; readonly index: number; readonly chosen: number | "all"; readonly depth: number | undefined; arm: number };

/** `notes`: arms that are skipped, and where arms of statements begin and end. `isClosed`: no bracket is taken for open at the end. */
export type LiveTokens = { readonly tokens: Tokens; readonly directives: readonly Directive[]; readonly notes: readonly Note[]; readonly isClosed: boolean };

type Choice = LiveTokens & { /** Groups of statements that should have been one arm. */ readonly regretted: readonly number[] };

/** Rounds until no group of statements asks for what another group of its function took for granted. */
const roundsMax = 4;

export function chooseArms(source: string, all: Tokens): LiveTokens {
  const directives = directivesOf(source, all);
  const single = new Set<number>();
  for (let round = 1; ; round++) {
    const choice = chooseOnce(source, all, directives, single);
    if (choice.regretted.length === 0 || round === roundsMax) return choice;
    for (const index of choice.regretted) single.add(index);
  }
}

/** `single`: the indices of directives whose groups keep one arm even if all are whole. */
function chooseOnce(source: string, all: Tokens, directives: readonly Directive[], single: ReadonlySet<number>): Choice {
  const groups = groupsOf(directives, all.count);
  const notes: Note[] = [];
  const regretted: number[] = [];
  /** Groups of this function that keep their arms, with the conditions that they leave open. */
  let kept: { readonly index: number; readonly keys: readonly string[] }[] = [];
  const live = new Int32Array(all.count);
  let liveCount = 0;
  const open: OpenGroup[] = [];
  const tracker = new BraceTracker(source, all, live);
  const assumed = new Map<string, boolean>();
  const directiveIndexAt = new Map(directives.map((directive, index) => [directive.token, index]));

  let token = 0;
  const settleFunction = (): void => {
    for (const { index, keys } of kept) if (keys.some((key) => assumed.has(key))) regretted.push(index);
    kept = [];
    assumed.clear();
  };
  const enterArm = (at: OpenGroup): void => {
    if (at.depth !== undefined && at.depth !== tracker.depth()) regretted.push(at.index);
    for (; at.arm < at.group.arms.length; at.arm++) {
      const arm = at.group.arms[at.arm]!;
      const isKept = at.chosen === "all" ? !isKnownDead(at.group, at.arm) : at.chosen === at.arm;
      if (isKept) {
        token = arm.directive.token + 1;
        return;
      }
      const stop = arm.next < directives.length ? directives[arm.next]!.token : all.count;
      if (stop > arm.directive.token + 1) notes.push(skippedArm(arm.directive, all, stop, isKnownDead(at.group, at.arm)));
      token = stop;
    }
  };

  while (token < all.count) {
    if (all.kind[token] !== tokenKind.directive) {
      live[liveCount] = token;
      tracker.take(token, liveCount++);
      if (tracker.isBetweenDeclarations() && (kept.length > 0 || assumed.size > 0)) settleFunction();
      token++;
      continue;
    }
    const index = directiveIndexAt.get(token)!;
    const group = groups.get(index);
    if (group !== undefined) {
      const keepsAll = open.length < nestedGroupsMax && !single.has(index) && allArmsAreWhole(group, { source, all, directives, tracker });
      const isOfStatements = keepsAll && tracker.scope() === scope.block;
      if (isOfStatements) {
        kept.push({ index, keys: openConditions(group) });
        notes.push(...armNotes(group, directives));
      }
      const entered: OpenGroup = { group, index, chosen: keepsAll ? "all" : chosenArm(group, assumed), depth: isOfStatements ? tracker.depth() : undefined, arm: 0 };
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
  settleFunction();
  return { tokens: tokensAt(all, live, liveCount), directives, notes, regretted, isClosed: tracker.depth() === 0 };
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

const skippedArm = (directive: Directive, all: Tokens, stop: number, isDead: boolean): Note => ({
  kind: isDead ? "dead-arm" : "skipped-arm",
  start: all.start[directive.token + 1]!,
  end: all.end[stop - 1]!,
  name: `#${directive.name}${directive.text === "" ? "" : ` ${directive.text}`}`,
});

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
    const { text: key, isNegated } = conditionOf(directive);
    const before = assumed.get(key);
    if (before === undefined) {
      assumed.set(key, !isNegated);
      return index;
    }
    if (before !== isNegated) return index;
  }
  return group.arms.length;
}

/** The arms that some build has. */
const livingArms = (group: Group): readonly Arm[] => group.arms.filter((_, index) => !isKnownDead(group, index));

const openConditions = (group: Group): readonly string[] =>
  livingArms(group).flatMap(({ directive }) => (knownTruth(directive) === undefined ? [conditionOf(directive).text] : []));

/** Where the arms of a group of statements begin, and where the last one ends. One arm that every build has needs no mark. */
function armNotes(group: Group, directives: readonly Directive[]): readonly Note[] {
  const living = livingArms(group);
  const end = directives[group.arms.at(-1)!.next];
  if (end === undefined || living.every(({ directive }) => knownTruth(directive) !== undefined)) return [];
  const marks = living.map(({ directive }, index): Note => {
    const condition = knownTruth(directive) === undefined ? { condition: conditionOf(directive) } : {};
    return { kind: "arm", start: directive.start, end: directive.end, name: index === 0 ? "first" : "next", ...condition };
  });
  return [...marks, { kind: "arm", start: end.start, end: end.end, name: "end" }];
}

type Place = { readonly source: string; readonly all: Tokens; readonly directives: readonly Directive[]; readonly tracker: BraceTracker };

/** Whether every arm is a whole number of items of the enclosing list and starts where an item may start. */
function allArmsAreWhole(group: Group, { source, all, directives, tracker }: Place): boolean {
  if (!tracker.mayStartItem()) return false;
  const textOf = (token: number): string => source.slice(all.start[token], all.end[token]);
  const isOfStatements = tracker.scope() === scope.block;
  if (isOfStatements) {
    const end = directives[group.arms.at(-1)!.next];
    if (end === undefined) return false;
    let next = end.token + 1;
    while (next < all.count && all.kind[next] === tokenKind.directive) next++;
    // An `else` behind the group belongs to an `if` inside or before it.
    if (next < all.count && /^(?:else|while)$/.test(textOf(next)) && !startsLoop(all, next, textOf)) return false;
  }
  for (const [index, arm] of group.arms.entries()) {
    if (isKnownDead(group, index)) continue;
    const shape = shapeOfArm(arm, all, directives);
    if (!shape.isBalanced) return false;
    if (shape.last < 0) continue;
    const lastCode = all.code[shape.last]!;
    const ends = tracker.scope() === scope.initializer ? lastCode === 44 : lastCode === 59 || lastCode === 125;
    if (!ends && tracker.scope() !== scope.enumeration) return false;
    if (isOfStatements) {
      // Jumps into an arm, and cases of a switch around it, would need the arm's place among the statements around.
      if (shape.isLabelled || textOf(shape.first) === "else" || (textOf(shape.first) === "while" && !startsLoop(all, shape.first, textOf))) return false;
    } else if (all.code[shape.first] === 123) return false;
  }
  return true;
}

/** `while (…) {` or `while (…) f();`, and not the `while (…);` of a `do`. */
function startsLoop(all: Tokens, token: number, textOf: (token: number) => string): boolean {
  if (textOf(token) !== "while") return false;
  let depth = 0;
  for (let at = token + 1; at < all.count; at++) {
    const c = all.code[at]!;
    if (c === 40) depth++;
    else if (c === 41 && --depth === 0) return all.code[at + 1] !== 59;
  }
  return false;
}
