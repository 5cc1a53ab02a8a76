/** The arms of an `#if` group, and whether one is a whole piece of C. */
import type { Directive } from "./directives.ts";
import { tokenKind } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";

/** `index` and `next` are the indices of the directives that begin and end the arm. */
export type Arm = { readonly directive: Directive; readonly index: number; readonly next: number };

export type Group = { readonly arms: Arm[] };

export type ArmShape = { readonly isBalanced: boolean; readonly first: number; readonly last: number; /** A label or case stands in it, outside of brackets. */ readonly isLabelled: boolean };

/** Nested groups count by their first arm. */
export function shapeOfArm(arm: Arm, all: Tokens, directives: readonly Directive[]): ArmShape {
  const stop = arm.next < directives.length ? directives[arm.next]!.token : all.count;
  let depth = 0;
  let isBalanced = true;
  let first = -1;
  let last = -1;
  let isLabelled = false;
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
    else if (c === 58 && depth === 0 && !isAfterQuestion(all, first, token)) isLabelled = true;
    if (first < 0) first = token;
    last = token;
  }
  return { isBalanced: isBalanced && depth === 0, first, last, isLabelled };
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

/** `a ? b : c`: looks back to the start of the statement. */
function isAfterQuestion(all: Tokens, first: number, colon: number): boolean {
  for (let at = colon - 1; at >= first && first >= 0; at--) {
    const c = all.code[at]!;
    if (c === 63) return true;
    if (c === 59 || c === 123 || c === 125) return false;
  }
  return false;
}
