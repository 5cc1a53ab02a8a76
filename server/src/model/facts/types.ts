/** The shape of function facts; `docs/facts.schema.json` says the same for readers of the JSON. */

import type { LockClass } from "../kernel-api/schema.ts";

/** From 0 at the function's first line; columns from 1. */
export type Where = { readonly line: number; readonly column: number };

/** Of the followed paths that come to the place. */
export type On = "all" | "some";

export const factEffects = [
  "allocate", "free", "defer-free", "call-rcu", "cleanup", "publish", "exchange", "rcu-read", "link", "unlink", "walk", "wait", "reader-enter", "reader-leave",
  "lock", "unlock", "barrier", "load", "store", "mmio-read", "mmio-write", "mmio-poll", "ref-get", "ref-put", "escape", "sleep", "call", "opaque",
] as const;

export type FactEffect = (typeof factEffects)[number];

export type HeldFact = {
  /** As the function would write it: "s390_domain->list_lock". */
  readonly place: string;
  /** The same across functions: "s390_domain.list_lock". */
  readonly key: string;
  readonly class: LockClass;
  readonly on: On;
  /** Where this function took it; null: the caller holds it, or a called function took it. */
  readonly line: number | null;
  /** An assertion or annotation says that the caller holds it. */
  readonly isAsserted: boolean;
  /** "guard(mutex)", where a guard took it. */
  readonly guard: string | null;
};

export type SectionFact = {
  /** "rcu", "rcu_bh", "rcu_sched", "srcu", or why it counts as one: "bh off", "preemption off", "interrupts off". */
  readonly name: string;
  /** The srcu_struct; "" for RCU. */
  readonly domain: string;
  readonly on: On;
  readonly line: number | null;
  readonly guard: string | null;
};

export type Context = { readonly locks: readonly HeldFact[]; readonly sections: readonly SectionFact[] };

export type Sleeping = "yes" | "by flags" | "no";

export type Point = Where & Context & {
  /** Original text of the place, on one line. */
  readonly text: string;
  readonly effect: FactEffect;
  /** What it is done to. */
  readonly place: string;
  /** The same across functions; "" where there is none. */
  readonly key: string;
  /** The API, the value stored, the callback, the flags. */
  readonly detail: string;
  /** Called functions of the file that do it, outermost first; the place is in the caller's words. */
  readonly via: readonly string[];
  /** Pointers that others may hold afterwards. */
  readonly escapes: readonly string[];
  /** Of a call: the effects inside, those of its callees included. */
  readonly does: readonly FactEffect[];
  readonly sleeps: Sleeping;
};

export type Exit = Where & Context & {
  readonly kind: "return" | "end";
  readonly value: string;
  readonly escapes: readonly string[];
  /** No lock and no section is left that was entered here. */
  readonly isBalanced: boolean;
};

export type Control =
  | { readonly kind: "loop"; readonly line: number; readonly endLine: number; readonly head: string; readonly walks: boolean }
  | { readonly kind: "switch"; readonly line: number; readonly endLine: number; readonly cases: number }
  | { readonly kind: "label"; readonly line: number; readonly name: string; /** Lines of the gotos. */ readonly from: readonly number[] }
  | { readonly kind: "guard"; readonly line: number; readonly endLine: number; readonly name: string }
  | { readonly kind: "cleanup"; readonly line: number; readonly name: string; readonly class: string };

export type ObjectFact = { readonly name: string; readonly is: string; readonly type: string; /** Other locals that hold the same pointer. */ readonly also: readonly string[] };

export type Summary = {
  /** Held at an exit, and taken here. */
  readonly acquires: readonly HeldFact[];
  /** Given up, and not taken here. */
  readonly releases: readonly { readonly place: string; readonly key: string; readonly on: On }[];
  /** `parameter` counts from 1. */
  readonly frees: readonly { readonly parameter: number; readonly name: string; readonly object: string; readonly when: "now" | "after a grace period"; readonly on: On }[];
  readonly waits: readonly { readonly flavour: string; readonly domain: string; readonly api: string; readonly for: "readers" | "callbacks"; readonly on: On; readonly line: number }[];
  /** "no": nothing known to sleep; `unknownCalls` may. */
  readonly sleeps: { readonly answer: Sleeping; readonly lines: readonly number[]; readonly unknownCalls: number };
  readonly needs: readonly { readonly what: string; readonly line: number | null }[];
};

export type NotFollowed = { readonly reason: string; readonly line: number | null; readonly endLine: number | null };

export type FunctionFacts = {
  readonly function: string;
  /** How many lines it has. */
  readonly lines: number;
  readonly summary: Summary;
  readonly objects: readonly ObjectFact[];
  readonly points: readonly Point[];
  readonly exits: readonly Exit[];
  readonly control: readonly Control[];
  readonly notFollowed: readonly NotFollowed[];
};
