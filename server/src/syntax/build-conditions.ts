/** What the conditions of `#if` ask: one answer per build of the kernel. */
import type { BuildCondition } from "./c-syntax.ts";
import type { Directive } from "./directives.ts";

const neverDefined = new Set(["__ASSEMBLY__", "__ASSEMBLER__", "__cplusplus", "__LINKER__", "LINKER_SCRIPT"]);
const alwaysDefined = new Set(["__KERNEL__"]);

const plainDefined = /^(!?)\s*(?:defined\s*\(?|IS_ENABLED\s*\(|IS_REACHABLE\s*\(|IS_BUILTIN\s*\()\s*(\w+)\s*\)?$/;

/** The condition as one name, so that `#ifdef X` and a later `#if !defined(X)` are seen to be each other's negation. */
export function conditionOf(directive: Directive): BuildCondition {
  if (directive.name === "ifdef") return { text: directive.text, isNegated: false };
  if (directive.name === "ifndef") return { text: directive.text, isNegated: true };
  const matched = plainDefined.exec(directive.text);
  if (matched !== null) return { text: matched[2]!, isNegated: matched[1] === "!" };
  return { text: directive.text.replace(/\s+/g, " "), isNegated: false };
}

/** What the condition is in every kernel build, or undefined. */
export function knownTruth(directive: Directive): boolean | undefined {
  if (directive.name === "else") return true;
  if (/^0[uUlL]*$/.test(directive.text) || /^0\s*&&/.test(directive.text)) return false;
  if (/^1[uUlL]*$/.test(directive.text)) return true;
  const { text, isNegated } = conditionOf(directive);
  if (neverDefined.has(text)) return isNegated;
  if (alwaysDefined.has(text)) return !isNegated;
  return undefined;
}
