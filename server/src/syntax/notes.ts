import type { BuildCondition } from "./c-syntax.ts";

/**
 * What the rewriting hid from the grammar and the conversion must put back. Offsets are those of the source,
 * which is also the rewritten text: both have the same length.
 */
export type NoteKind =
  /** `__rcu`, `__must_hold(&l)`: blanked. */
  | "attribute"
  /** A loop macro whose name became `while` (or `if`, when shorter than five letters). [start, end) is the head. */
  | "loop"
  /** `scoped_guard(…)`: as a loop. */
  | "guard"
  /** `if_not_guard(…)`: became `if`. */
  | "condition"
  /** `DEFINE_SPINLOCK(x);` at file scope: blanked, `args` are its arguments. */
  | "top-level-call"
  /** `SYSCALL_DEFINE3(read, …) {`: the macro that heads a function. */
  | "head"
  /** `DECLARE_BITMAP(name, n);` among fields: became `DECLARE_BITMAP name;`. */
  | "declares"
  /** `struct foo *` where the grammar wants an expression: became one word. */
  | "type-argument"
  /** Any other argument that is no expression: became one word. */
  | "opaque"
  /** `typeof(x)`, or a type that would read as a function (`u32 (*x)[4];`): became `int`. */
  | "typeof"
  /** Adjacent strings and string macros from the first string on: only that one is left. */
  | "string-run"
  | "asm"
  /** A macro call without `;` in a function: became a word and `;`. */
  | "call-without-semicolon"
  /** `SET_RUNTIME_PM_OPS(a, b, c)` without a comma after it: its arguments became entries. */
  | "initializer-macro"
  /** `out:` right before a closing brace: became `out;`. */
  | "last-label"
  /** The braces of a function's body, so that one the grammar lost can be reported. */
  | "function-body"
  /** `FNAME(walk)` as a declared name: became one word. */
  | "joined-name"
  /** The other arm of an `#if`, not followed. */
  | "skipped-arm"
  /** An arm that no build of the kernel has: `#if 0`. */
  | "dead-arm"
  /** Where an arm of whole statements begins, and where the last one ends: the directive became `_;`. `name` is first, next or end. */
  | "arm"
  /** A bracket without its partner: blanked, so that the damage ends with the function it stands in. */
  | "unbalanced"
  /** A comment without an end, or an `#if` without an `#endif`: `name` is how it begins. */
  | "unended"
  /** Nested beyond the limit: became one word. */
  | "too-deep";

export type Note = {
  readonly kind: NoteKind;
  readonly start: number;
  readonly end: number;
  /** The macro's, attribute's or declared name as written. */
  readonly name: string;
  /** Of an arm that not every build has. */
  readonly condition?: BuildCondition;
  readonly args?: readonly { readonly start: number; readonly end: number }[];
};
