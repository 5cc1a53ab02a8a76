/** Which functions are worth following: those that, callees included, touch what the rules are about. */

import { apiOf, partlyKnown } from "./kernel-api/index.ts";
import type { CoreEffect, EffectSpec } from "./kernel-api/schema.ts";
import { isDetailEffect, type DetailKind } from "./detail-events.ts";
import type { Expr, FunctionDef } from "../syntax/c-syntax.ts";
import { walkExprs, walkStmts } from "./ast-walk.ts";
import type { FileFacts } from "./file-facts.ts";

type Interest = "rcu" | "life" | "lock" | undefined;

const interestOf: Readonly<Record<CoreEffect["kind"], Interest>> = {
  "reader-enter": "rcu", "reader-leave": "rcu", wait: "rcu", "defer-free": "rcu", "defer-call": "rcu", "rcu-read": "rcu", "rcu-publish": "rcu",
  free: "life", "free-list": "life", "list-add": "life", "list-delete": "life", "list-move": "life", "list-replace": "life", exchange: "life", "ref-put": undefined,
  lock: "lock", unlock: "lock", "global-lock": "lock", "global-unlock": "lock", "assert-held": undefined, "assert-global-held": undefined,
  allocate: undefined, "list-walk": undefined, "list-peek": undefined, fence: undefined, load: undefined, store: undefined, "ref-get": undefined, derive: undefined,
  container: undefined, touch: undefined, "value-of": undefined, "is-error": undefined, "never-returns": undefined, swap: undefined, pure: undefined, mmio: undefined,
};

/**
 * What a walk follows calls for. `rcu`: object life under RCU; `data`: all that touches a pointer or list that some code
 * treats as RCU-protected, plain accesses too; `context`: sections, locks, what sleeps and what waits; `device`: barriers,
 * registers, tables that a device reads, and what invalidates its caches.
 */
export type Topic = "rcu" | "data" | "context" | "device";

/** Effects that make a function one of the topic; "may-sleep" is a call that the table says may sleep. */
const topicEffects: Readonly<Record<Exclude<Topic, "rcu" | "data">, ReadonlySet<EffectSpec["kind"] | "may-sleep">>> = {
  context: new Set(["reader-enter", "reader-leave", "lock", "unlock", "global-lock", "global-unlock", "wait", "defer-free", "defer-call", "allocate", "may-sleep", "wait-handler", "start"]),
  device: new Set(["mmio", "dma", "iommu-flush", "tag-release", "iopf", "rmw", "fence", "free", "list-walk", "list-add", "list-delete", "rcu-publish", "rcu-read", "store", "load", "exchange"]),
};

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
  /** Reaches a call that nothing is known of; the value is such a name. */
  readonly opaque: ReadonlyMap<string, string>;
};

/** `details`: effects for which functions are followed too, for a walker that tells paths apart by them. */
export function relevanceOf(facts: FileFacts, topic: Topic = "rcu", details: ReadonlySet<DetailKind> = new Set()): Relevance {
  const rcu = new Set<string>();
  const life = new Set<string>();
  const readers = new Set<string>();
  const lockedWalks = new Set<string>();
  const follow = new Set<string>();
  const subject = new Set<string>();
  const names = topic === "data" ? protectedNames(facts) : new Set<string>();
  const opaque = new Map<string, string>();
  for (const fn of facts.functions.values()) {
    const own = ownInterests(fn, facts, details);
    if (own.has("walk") && own.has("lock")) lockedWalks.add(fn.name);
    if (own.has("section")) readers.add(fn.name);
    if (own.has("rcu")) rcu.add(fn.name);
    if (own.has("rcu") || own.has("life")) life.add(fn.name);
    if (own.has("rcu")) subject.add(fn.name);
    if (topic === "data" ? mentions(fn, names) : isOfTopic(fn, topic, facts)) subject.add(fn.name);
    const isLife = own.has("rcu") || own.has("life") || own.has("half-lock") || own.has("detail");
    const isSubject = topic === "rcu" ? isLife : topic === "data" ? isLife || subject.has(fn.name) : subject.has(fn.name);
    if (isSubject || isSmall(fn)) follow.add(fn.name);
    const unknown = [...(facts.calledNames.get(fn.name) ?? [])].find((name) => apiOf(name) === undefined && !facts.functions.has(name));
    if (unknown !== undefined) opaque.set(fn.name, unknown);
  }
  spread(facts, rcu);
  spread(facts, life);
  spread(facts, follow);
  spread(facts, subject);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [caller, callees] of facts.callees) {
      const via = [...callees].find((callee) => opaque.has(callee));
      if (via !== undefined && !opaque.has(caller)) {
        opaque.set(caller, opaque.get(via) ?? via);
        changed = true;
      }
    }
  }
  return { topic, subject, rcu, life, readers, lockedWalks, follow, opaque };
}

/** Fields and globals that are declared __rcu, or that some code of the file uses as RCU pointers, list heads or links. */
function protectedNames(facts: FileFacts): ReadonlySet<string> {
  const names = new Set<string>();
  const addNameOf = (expr: Expr | undefined): void => {
    if (expr === undefined) return;
    if (expr.kind === "unary" || expr.kind === "cast") addNameOf(expr.operand);
    else if (expr.kind === "index") addNameOf(expr.object);
    else if (expr.kind === "member") names.add(expr.field);
    else if (expr.kind === "identifier" && facts.globals.has(expr.name)) names.add(expr.name);
  };
  const see = (name: string, args: readonly Expr[]): void => {
    for (const effect of apiOf(name)?.effects ?? []) {
      if (effect.kind === "rcu-read" || effect.kind === "rcu-publish") addNameOf(args[effect.pointer]);
      if (effect.kind === "list-walk" && effect.rcu) {
        addNameOf(args[effect.head]);
        const member = effect.member === undefined ? undefined : args[effect.member];
        if (member?.kind === "identifier") names.add(member.name);
      }
      if ((effect.kind === "list-add" || effect.kind === "list-delete") && effect.rcu) addNameOf(args[effect.element]);
    }
  };
  for (const fn of facts.functions.values()) {
    walkExprs(fn.body, (expr) => { if (expr.kind === "call" && expr.callee.kind === "identifier") see(expr.callee.name, expr.args); });
    walkStmts(fn.body, (stmt) => { if (stmt.kind === "macro-loop") see(stmt.macro, stmt.args); });
  }
  for (const struct of facts.unit.structs) for (const field of struct.fields) if (field.attributes.some(({ name }) => name === "__rcu")) names.add(field.name);
  for (const [name, { attributes }] of facts.globals) if (attributes.includes("__rcu")) names.add(name);
  return names;
}

function mentions(fn: FunctionDef, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false;
  let found = false;
  walkExprs(fn.body, (expr) => { if ((expr.kind === "member" && names.has(expr.field)) || (expr.kind === "identifier" && names.has(expr.name))) found = true; });
  return found;
}

function isOfTopic(fn: FunctionDef, topic: Topic, facts: FileFacts): boolean {
  if (topic === "rcu" || topic === "data") return false;
  const wanted = topicEffects[topic];
  const isWanted = (name: string): boolean => {
    const row = apiOf(name) ?? partlyKnown(name);
    return (wanted.has("may-sleep") && row?.maySleep === true) || row?.effects.some((effect) => wanted.has(effect.kind) || (topic === "device" && effect.kind === "allocate" && effect.memory !== "slab")) === true;
  };
  if ([...(facts.calledNames.get(fn.name) ?? [])].some(isWanted)) return true;
  let found = false;
  walkStmts(fn.body, (stmt) => { if ((stmt.kind === "macro-loop" && isWanted(stmt.macro)) || (stmt.kind === "guard" && topic === "context")) found = true; });
  return found;
}

function ownInterests(fn: FunctionDef, facts: FileFacts, details: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  let locks = 0;
  let unlocks = 0;
  const see = (name: string): void => {
    const api = apiOf(name) ?? partlyKnown(name);
    for (const effect of api?.effects ?? []) {
      if (details.has(effect.kind)) found.add("detail");
      if (isDetailEffect(effect)) continue;
      if ((effect.kind === "reader-enter" || effect.kind === "reader-leave") && effect.implicit === true) continue;
      if ("rcu" in effect && effect.rcu) found.add("rcu");
      if (effect.kind === "reader-enter") found.add("section");
      if (effect.kind !== "list-walk" && effect.kind !== "list-peek") {
        const interest = interestOf[effect.kind];
        if (interest === "lock") {
          if (effect.kind === "lock" || effect.kind === "global-lock") locks++;
          else unlocks++;
        } else if (interest !== undefined) found.add(interest);
      }
    }
  };
  for (const name of facts.calledNames.get(fn.name) ?? []) see(name);
  walkStmts(fn.body, (stmt) => {
    if (stmt.kind === "macro-loop") see(stmt.macro);
    if (stmt.kind === "macro-loop" && apiOf(stmt.macro)?.effects.some((effect) => effect.kind === "list-walk") === true) found.add("walk");
    // A look-up that returns an element: following it keeps which list the element is on.
    if (stmt.kind === "macro-loop" && fn.returnType.includes("*")) found.add("half-lock");
    if (stmt.kind === "guard" && /rcu/.test(stmt.guardClass)) found.add("rcu").add("section");
  });
  if (locks > 0) found.add("lock");
  if ((locks > 0) !== (unlocks > 0)) found.add("half-lock");
  return found;
}

/** Wrappers such as to_foo_domain(): following them keeps the identity of what they return. */
function isSmall(fn: FunctionDef): boolean {
  let count = 0;
  walkStmts(fn.body, (stmt) => { if (stmt.kind !== "block" && stmt.kind !== "empty") count++; });
  return count <= 3;
}

/** Callers of a member become members. */
function spread(facts: FileFacts, set: Set<string>): void {
  const queue = [...set];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    for (const caller of facts.callers.get(name) ?? []) {
      if (set.has(caller)) continue;
      set.add(caller);
      queue.push(caller);
    }
  }
}
