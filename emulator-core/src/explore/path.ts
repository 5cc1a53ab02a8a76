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
  | "sync-srcu";

export type PathEvent = {
  readonly kind: EventKind;
  readonly tag: AccessTag | FenceKind | "srcu-lock" | "srcu-unlock" | "sync-srcu" | "lock";
  readonly instruction: Instruction;
  /** Events po-before this one. */
  readonly before: bigint;
  readonly address?: SymbolicValue;
  /** What a write stores. */
  readonly value?: SymbolicValue;
  /** Reads this event depends on, before the carry-dep closure. */
  readonly addr: bigint;
  readonly data: bigint;
  readonly ctrl: bigint;
  /** For R* and W*: part of a read-modify-write (the cat's RMW set, failed cmpxchg included). */
  readonly atomic?: boolean;
  /** For W* and LKW: the read of the pair. */
  readonly rmwRead?: number;
};

export type Constraint = { readonly value: SymbolicValue; readonly truth: boolean };

export type RegisterValue = { readonly value: SymbolicValue; readonly taint: bigint };

/** One way through a thread. */
export type Path = {
  readonly events: readonly PathEvent[];
  readonly constraints: readonly Constraint[];
  readonly registers: ReadonlyMap<string, RegisterValue>;
  /** A loop wanted more than `unrollMax` rounds here: not an execution, only a reason to warn. */
  readonly cut: boolean;
};
