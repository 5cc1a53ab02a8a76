/**
 * Rewrites object life into memory accesses of the LKMM, so that stock herd7 can check the result.
 *
 * - A freed object gets a new owner, who writes `poison` to every word: reading poison is the use after free
 *   (the same trick as Documentation in tools/memory-model plays with a "new owner" thread).
 * - A callback is a thread of its own: it starts after the store that queued it, and waits for a grace period
 *   first. This is the emulation of call_rcu() that tools/memory-model/Documentation/litmus-tests.txt names.
 */

import { assert } from "./assert.ts";
import type { Expression, Global, Instruction, Program, Proposition, Thread } from "./program.ts";

/** What the next owner of freed memory writes; no live word of an extracted program has this value. */
export const poison = 99;

export const constant = (value: number): Expression => ({ kind: "constant", value });
export const register = (name: string): Expression => ({ kind: "register", name });
export const addressOf = (location: string, word = 0): Expression => ({ kind: "address", location, offset: 4 * word });

type Lowering = { readonly globals: Map<string, Global>; readonly extra: Global[]; readonly filters: Proposition[]; registers: number };

/** The same program without lifetime instructions. Asserts that freed objects and callbacks are known. */
export function lowerLifetimes(program: Program): Program {
  const lowering: Lowering = { globals: new Map(program.globals.map((global) => [global.name, global])), extra: [], filters: [], registers: 0 };
  const threads = program.threads.map((thread, index) => lowerThread(thread, index, program, lowering));
  const filter = [...(program.filter === undefined ? [] : [program.filter]), ...lowering.filters].reduce<Proposition | undefined>(
    (all, one) => (all === undefined ? one : { kind: "and", left: all, right: one }),
    undefined,
  );
  return { ...program, globals: [...program.globals, ...lowering.extra], threads, ...(filter === undefined ? {} : { filter }) };
}

const queuedFlag = (callback: string): string => `v_queued_${callback}`;
const doneFlag = (callback: string): string => `v_done_${callback}`;

function lowerThread(thread: Thread, index: number, program: Program, lowering: Lowering): Thread {
  const body = lowerBody(thread.body, index, lowering);
  const { callback } = thread;
  if (callback === undefined) return { ...thread, body };
  const queue = findQueue(program, callback);
  assert(queue !== undefined, `callback ${callback} is queued by some thread`);
  lowering.extra.push({ name: queuedFlag(callback), type: "int", words: [{ kind: "constant", value: 0 }] });
  const source = queue.source === undefined ? {} : { source: queue.source };
  const started: Instruction = { kind: "assign", register: "r_cb", value: { kind: "load", tag: "acquire", address: addressOf(queuedFlag(callback)) }, ...source };
  const wait: Instruction = queue.domain === undefined ? { kind: "fence", fence: "sync-rcu", ...source } : { kind: "synchronize-srcu", domain: queue.domain, ...source };
  const done: readonly Instruction[] = lowering.extra.some((global) => global.name === doneFlag(callback))
    ? [{ kind: "store", tag: "release", address: addressOf(doneFlag(callback)), value: constant(1) }]
    : [];
  const guarded: Instruction = { kind: "if", condition: { kind: "binary", operator: "==", left: register("r_cb"), right: constant(1) }, then: [wait, ...body, ...done], else: [] };
  return { ...thread, body: [started, guarded] };
}

type CallRcu = Extract<Instruction, { kind: "call-rcu" }>;

function findQueue(program: Program, callback: string): CallRcu | undefined {
  const search = (body: readonly Instruction[]): CallRcu | undefined => {
    for (const one of body) {
      if (one.kind === "call-rcu" && one.callback === callback) return one;
      const inner = one.kind === "if" ? (search(one.then) ?? search(one.else)) : one.kind === "while" ? search(one.body) : undefined;
      if (inner !== undefined) return inner;
    }
    return undefined;
  };
  for (const thread of program.threads) {
    const found = search(thread.body);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lowerBody(body: readonly Instruction[], thread: number, lowering: Lowering): readonly Instruction[] {
  return body.flatMap((one) => lowerInstruction(one, thread, lowering));
}

function lowerInstruction(one: Instruction, thread: number, lowering: Lowering): readonly Instruction[] {
  const source = one.source === undefined ? {} : { source: one.source };
  switch (one.kind) {
    case "if": return [{ ...one, then: lowerBody(one.then, thread, lowering), else: lowerBody(one.else, thread, lowering) }];
    case "while": return [{ ...one, body: lowerBody(one.body, thread, lowering) }];
    case "free": {
      assert(one.object.kind === "address", "a free names the object itself, not a register");
      const { location } = one.object;
      const object = lowering.globals.get(location);
      assert(object !== undefined, `the freed object ${location} is declared`);
      return object.words.map((_, word): Instruction => ({ kind: "store", tag: "once", address: addressOf(location, word), value: constant(poison), ...source }));
    }
    case "call-rcu": return [{ kind: "store", tag: "release", address: addressOf(queuedFlag(one.callback)), value: constant(1), ...source }];
    case "rcu-barrier": return one.callbacks.map((callback): Instruction => {
      if (!lowering.extra.some((global) => global.name === doneFlag(callback))) lowering.extra.push({ name: doneFlag(callback), type: "int", words: [{ kind: "constant", value: 0 }] });
      const name = `r_done${String(lowering.registers++)}`;
      lowering.filters.push({ kind: "equals", left: { kind: "register", thread, register: name }, right: { kind: "constant", value: 1 } });
      return { kind: "assign", register: name, value: { kind: "load", tag: "acquire", address: addressOf(doneFlag(callback)) }, ...source };
    });
    default: return [one];
  }
}
