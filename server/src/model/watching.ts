/**
 * Listening to the path walk: what function facts hear beyond the events that rules see. A watcher is told of every
 * path as it is followed, also of those that are joined with another one or given up later; rules never see notes.
 */

import type { Stmt } from "../syntax/c-syntax.ts";
import type { CallSite, EventKind, HeldLock, ReaderSection, Span, Sym } from "./trace.ts";

export type Note =
  /** A function of the same file; `isFollowed`: its effects come as events with a longer chain. */
  | { readonly kind: "call"; readonly name: string; readonly isFollowed: boolean }
  /** A scope ends, and with it a variable declared with __free(class). */
  | { readonly kind: "cleanup"; readonly class: string; readonly object: Sym; readonly frees: boolean };

/** Where on a path something happens. For what a scope's end does, `at` is the statement that leaves the scope. */
export type Moment = {
  readonly function: string;
  readonly at: Span;
  readonly chain: readonly CallSite[];
  readonly within?: readonly string[];
  readonly locks: readonly HeldLock[];
  readonly readers: readonly ReaderSection[];
};

export type PathWatcher = {
  /** The function has scopes to unwind: paths that leave it at different places are not joined before that is done. */
  readonly tellsReturnsApart: boolean;
  /** Paths on which such a thing happened are not joined with those on which it did not. */
  readonly tellsPathsApart: (what: EventKind) => boolean;
  /** Past so many, paths that differ in nothing but their locals are joined too. */
  readonly pathsMax: number;
  readonly onEffect: (moment: Moment, what: EventKind | Note) => void;
  /** A local is read that held several things on paths that were joined; `key` is its frame and name. */
  readonly onUntold: (key: string) => void;
  readonly onStatement: (stmt: Stmt) => void;
  /** A value is held by a local; `key` is its frame and name. */
  readonly onNamed: (value: Sym, key: string) => void;
};
