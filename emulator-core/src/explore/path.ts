/*
 * One way through one thread: its events with symbolic values and syntactic dependencies.
 */
import type { AccessTag, FenceKind, Instruction } from "../program.ts";
import type { SymbolicValue } from "./values.ts";

export type EventKind =
  | "read"
  | "write"
  | "fence"
  /** LKR, LKW, UL, LF (failed trylock), RL, RU of lock.cat. */
  | "lock-read"
  | "lock-write"
  | "unlock"
  | "lock-fail"
  | "read-locked"
  | "read-unlocked"
  | "srcu-lock"
  | "srcu-unlock"
  /** The same as fences of a domain, no accesses: Linux 6.1. */
  | "srcu-lock-fence"
  | "srcu-unlock-fence"
  | "sync-srcu";

/** Few events of one thread, in no order, each once. */
export type EventList = readonly number[];

export const noEvents: EventList = [];

export function eventUnion(a: EventList, b: EventList): EventList {
  if (a.length === 0 || a === b) return b;
  if (b.length === 0) return a;
  const more = b.filter((event) => !a.includes(event));
  return more.length === 0 ? a : [...a, ...more];
}

/** Events po-before another: all up to an instruction, and those its operands made. */
export type Before = { readonly upTo: number; readonly also: EventList };

export type PathEvent = {
  readonly kind: EventKind;
  readonly tag: AccessTag | FenceKind | "srcu-lock" | "srcu-unlock" | "sync-srcu" | "lock";
  readonly instruction: Instruction;
  /** Events po-before this one. */
  readonly before: Before;
  readonly address: SymbolicValue | undefined;
  /** What a write stores. */
  readonly value: SymbolicValue | undefined;
  /** Reads this event depends on, before the carry-dep closure. */
  readonly addr: EventList;
  readonly data: EventList;
  readonly ctrl: EventList;
  /** For R* and W*: part of a read-modify-write (the cat's RMW set, failed cmpxchg included). */
  readonly atomic: boolean;
  /** For W* and LKW: the read of the pair, else -1. */
  readonly rmwRead: number;
};

export function isPoBefore(earlier: number, event: PathEvent): boolean {
  return earlier < event.before.upTo || event.before.also.includes(earlier);
}

export type Constraint = { readonly value: SymbolicValue; readonly truth: boolean };

export type RegisterValue = { readonly value: SymbolicValue; readonly taint: EventList };

/** One way through a thread. */
export type Path = {
  readonly events: readonly PathEvent[];
  readonly constraints: readonly Constraint[];
  readonly registers: ReadonlyMap<string, RegisterValue>;
  /** A loop wanted more than `unrollMax` rounds here: not an execution, only a reason to warn. */
  readonly cut: boolean;
};
