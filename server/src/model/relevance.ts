/** Which functions are worth following: those that, callees included, touch what the rules are about. */

import { apiOf } from "./kernel-api/index.ts";
import type { EffectSpec } from "./kernel-api/schema.ts";
import type { FunctionDef } from "../syntax/c-syntax.ts";
import { walkStmts } from "./ast-walk.ts";
import { memoOfCode, summaryOfCode } from "./code-summary.ts";
import type { FileFacts } from "./file-facts.ts";

type Interest = "rcu" | "life" | "lock" | undefined;

const interestOf: Readonly<Record<EffectSpec["kind"], Interest>> = {
  "reader-enter": "rcu", "reader-leave": "rcu", wait: "rcu", "defer-free": "rcu", "defer-call": "rcu", "rcu-read": "rcu", "rcu-publish": "rcu",
  free: "life", "free-list": "life", "list-add": "life", "list-delete": "life", "list-move": "life", "list-replace": "life", exchange: "life", "ref-put": undefined,
  lock: "lock", unlock: "lock", "global-lock": "lock", "global-unlock": "lock", "assert-held": undefined, "assert-global-held": undefined,
  allocate: undefined, "list-walk": undefined, "list-peek": undefined, fence: undefined, load: undefined, store: undefined, "ref-get": undefined, derive: undefined,
  container: undefined, touch: undefined, "value-of": undefined, "is-error": undefined, "never-returns": undefined, swap: undefined, pure: undefined, mmio: undefined,
};

export type Relevance = {
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

export function relevanceOf(facts: FileFacts): Relevance {
  const rcu = new Set<string>();
  const life = new Set<string>();
  const readers = new Set<string>();
  const lockedWalks = new Set<string>();
  const follow = new Set<string>();
  const opaque = new Map<string, string>();
  for (const fn of facts.functions.values()) {
    const own = ownInterests(fn);
    if (own.has("walk") && own.has("lock")) lockedWalks.add(fn.name);
    if (own.has("section")) readers.add(fn.name);
    if (own.has("rcu")) rcu.add(fn.name);
    if (own.has("rcu") || own.has("life")) life.add(fn.name);
    if (own.has("rcu") || own.has("life") || own.has("half-lock") || own.has("small")) follow.add(fn.name);
    const unknown = [...(facts.calledNames.get(fn.name) ?? [])].find((name) => apiOf(name) === undefined && !facts.functions.has(name));
    if (unknown !== undefined) opaque.set(fn.name, unknown);
  }
  spread(facts, rcu);
  spread(facts, life);
  spread(facts, follow);
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
  return { rcu, life, readers, lockedWalks, follow, opaque };
}

const ownInterests = memoOfCode(interestsIn);

function interestsIn(fn: FunctionDef): ReadonlySet<string> {
  const found = new Set<string>();
  let locks = 0;
  let unlocks = 0;
  const see = (name: string): void => {
    const api = apiOf(name);
    for (const effect of api?.effects ?? []) {
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
  for (const name of summaryOfCode(fn).called) see(name);
  walkStmts(fn.body, (stmt) => {
    if (stmt.kind === "macro-loop") see(stmt.macro);
    if (stmt.kind === "macro-loop" && apiOf(stmt.macro)?.effects.some((effect) => effect.kind === "list-walk") === true) found.add("walk");
    // A look-up that returns an element: following it keeps which list the element is on.
    if (stmt.kind === "macro-loop" && fn.returnType.includes("*")) found.add("half-lock");
    if (stmt.kind === "guard" && /rcu/.test(stmt.guardClass)) found.add("rcu").add("section");
  });
  if (locks > 0) found.add("lock");
  if ((locks > 0) !== (unlocks > 0)) found.add("half-lock");
  if (isSmall(fn)) found.add("small");
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
