/**
 * What one feasible path of one function does, callees included: a list of events on symbolic objects.
 * This is all that rules and the extraction see of the code; no node and no API name decides anything there.
 */

import type { Span } from "../syntax/c-syntax.ts";
import type { DetailEvent } from "./detail-events.ts";
import type { AccessKind, FenceName, FenceScope, Flavour, LockClass, MemoryKind, OffKind } from "./kernel-api/schema.ts";
import type { Origin, Place, Sym } from "./symbols.ts";

export type { Origin, Place, Span, Sym };

export type CallSite = { readonly function: string; readonly at: Span; readonly callee: string; /** A release function: runs for the last reference only. */ readonly lastReference: boolean };

export type HeldLock = { readonly key: string; readonly base: number; readonly class: LockClass; readonly at: Span | undefined; readonly text: string; /** The lock as it was given; none for rtnl_lock(). */ readonly pointer?: Sym; /** Taken together with turning these off: spin_lock_bh(), spin_lock_irqsave(). */ readonly off?: OffKind };

export type ReaderSection = { readonly flavour: Flavour; readonly domain: string; /** Base of an SRCU domain that is a field. */ readonly domainBase: number | undefined; readonly at: Span; /** Unique on the path. */ readonly serial: number; /** These are off as well. */ readonly off?: OffKind; /** A section only because they are off: local_bh_disable(). */ readonly isImplicit?: true; /** Entered by the kernel before it calls the root of the path: how, "packet_type.func". */ readonly entry?: string };

/** A section that the code asks for; one that comes with switched-off interrupts says nothing about RCU. */
export const isMarkedSection = ({ flavour, isImplicit }: ReaderSection): boolean => isImplicit !== true && flavour !== "tasks" && flavour !== "mmu-notifier";

/** What is taken for granted of who calls the root. */
export const entrySections = ({ root, events }: Trace, at: number): readonly string[] => events[at]?.readers.flatMap(({ entry }) => (entry === undefined ? [] : [`the kernel calls ${root}() inside rcu_read_lock() (${entry})`])) ?? [];

export type TraceEvent = {
  /** The function whose text holds `at`. */
  readonly function: string;
  readonly at: Span;
  /** Calls from the root of the trace to here, outermost first. */
  readonly chain: readonly CallSite[];
  readonly locks: readonly HeldLock[];
  readonly readers: readonly ReaderSection[];
  /** The macros and the functions of headers, outermost first, that do it at the call that is `at`; none where the text itself does. */
  readonly within?: readonly string[];
  /** Text of the condition under which this happens, where the path did not fork on it. */
  readonly condition: string | undefined;
  readonly what: EventKind;
};

export type EventKind =
  | DetailEvent
  | { readonly kind: "load"; readonly place: Place; readonly value: Sym; readonly access: AccessKind; readonly rcu: "reader" | "update" | "alone" | "either" | "value" | "raw" | undefined; /** The SRCU domain that the call names for its readers. */ readonly domain?: string }
  | { readonly kind: "store"; readonly place: Place; readonly value: Sym; readonly old: Sym | undefined; readonly access: AccessKind; readonly rcu: boolean }
  | { readonly kind: "walk"; readonly head: Place | undefined; readonly element: Sym; readonly member: string; readonly rcu: boolean; readonly flavour: Flavour; /** Given a lockdep condition: may run on the update side. */ readonly conditional: boolean; /** How the head was read, where the code reads it by itself. */ readonly access?: AccessKind; /** The SRCU domain that its condition names. */ readonly domain?: string }
  /** The walk reads the `next` of its element. */
  | { readonly kind: "advance"; readonly element: Sym; readonly member: string; readonly rcu: boolean }
  | { readonly kind: "link"; readonly element: Sym; readonly member: string; readonly head: Place | undefined; readonly rcu: boolean }
  | { readonly kind: "unlink"; readonly element: Sym; readonly member: string; readonly rcu: boolean; readonly reinit: boolean }
  | { readonly kind: "free"; readonly object: Sym; readonly memory: MemoryKind; readonly api: string }
  | { readonly kind: "defer-free"; readonly object: Sym; readonly api: string; readonly mayWait: boolean }
  | { readonly kind: "defer-call"; readonly head: Sym; readonly callback: string | undefined; readonly flavour: Flavour; readonly domain: string; readonly api: string }
  | { readonly kind: "wait"; readonly flavour: Flavour; readonly domain: string; readonly api: string; readonly callbacks: boolean; /** May return at once: cond_synchronize_rcu(). */ readonly maybe: boolean; readonly expedited: boolean; /** Base of an SRCU domain that is a field. */ readonly domainBase: number | undefined }
  | { readonly kind: "reader-enter"; readonly section: ReaderSection; readonly api: string }
  | { readonly kind: "reader-leave"; readonly section: ReaderSection | undefined; readonly api: string }
  | { readonly kind: "lock"; readonly lock: HeldLock }
  | { readonly kind: "unlock"; readonly lock: HeldLock; /** On the side of a branch where taking it failed. */ readonly wasNotHad?: true }
  | { readonly kind: "fence"; readonly fence: FenceName; readonly scope: FenceScope; readonly api: string }
  | { readonly kind: "reference"; readonly counter: Sym; readonly conditional: boolean; /** How it is taken of an object that may have no reference left when it is found. */ readonly safely: string | undefined; readonly api: string }
  | { readonly kind: "touch"; readonly pointer: Sym; readonly write: boolean; /** The option of the kernel without which it does nothing. */ readonly debug?: string; readonly api: string }
  /** A call that nothing is known of. */
  | { readonly kind: "opaque"; readonly name: string; readonly args: readonly Sym[]; /** A call for its effect only: its value is not used. */ readonly isStatement: boolean; /** It waits for no grace period, by what the table says of it. */ readonly neverWaits?: true }
  | { readonly kind: "branch"; readonly text: string; readonly taken: boolean };

/** `at`: as many events of the path come before the second answer; those before it do not need it. */
export type Contradiction = { readonly text: string; readonly at: number };

export type Trace = {
  readonly root: string;
  readonly events: readonly TraceEvent[];
  /** Conditions that the path answers in two ways, reading their operands again: possible only if they change. */
  readonly contradictions: readonly Contradiction[];
  /** Why not all paths of the root were followed; the same for all of them. */
  readonly cut: readonly string[];
  /** Conditions of the preprocessor that hold in the builds that have this path: "CONFIG_X", "!CONFIG_Y". */
  readonly build: readonly string[];
};

/** A condition of the preprocessor that one path needs and the other excludes: no build has both. */
export function opposedBuild(one: Trace, other: Trace): string | undefined {
  return one.build.find((condition) => other.build.includes(condition.startsWith("!") ? condition.slice(1) : `!${condition}`));
}

/** All paths of a function that were followed. `cut`: why some were not; empty when all were. */
export type Traces = { readonly root: string; readonly traces: readonly Trace[]; readonly cut: readonly string[] };

/** Bounds of the path walk; each is named in the profile of a report when it matters. */
export const bounds = {
  /** Paths followed at once in one function; past it, further forks are not followed and the result says so. */
  pathsMax: 64,
  /** In-file callees are followed this deep (contract: inline depth 4). */
  inlineDepthMax: 4,
  /** Expressions evaluated for one root; stops pathological functions. */
  stepsMax: 60_000,
  /** The same for all that the function itself calls, while somebody watches. */
  watchedStepsMax: 2_500,
  /** The same for one call among them. */
  watchedCallStepsMax: 1_000,
  /** Past it, facts do not tell apart paths that differ in nothing but their locals. */
  watchedPathsMax: 8,
  /** Rounds of a loop that are followed. */
  loopRounds: 1,
  /** Rounds of a loop whose condition is known to hold. */
  knownRounds: 4,
  /** Macros inside of macros are written out this deep. */
  macroDepthMax: 6,
  /** The longest text that a macro is written out to. */
  macroLengthMax: 4_000,
  /** Headers included by headers are read this deep. */
  headerDepthMax: 3,
  /** Headers read for one file, nearest first. */
  headersMax: 400,
  /** Functions and macros of headers that the functions of one file come to, nearest first. */
  outsideMax: 2_000,
} as const;

/** Where a walk stops for lack of time; it says so in `cut`. */
export type StepLimits = { readonly stepsMax: number; readonly watchedStepsMax: number; readonly watchedCallStepsMax: number };

/** How a contradiction begins that only says that a loop was left early. */
export const moreRounds = "more rounds of ";

/** Conditions that must be answered in two ways for the path to come to the event `last`: what it comes to later asks nothing of that. */
export function contradictionsBefore({ contradictions }: Trace, last: number): readonly string[] {
  return contradictions.flatMap(({ text, at }) => (at <= last && !text.startsWith(moreRounds) ? [text] : []));
}
