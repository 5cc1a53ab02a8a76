/** Which functions are worth following: those that, callees included, touch what the rules are about. */

import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import { byteOrder } from "./kernel-api/inert.ts";
import type { ApiRow, CoreEffect, EffectSpec } from "./kernel-api/schema.ts";
import { isDetailEffect, type DetailKind } from "./detail-events.ts";
import type { Expr, FunctionDef } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import { type Callee, type CallGraph, callGraphOf } from "./call-graph.ts";
import { memoOfCode, statementsOfCode } from "./code-summary.ts";
import type { FileFacts } from "./file-facts.ts";

/** What the caller still sees when the function has returned; a read-side section that it leaves again is its own affair. */
const lasting: ReadonlySet<EffectSpec["kind"]> = new Set(["wait", "defer-free", "defer-call", "rcu-publish", "free", "free-list", "list-add", "list-delete", "list-move", "list-replace", "exchange"]);

type Interest = "rcu" | "life" | "lock" | "reference" | undefined;

const interestOf: Readonly<Record<CoreEffect["kind"], Interest>> = {
  "reader-enter": "rcu", "reader-leave": "rcu", wait: "rcu", "defer-free": "rcu", "defer-call": "rcu", "rcu-read": "rcu", "rcu-publish": "rcu",
  free: "life", "free-list": "life", "list-add": "life", "list-delete": "life", "list-move": "life", "list-replace": "life", exchange: "life", "ref-put": "reference", "ref-get": "reference",
  lock: "lock", unlock: "lock", "global-lock": "lock", "global-unlock": "lock", "assert-held": undefined, "assert-global-held": undefined,
  allocate: undefined, "list-walk": undefined, "list-peek": undefined, fence: undefined, load: undefined, store: undefined, derive: undefined,
  container: undefined, touch: undefined, "value-of": undefined, "is-error": undefined, "never-returns": undefined, swap: undefined, pure: undefined, mmio: undefined,
};

/**
 * What a walk follows calls for. `rcu`: object life under RCU; `data`: all that touches a pointer or list that some code
 * treats as RCU-protected, plain accesses too; `context`: sections, locks, what sleeps and what waits; `device`: barriers,
 * registers, tables that a device reads, and what invalidates its caches.
 */
export type Topic = "rcu" | "data" | "context" | "device";

/** Effects that make a function one of the topic; "may-sleep" is a call that the table says may sleep. */
const topicEffects: Readonly<Record<Exclude<Topic, "rcu">, ReadonlySet<EffectSpec["kind"] | "may-sleep">>> = {
  data: new Set(["insert", "remove", "lookup"]),
  context: new Set(["reader-enter", "reader-leave", "lock", "unlock", "global-lock", "global-unlock", "wait", "defer-free", "defer-call", "allocate", "may-sleep", "wait-handler", "start"]),
  device: new Set(["mmio", "dma", "iommu-flush", "translation", "tag-release", "iopf", "rmw", "fence", "free", "list-walk", "list-add", "list-delete", "rcu-publish", "rcu-read", "store", "load", "exchange"]),
};

/** What reads or writes a word for a device, in a header of the driver, converts it. */
const byteOrders: ReadonlySet<string> = new Set(byteOrder);

/** Names of functions of the file, but for `follow`, `values` and `opaque`, which know those of headers as well. */
export type Relevance = {
  readonly topic: Topic;
  /** Reaches what the topic is about. */
  readonly subject: ReadonlySet<string>;
  /** Reaches an RCU primitive. */
  readonly rcu: ReadonlySet<string>;
  /** Reaches an RCU primitive, or ends or unlinks an object. */
  readonly life: ReadonlySet<string>;
  /** Enters a read-side section itself. */
  readonly readers: ReadonlySet<string>;
  /** Walks a list under a lock, outside any section: a reader of another kind. */
  readonly lockedWalks: ReadonlySet<string>;
  /** Worth inlining into a path: RCU, object life, or a lock taken or dropped for the caller. */
  readonly follow: ReadonlySet<string>;
  /** Functions of headers that only return an expression: to_foo(). */
  readonly values: ReadonlySet<string>;
  /** Reaches a call of which not all is known; the value is such a name, of several the one of which least is known. */
  readonly opaque: ReadonlyMap<string, string>;
};

/** `details`: effects for which functions are followed too, for a walker that tells paths apart by them. */
export function relevanceOf(facts: FileFacts, topic: Topic = "rcu", details: ReadonlySet<DetailKind> = new Set()): Relevance {
  const graph = callGraphOf(facts);
  const rcu = new Set<string>();
  const life = new Set<string>();
  const readers = new Set<string>();
  const lockedWalks = new Set<string>();
  const follow = new Set<string>();
  const subject = new Set<string>();
  const names = topic === "data" ? protectedNames(facts) : new Set<string>();
  const values = new Set<string>();
  const opaque = new Map<string, string>();
  const { callees } = graph;
  for (const callee of callees) {
    const { name, fn, isOwn } = callee;
    const own = ownInterests(callee, graph, details);
    if (own.has("walk") && own.has("lock")) lockedWalks.add(name);
    if (own.has("section")) readers.add(name);
    if (own.has("rcu")) rcu.add(name);
    if (own.has("rcu") || own.has("life")) life.add(name);
    if (own.has("rcu") || isOfTopic(callee, topic) || (topic === "data" && mentions(fn, names))) subject.add(name);
    const isLife = own.has("rcu") || own.has("life") || own.has("half-lock") || own.has("detail");
    const isWorth = topic === "rcu" ? isLife : topic === "data" ? isLife || subject.has(name) : subject.has(name);
    const isAccessor = topic === "device" && callee.isNear && isSmall(fn) && [...callee.calls].some((called) => byteOrders.has(called));
    const isFollowed = isAccessor || (isOwn ? isWorth || isSmall(fn) || isBucketOf(fn) || (topic === "data" && own.has("reference")) : callee.isNear ? isWorth || own.has("reference") : own.has("lasting") || own.has("half-lock"));
    if (isFollowed) follow.add(name);
    else if (!isOwn && fn.body.body.length === 1 && fn.body.body[0]?.kind === "return") values.add(name);
  }
  // A header's function that enters a section for its caller makes a reader of the caller.
  for (const { name, isOwn, calls } of graph.callees) if (isOwn && [...calls].some((one) => readers.has(one) && graph.find(one)?.isOwn === false && graph.find(one)?.isNear === true)) readers.add(name);
  for (const set of [rcu, life, follow, subject]) graph.spread(set);
  for (const name of follow) values.delete(name);
  for (const isMeant of unknownKinds) {
    for (const { name, unknown } of callees) {
      const first = opaque.has(name) ? undefined : unknown.find((one) => isMeant(graph.rowOf(one)));
      if (first !== undefined) opaque.set(name, first);
    }
    for (let changed = true; changed; ) {
      changed = false;
      for (const { name, calls } of callees) {
        const via = opaque.has(name) ? undefined : firstAmong(calls, opaque);
        if (via === undefined) continue;
        opaque.set(name, opaque.get(via) ?? via);
        changed = true;
      }
    }
  }
  const own = (names: ReadonlySet<string>): ReadonlySet<string> => new Set([...names].filter((name) => facts.functions.has(name)));
  return { topic, subject: own(subject), rcu: own(rcu), life: own(life), readers: own(readers), lockedWalks: own(lockedWalks), follow, values, opaque };
}

/** The call that says most of a function is the one of which least is known: nothing at all, or not even that it never waits. */
const unknownKinds: readonly ((row: ApiRow | undefined) => boolean)[] = [(row) => row === undefined, (row) => row?.neverWaits !== true, () => true];

function firstAmong(names: ReadonlySet<string>, wanted: ReadonlyMap<string, string>): string | undefined {
  for (const name of names) if (wanted.has(name)) return name;
  return undefined;
}

/** Fields and globals that are declared __rcu, or that some code of the file uses as RCU pointers, list heads or links; what is walked in a section that the same function enters is a list of RCU. */
function protectedNames(facts: FileFacts): ReadonlySet<string> {
  const names = new Set<string>();
  const addNameOf = (expr: Expr | undefined): void => {
    if (expr === undefined) return;
    if (expr.kind === "unary" || expr.kind === "cast") addNameOf(expr.operand);
    else if (expr.kind === "index") addNameOf(expr.object);
    else if (expr.kind === "member") names.add(expr.field);
    else if (expr.kind === "identifier" && facts.globals.has(expr.name)) names.add(expr.name);
  };
  const addMember = (expr: Expr | undefined): void => {
    if (expr?.kind === "identifier") names.add(expr.name);
  };
  const see = (name: string, args: readonly Expr[], isReader: boolean): void => {
    for (const effect of apiOf(name)?.effects ?? []) {
      if (effect.kind === "rcu-read" || effect.kind === "rcu-publish") {
        const last = effect.fields?.at(-1);
        if (last === undefined) addNameOf(args[effect.pointer]);
        else names.add(last.field);
      }
      if (effect.kind === "list-walk" && (effect.rcu || isReader)) {
        addNameOf(args[effect.head]);
        addMember(effect.member === undefined ? undefined : args[effect.member]);
      }
      if (effect.kind === "container" && effect.first !== undefined && isReader) addMember(args[effect.member]);
      if ((effect.kind === "list-add" || effect.kind === "list-delete") && effect.rcu) addNameOf(args[effect.element]);
    }
  };
  for (const fn of facts.functions.values()) {
    const isReader = [...(facts.calledNames.get(fn.name) ?? [])].some(entersSection);
    walkExprs(fn.body, (expr) => { if (expr.kind === "call" && expr.callee.kind === "identifier") see(expr.callee.name, expr.args, isReader); });
    walkStmts(fn.body, (stmt) => { if (stmt.kind === "macro-loop") see(stmt.macro, stmt.args, isReader); });
  }
  for (const struct of facts.unit.structs) for (const field of struct.fields) if (field.attributes.some(({ name }) => name === "__rcu")) names.add(field.name);
  for (const [name, { attributes }] of facts.globals) if (attributes.includes("__rcu")) names.add(name);
  return names;
}

const entersSection = (name: string): boolean => apiOf(name)?.effects.some((effect) => effect.kind === "reader-enter" && effect.implicit !== true) === true;

function mentions(fn: FunctionDef, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false;
  return mentionedIn(fn).some((name) => names.has(name));
}

/** Given to a call that is not known, it says that this may allocate. */
export const isAllocationFlag = (name: string): boolean => /^(?:__)?GFP_[A-Z]/.test(name);

const mentionedIn = memoOfCode((fn): readonly string[] => {
  const found = new Set<string>();
  walkExprs(fn.body, (expr) => {
    if (expr.kind === "member") found.add(expr.field);
    else if (expr.kind === "identifier") found.add(expr.name);
  });
  return [...found];
});

function isOfTopic({ fn, calls, loops }: Callee, topic: Topic): boolean {
  if (topic === "rcu") return false;
  const wanted = topicEffects[topic];
  const isWanted = (name: string): boolean => {
    const row = apiOf(name) ?? partlyKnown(name);
    return (wanted.has("may-sleep") && row?.maySleep === true) || row?.effects.some((effect) => wanted.has(effect.kind) || (topic === "device" && effect.kind === "allocate" && effect.memory !== "slab")) === true;
  };
  if ([...calls].some(isWanted) || loops.some(isWanted)) return true;
  return topic === "context" && (statementsOfCode(fn).guardClasses.length > 0 || mentionedIn(fn).some(isAllocationFlag));
}

function ownInterests({ fn, calls, loops }: Callee, graph: CallGraph, details: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  let locks = 0;
  let unlocks = 0;
  let sections = 0;
  const see = (name: string): void => {
    for (const effect of graph.rowOf(name)?.effects ?? []) {
      if (details.has(effect.kind)) found.add("detail");
      if (effect.kind === "needs-reader") found.add("rcu");
      if (isDetailEffect(effect)) continue;
      if ((effect.kind === "reader-enter" || effect.kind === "reader-leave") && effect.implicit === true) continue;
      if ("rcu" in effect && effect.rcu) found.add("rcu");
      if (effect.kind === "reader-enter") found.add("section");
      if (effect.kind === "reader-enter" || effect.kind === "reader-leave") sections += effect.kind === "reader-enter" ? 1 : -1;
      if (lasting.has(effect.kind)) found.add("lasting");
      if (effect.kind !== "list-walk" && effect.kind !== "list-peek") {
        const interest = interestOf[effect.kind];
        if (interest === "lock") {
          if (effect.kind === "lock" || effect.kind === "global-lock") locks++;
          else unlocks++;
        } else if (interest !== undefined) found.add(interest);
      }
    }
  };
  for (const name of calls) see(name);
  for (const loop of loops) {
    const names = graph.namesBehind(loop);
    for (const name of names) see(name);
    if (names.some((name) => apiOf(name)?.effects.some((effect) => effect.kind === "list-walk") === true)) found.add("walk");
    // A look-up that returns an element: following it keeps which list the element is on.
    if (fn.returnType.includes("*")) found.add("half-lock");
  }
  if (statementsOfCode(fn).guardClasses.some((name) => name.includes("rcu"))) found.add("rcu").add("section");
  if (locks > 0) found.add("lock");
  if ((locks > 0) !== (unlocks > 0)) found.add("half-lock");
  if (sections !== 0) found.add("lasting");
  return found;
}

/** Wrappers such as to_foo_domain(): following them keeps the identity of what they return. */
const isSmall = (fn: FunctionDef): boolean => statementsOfCode(fn).statementCount <= 3;

/** It gives the list that something stands on, which decides who meets whom. */
const isBucketOf = (fn: FunctionDef): boolean => /\bstruct h?list_head \*$/.test(fn.returnType);
