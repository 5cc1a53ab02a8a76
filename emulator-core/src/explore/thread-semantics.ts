/*
 * What one thread does, path by path: every read yields a fresh symbol, an `if` forks with its
 * condition recorded and both arms are kept, whatever the initial values say (values that justify
 * themselves through control are legal in the LKMM). As herd7: operands of one expression are
 * evaluated in parallel, without program order between them; dependencies flow through registers;
 * control reaches the events inside the arms and ends at the join.
 *
 * Sets of events of one thread are bigints: bit i is event i.
 */
import { assert } from "../assert.ts";
import type { AccessTag, Expression, Instruction } from "../program.ts";
import type { Path, RegisterValue } from "./path.ts";
import { allOf, assume, bit, resultOf, type NewEvent, type Outcome, type State } from "./outcome.ts";
import { addressValue, known, operation, type SymbolicValue } from "./values.ts";

/** herd7's default for `while`. */
export const unrollMax = 2;

/** Paths of one thread we are ready to list; beyond that the answer is a limit, not a crash. */
export const pathsMax = 4096;

export type ThreadSettings = {
  readonly globalIndex: ReadonlyMap<string, number>;
  readonly plainAsMarked: boolean;
};

/** undefined: more than `pathsMax` paths. */
export function pathsOf(
  body: readonly Instruction[],
  initialRegisters: ReadonlyMap<string, RegisterValue>,
  settings: ThreadSettings,
): readonly Path[] | undefined {
  const start: State = { events: [], constraints: [], registers: initialRegisters, ctrl: 0n, cut: false };
  try {
    return new ThreadRunner(settings).runBody(body, [start]);
  } catch (error) {
    if (error === tooManyPaths) return undefined;
    throw error;
  }
}

const tooManyPaths = new Error("too many paths");

/** Owns nothing but the settings and the instruction at hand. */
class ThreadRunner {
  readonly #settings: ThreadSettings;
  #instruction!: Instruction;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
  }

  runBody(body: readonly Instruction[], states: readonly State[]): readonly State[] {
    let current = states;
    for (const instruction of body) {
      const next: State[] = [];
      for (const state of current) {
        if (state.cut) next.push(state);
        else next.push(...this.#run(instruction, state));
      }
      if (next.length > pathsMax) throw tooManyPaths;
      current = next;
    }
    return current;
  }

  #run(instruction: Instruction, state: State): readonly State[] {
    this.#instruction = instruction;
    const all = allOf(state);
    switch (instruction.kind) {
      case "assign":
        return this.#evaluate(instruction.value, state, all).map((o) => ({
          ...o.state,
          registers: new Map(o.state.registers).set(instruction.register, { value: o.value, taint: o.taint }),
        }));
      case "evaluate":
        return this.#evaluate(instruction.value, state, all).map((o) => o.state);
      case "store":
        return this.#evaluateAll([instruction.address, instruction.value], state, all).map(({ state: s, parts, made }) => {
          const [address, value] = parts as [Outcome, Outcome];
          const tag = this.#tag(instruction.tag);
          return this.#append(s, { kind: "write", tag, before: all | made, address: address.value, value: value.value, addr: address.taint, data: value.taint });
        });
      case "fence":
        return [this.#append(state, { kind: "fence", tag: instruction.fence, before: all, addr: 0n, data: 0n })];
      case "spin-lock":
        return this.#evaluate(instruction.lock, state, all).map((o) => this.#takeLock(o, all | o.made));
      case "spin-unlock":
        return this.#evaluate(instruction.lock, state, all).map((o) =>
          this.#append(o.state, { kind: "unlock", tag: "lock", before: all | o.made, address: o.value, value: known(0), addr: o.taint, data: 0n }),
        );
      case "srcu-read-unlock":
        return this.#evaluateAll([instruction.domain, instruction.index], state, all).map(({ state: s, parts, made }) => {
          const [domain, index] = parts as [Outcome, Outcome];
          return this.#append(s, { kind: "srcu-unlock", tag: "srcu-unlock", before: all | made, address: domain.value, value: index.value, addr: domain.taint, data: index.taint });
        });
      case "synchronize-srcu":
        return this.#evaluate(instruction.domain, state, all).map((o) =>
          this.#append(o.state, { kind: "sync-srcu", tag: "sync-srcu", before: all | o.made, address: o.value, addr: o.taint, data: 0n }),
        );
      case "if":
        return this.#evaluate(instruction.condition, state, all).flatMap((o) => this.#branch(o, instruction.then, instruction.else));
      case "while":
        return this.#loop(instruction, instruction.condition, instruction.body, state, 0);
      default:
        assert(false, `lifetime instruction \`${instruction.kind}\` reached the explorer: lower it first`);
    }
  }

  #branch(o: Outcome, then: readonly Instruction[], otherwise: readonly Instruction[]): readonly State[] {
    const outer = o.state.ctrl;
    const arms: State[] = [];
    for (const truth of [true, false]) {
      const entered = assume(o, truth);
      if (entered === undefined) continue;
      const done = this.runBody(truth ? then : otherwise, [{ ...entered, ctrl: outer | o.control }]);
      for (const s of done) arms.push({ ...s, ctrl: outer });
    }
    return arms;
  }

  #loop(instruction: Instruction, condition: Expression, body: readonly Instruction[], state: State, round: number): readonly State[] {
    const outer = state.ctrl;
    const ends: State[] = [];
    this.#instruction = instruction;
    for (const o of this.#evaluate(condition, state, allOf(state))) {
      const left = assume(o, false);
      if (left !== undefined) ends.push(left);
      const entered = assume(o, true);
      if (entered === undefined) continue;
      if (round === unrollMax) {
        ends.push({ ...entered, cut: true });
        continue;
      }
      for (const s of this.runBody(body, [{ ...entered, ctrl: outer | o.control }])) {
        if (s.cut) ends.push(s);
        else ends.push(...this.#loop(instruction, condition, body, s, round + 1));
      }
    }
    if (ends.length > pathsMax) throw tooManyPaths;
    return ends.map((s) => ({ ...s, ctrl: outer }));
  }

  /** Evaluates in parallel: each part sees the same `before`. */
  #evaluateAll(parts: readonly Expression[], state: State, before: bigint): readonly { readonly state: State; readonly parts: readonly Outcome[]; readonly made: bigint }[] {
    let rows: { readonly state: State; readonly parts: readonly Outcome[]; readonly made: bigint }[] = [{ state, parts: [], made: 0n }];
    for (const part of parts)
      rows = rows.flatMap((row) =>
        this.#evaluate(part, row.state, before).map((o) => ({ state: o.state, parts: [...row.parts, o], made: row.made | o.made })),
      );
    return rows;
  }

  #evaluate(e: Expression, state: State, before: bigint): readonly Outcome[] {
    switch (e.kind) {
      case "constant":
        return [{ state, value: known(e.value), taint: 0n, control: 0n, made: 0n }];
      case "register": {
        const { value, taint } = state.registers.get(e.name) ?? { value: known(0), taint: 0n };
        return [{ state, value, taint, control: taint, made: 0n }];
      }
      case "address":
        return [{ state, value: known(this.#address(e.location, e.offset)), taint: 0n, control: 0n, made: 0n }];
      case "binary":
        return this.#evaluateAll([e.left, e.right], state, before).map(({ state: s, parts, made }) => {
          const [a, b] = parts as [Outcome, Outcome];
          return { state: s, value: operation(e.operator, a.value, b.value), taint: a.taint | b.taint, control: a.control | b.control, made };
        });
      case "load":
        return this.#evaluate(e.address, state, before).map((o) =>
          this.#read(o, { kind: "read", tag: this.#tag(e.tag), before: before | o.made, address: o.value, addr: o.taint, data: 0n }),
        );
      case "srcu-read-lock":
        return this.#evaluate(e.domain, state, before).map((o) =>
          this.#read(o, { kind: "srcu-lock", tag: "srcu-lock", before: before | o.made, address: o.value, addr: o.taint, data: 0n }),
        );
      case "spin-trylock":
        return this.#evaluate(e.lock, state, before).flatMap((o) => {
          const taken = this.#takeLock(o, before | o.made);
          const pair = bit(taken.events.length - 1) | bit(taken.events.length - 2);
          const failed = this.#read(o, { kind: "lock-fail", tag: "lock", before: before | o.made, address: o.value, addr: o.taint, data: 0n });
          return [
            { state: taken, value: known(1), taint: 0n, control: 0n, made: o.made | pair },
            { ...failed, value: known(0) },
          ];
        });
      case "spin-is-locked":
        return this.#evaluate(e.lock, state, before).flatMap((o) =>
          (["read-locked", "read-unlocked"] as const).map((kind) => ({
            ...this.#read(o, { kind, tag: "lock", before: before | o.made, address: o.value, addr: o.taint, data: 0n }),
            value: known(kind === "read-locked" ? 1 : 0),
          })),
        );
      case "rmw":
        return this.#evaluateRmw(e, state, before);
    }
  }

  #evaluateRmw(e: Extract<Expression, { readonly kind: "rmw" }>, state: State, before: bigint): readonly Outcome[] {
    const { operation: f } = e;
    switch (f.kind) {
      case "exchange":
        return this.#evaluateAll([e.address, f.value], state, before).map(({ state: s, parts, made }) => {
          const [address, value] = parts as [Outcome, Outcome];
          return this.#readWrite(e, s, before | made, made, address, () => value.value, value.taint, false).outcome;
        });
      case "arithmetic":
        return this.#evaluateAll([e.address, f.operand], state, before).map(({ state: s, parts, made }) => {
          const [address, operand] = parts as [Outcome, Outcome];
          const done = this.#readWrite(e, s, before | made, made, address, (old) => operation(f.operator, old, operand.value), operand.taint, true);
          return { ...done.outcome, value: resultOf(e, done.old, done.stored), taint: done.outcome.taint | operand.taint, control: done.outcome.control | operand.control };
        });
      case "compare-exchange":
      case "add-unless": {
        const isCompare = f.kind === "compare-exchange";
        const operands = isCompare ? [e.address, f.expected, f.value] : [e.address, f.unless, f.operand];
        return this.#evaluateAll(operands, state, before).flatMap(({ state: s, parts, made }) => {
          const [address, compared, operand] = parts as [Outcome, Outcome, Outcome];
          const stored = (old: SymbolicValue): SymbolicValue => (isCompare ? operand.value : operation("+", old, operand.value));
          const done = this.#readWrite(e, s, before | made, made, address, stored, operand.taint, !isCompare);
          const yes = assume({ ...done.outcome, value: operation("==", done.old, compared.value) }, isCompare);
          const bare = this.#read({ ...address, state: s, made }, { kind: "read", tag: "once", before: before | made, address: address.value, addr: address.taint, data: 0n, atomic: true });
          const no = assume({ ...bare, value: operation("==", bare.value, compared.value) }, !isCompare);
          const outcomes: Outcome[] = [];
          if (yes !== undefined) outcomes.push({ ...done.outcome, state: yes, value: isCompare ? done.old : known(1) });
          if (no !== undefined) outcomes.push({ ...bare, state: no, value: isCompare ? bare.value : known(0) });
          return outcomes;
        });
      }
    }
  }

  /** F[mb]?; R* -rmw-> W*; F[mb]? as linux-kernel.def (6.12) writes the value-returning families. */
  #readWrite(
    e: Extract<Expression, { readonly kind: "rmw" }>,
    state: State,
    before: bigint,
    made: bigint,
    address: Outcome,
    stored: (old: SymbolicValue) => SymbolicValue,
    operandTaint: bigint,
    isArithmetic: boolean,
  ): { readonly outcome: Outcome; readonly old: SymbolicValue; readonly stored: SymbolicValue } {
    const isFull = e.order === "mb" && e.result !== "none";
    let s = state;
    let order = before;
    let events = made;
    const push = (event: Omit<NewEvent, "before">): number => {
      const at = s.events.length;
      s = this.#append(s, { ...event, before: order });
      order |= bit(at);
      events |= bit(at);
      return at;
    };
    if (isFull) push({ kind: "fence", tag: "mb", addr: 0n, data: 0n });
    const readTag = e.result === "none" ? "noreturn" : e.order === "acquire" ? "acquire" : "once";
    const read = push({ kind: "read", tag: readTag, address: address.value, addr: address.taint, data: 0n, atomic: true });
    const old: SymbolicValue = { kind: "read", event: read };
    const value = stored(old);
    push({
      kind: "write",
      tag: e.order === "release" ? "release" : "once",
      address: address.value,
      value,
      addr: isArithmetic ? 0n : address.taint,
      data: isArithmetic ? operandTaint | bit(read) : operandTaint,
      atomic: true,
      rmwRead: read,
    });
    if (isFull) push({ kind: "fence", tag: "mb", addr: 0n, data: 0n });
    return { outcome: { state: s, value: old, taint: bit(read), control: bit(read) | address.control, made: events }, old, stored: value };
  }

  /** LKR; LKW. */
  #takeLock(o: Outcome, before: bigint): State {
    const read = o.state.events.length;
    const s = this.#append(o.state, { kind: "lock-read", tag: "lock", before, address: o.value, addr: o.taint, data: 0n });
    return this.#append(s, { kind: "lock-write", tag: "lock", before: before | bit(read), address: o.value, value: known(1), addr: o.taint, data: 0n, rmwRead: read });
  }

  #read(o: Outcome, event: NewEvent): Outcome {
    const at = o.state.events.length;
    return {
      state: this.#append(o.state, event),
      value: { kind: "read", event: at },
      taint: bit(at),
      // Quirk of herd7: a load inside a condition also hands on what its address came from.
      control: bit(at) | o.control,
      made: o.made | bit(at),
    };
  }

  #append(state: State, event: NewEvent): State {
    return { ...state, events: [...state.events, { ...event, ctrl: state.ctrl, instruction: this.#instruction }] };
  }

  #tag<T extends AccessTag>(tag: T): T | "once" {
    return tag === "plain" && this.#settings.plainAsMarked ? "once" : tag;
  }

  #address(location: string, offset: number): number {
    const global = this.#settings.globalIndex.get(location);
    assert(global !== undefined, `location \`${location}\` is not in the table of globals`);
    return addressValue(global, offset);
  }
}
