/*
 * What one thread does, path by path: every read yields a fresh symbol, an `if` forks with its
 * condition recorded and both arms are kept, whatever the initial values say (values that justify
 * themselves through control are legal in the LKMM). As herd7: operands of one expression are
 * evaluated in parallel, without program order between them; dependencies flow through registers;
 * control reaches the events inside the arms and ends at the join.
 *
 * A path is run from the start with a list of answers to its forks; the next path changes the last
 * answer that can be changed. Running again is cheaper than copying the state at every event.
 */
import { assert } from "../assert.ts";
import type { ModelProfile } from "../lkmm/profiles.ts";
import type { AccessTag, Expression, Instruction } from "../program.ts";
import { eventUnion, noEvents, type Before, type Constraint, type EventList, type Path, type PathEvent, type RegisterValue } from "./path.ts";
import { pure, resultOf, type Outcome } from "./outcome.ts";
import { addressValue, known, operation, type SymbolicValue } from "./values.ts";

/** herd7's default for `while`. */
export const unrollMax = 2;

/** Paths of one thread we are ready to list; beyond that the answer is a limit, not a crash. */
export const pathsMax = 1 << 16;

/** Events of all paths of one thread: what bounds the memory they take. */
const pathEventsMax = 1 << 18;

export type ThreadSettings = {
  readonly globalOf: (name: string) => number;
  readonly plainAsMarked: boolean;
  /** How SRCU sections are modelled, see ModelProfile. */
  readonly srcu: ModelProfile["srcu"];
  /** The index of the thread. */
  readonly thread: number;
  /** Polled once a path. */
  readonly isStopped: () => boolean;
};

/** undefined: more than `pathsMax` paths, or stopped. */
export function pathsOf(
  body: readonly Instruction[],
  initialRegisters: ReadonlyMap<string, RegisterValue>,
  settings: ThreadSettings,
): readonly Path[] | undefined {
  const runner = new ThreadRunner(settings);
  const paths: Path[] = [];
  let events = 0;
  do {
    const path = runner.run(body, initialRegisters);
    paths.push(path);
    events += path.events.length + 1;
    if (paths.length > pathsMax || events > pathEventsMax || settings.isStopped()) return undefined;
  } while (runner.advance());
  return paths;
}

/** Owns the path being run and the answers that lead along it. */
class ThreadRunner {
  readonly #settings: ThreadSettings;
  #instruction!: Instruction;
  #events: PathEvent[] = [];
  #constraints: Constraint[] = [];
  #registers = new Map<string, RegisterValue>();
  #ctrl: EventList = noEvents;
  #isCut = false;
  /** Instructions begun on this path. */
  #instructions = 0;
  /** Answers so far: 0 is the first of two ways. */
  readonly #answers: number[] = [];
  #asked = 0;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
  }

  run(body: readonly Instruction[], initialRegisters: ReadonlyMap<string, RegisterValue>): Path {
    this.#events = [];
    this.#constraints = [];
    this.#registers = new Map(initialRegisters);
    this.#ctrl = noEvents;
    this.#isCut = false;
    this.#asked = 0;
    this.#instructions = 0;
    this.#runBody(body);
    return { events: this.#events, constraints: this.#constraints, registers: this.#registers, cut: this.#isCut };
  }

  /** False when every way has been run. */
  advance(): boolean {
    for (;;) {
      const last = this.#answers.pop();
      if (last === undefined) return false;
      if (last === 1) continue;
      this.#answers.push(1);
      return true;
    }
  }

  /** Which of two ways to go here. */
  #isFirstWay(): boolean {
    if (this.#asked === this.#answers.length) this.#answers.push(0);
    return this.#answers[this.#asked++] === 0;
  }

  /** Whether the value is not zero; forks where that is not a constant. */
  #assume(value: SymbolicValue, firstWay: boolean): boolean {
    if (value.kind === "known") return value.value !== 0;
    const truth = this.#isFirstWay() === firstWay;
    this.#constraints.push({ value, truth });
    return truth;
  }

  /** A call, because the checker does not see that running a body changes the field. */
  #hasCut(): boolean {
    return this.#isCut;
  }

  #runBody(body: readonly Instruction[]): void {
    for (const instruction of body) {
      if (this.#isCut) return;
      this.#instruction = instruction;
      this.#instructions++;
      this.#run(instruction);
    }
  }

  #run(instruction: Instruction): void {
    const all: Before = { upTo: this.#events.length, also: noEvents };
    switch (instruction.kind) {
      case "assign": {
        const { value, taint } = this.#evaluate(instruction.value, all);
        this.#registers.set(instruction.register, { value, taint });
        return;
      }
      case "evaluate":
        this.#evaluate(instruction.value, all);
        return;
      case "store": {
        const address = this.#evaluate(instruction.address, all);
        const value = this.#evaluate(instruction.value, all);
        const tag = this.#tag(instruction.tag);
        this.#append("write", tag, after(all, address.made, value.made), address.value, value.value, address.taint, value.taint);
        return;
      }
      case "fence":
        this.#append("fence", instruction.fence, all, undefined, undefined, noEvents, noEvents);
        return;
      case "spin-lock": {
        const o = this.#evaluate(instruction.lock, all);
        this.#takeLock(o, after(all, o.made));
        return;
      }
      case "spin-unlock": {
        const o = this.#evaluate(instruction.lock, all);
        this.#append("unlock", "lock", after(all, o.made), o.value, known(0), o.taint, noEvents);
        return;
      }
      case "srcu-read-unlock": {
        const domain = this.#evaluate(instruction.domain, all);
        const index = this.#evaluate(instruction.index, all);
        const kind = this.#settings.srcu === "accesses" ? "srcu-unlock" : "srcu-unlock-fence";
        this.#append(kind, "srcu-unlock", after(all, domain.made, index.made), domain.value, index.value, domain.taint, index.taint);
        return;
      }
      case "synchronize-srcu": {
        const o = this.#evaluate(instruction.domain, all);
        this.#append("sync-srcu", "sync-srcu", after(all, o.made), o.value, undefined, o.taint, noEvents);
        return;
      }
      case "if": {
        const o = this.#evaluate(instruction.condition, all);
        const outer = this.#ctrl;
        const arm = this.#assume(o.value, true) ? instruction.then : instruction.else;
        this.#ctrl = eventUnion(outer, o.control);
        this.#runBody(arm);
        this.#ctrl = outer;
        return;
      }
      case "while":
        this.#loop(instruction, instruction.condition, instruction.body);
        return;
      default:
        assert(false, `lifetime instruction \`${instruction.kind}\` reached the explorer: lower it first`);
    }
  }

  #loop(instruction: Instruction, condition: Expression, body: readonly Instruction[]): void {
    const outer = this.#ctrl;
    for (let round = 0; ; round++) {
      this.#instruction = instruction;
      const o = this.#evaluate(condition, { upTo: this.#events.length, also: noEvents });
      if (!this.#assume(o.value, false)) break;
      if (round === unrollMax) {
        this.#isCut = true;
        break;
      }
      // The condition of a later round is inside the body of the one before.
      this.#ctrl = eventUnion(this.#ctrl, o.control);
      this.#runBody(body);
      if (this.#hasCut()) break;
    }
    this.#ctrl = outer;
  }

  /** Operands of one expression all see the same `before`: they are evaluated in parallel. */
  #evaluate(e: Expression, before: Before): Outcome {
    switch (e.kind) {
      case "constant":
        return pure(known(e.value));
      case "register": {
        const register = this.#registers.get(e.name);
        if (register === undefined) return pure(known(0));
        return { value: register.value, taint: register.taint, control: register.taint, made: noEvents };
      }
      case "address":
        return pure(known(this.#address(e.location, e.offset)));
      case "binary": {
        const a = this.#evaluate(e.left, before);
        const b = this.#evaluate(e.right, before);
        return { value: operation(e.operator, a.value, b.value), taint: eventUnion(a.taint, b.taint), control: eventUnion(a.control, b.control), made: eventUnion(a.made, b.made) };
      }
      case "load": {
        const o = this.#evaluate(e.address, before);
        return this.#read(o, "read", this.#tag(e.tag), after(before, o.made), false);
      }
      case "srcu-read-lock": {
        const o = this.#evaluate(e.domain, before);
        if (this.#settings.srcu === "accesses") return this.#read(o, "srcu-lock", "srcu-lock", after(before, o.made), false);
        const index = known(this.#madeUpIndex());
        const at = this.#append("srcu-lock-fence", "srcu-lock", after(before, o.made), o.value, index, o.taint, noEvents);
        return { value: index, taint: noEvents, control: o.control, made: [...o.made, at] };
      }
      case "spin-trylock": {
        const o = this.#evaluate(e.lock, before);
        if (!this.#isFirstWay()) return { ...this.#read(o, "lock-fail", "lock", after(before, o.made), false), value: known(0) };
        this.#takeLock(o, after(before, o.made));
        const taken = this.#events.length;
        return { value: known(1), taint: noEvents, control: noEvents, made: [...o.made, taken - 2, taken - 1] };
      }
      case "spin-is-locked": {
        const o = this.#evaluate(e.lock, before);
        const isLocked = this.#isFirstWay();
        return { ...this.#read(o, isLocked ? "read-locked" : "read-unlocked", "lock", after(before, o.made), false), value: known(isLocked ? 1 : 0) };
      }
      case "rmw":
        return this.#evaluateRmw(e, before);
    }
  }

  #evaluateRmw(e: Extract<Expression, { readonly kind: "rmw" }>, before: Before): Outcome {
    const { operation: f } = e;
    const address = this.#evaluate(e.address, before);
    switch (f.kind) {
      case "exchange": {
        const value = this.#evaluate(f.value, before);
        return this.#readWrite(e, before, eventUnion(address.made, value.made), address, () => value.value, value.taint, false).outcome;
      }
      case "arithmetic": {
        const operand = this.#evaluate(f.operand, before);
        const done = this.#readWrite(e, before, eventUnion(address.made, operand.made), address, (old) => operation(f.operator, old, operand.value), operand.taint, true);
        const { outcome } = done;
        return { ...outcome, value: resultOf(e, done.old, done.stored), taint: eventUnion(outcome.taint, operand.taint), control: eventUnion(outcome.control, operand.control) };
      }
      case "compare-exchange":
      case "add-unless": {
        const isCompare = f.kind === "compare-exchange";
        const compared = this.#evaluate(isCompare ? f.expected : f.unless, before);
        const operand = this.#evaluate(isCompare ? f.value : f.operand, before);
        const made = eventUnion(eventUnion(address.made, compared.made), operand.made);
        // What the read returns is not known here, so both ways are open: success first.
        const isSuccess = this.#isFirstWay();
        if (isSuccess) {
          const stored = (old: SymbolicValue): SymbolicValue => (isCompare ? operand.value : operation("+", old, operand.value));
          const done = this.#readWrite(e, before, made, address, stored, operand.taint, !isCompare);
          this.#constraints.push({ value: operation("==", done.old, compared.value), truth: isCompare });
          return { ...done.outcome, value: isCompare ? done.old : known(1) };
        }
        const bare = this.#read({ ...address, made }, "read", "once", after(before, made), true);
        this.#constraints.push({ value: operation("==", bare.value, compared.value), truth: !isCompare });
        return { ...bare, value: isCompare ? bare.value : known(0) };
      }
    }
  }

  /** F[mb]?; R* -rmw-> W*; F[mb]? as linux-kernel.def (6.12) writes the value-returning families. */
  #readWrite(
    e: Extract<Expression, { readonly kind: "rmw" }>,
    before: Before,
    operands: EventList,
    address: Outcome,
    stored: (old: SymbolicValue) => SymbolicValue,
    operandTaint: EventList,
    isArithmetic: boolean,
  ): { readonly outcome: Outcome; readonly old: SymbolicValue; readonly stored: SymbolicValue } {
    const isFull = e.order === "mb" && e.result !== "none";
    let made = operands;
    const add = (at: number): void => {
      made = [...made, at];
    };
    if (isFull) add(this.#append("fence", "mb", after(before, made), undefined, undefined, noEvents, noEvents));
    const readTag = e.result === "none" ? "noreturn" : e.order === "acquire" ? "acquire" : "once";
    const read = this.#append("read", readTag, after(before, made), address.value, undefined, address.taint, noEvents, true);
    add(read);
    const old: SymbolicValue = { kind: "read", event: read };
    const value = stored(old);
    const dataFrom = isArithmetic ? eventUnion(operandTaint, [read]) : operandTaint;
    add(this.#append("write", e.order === "release" ? "release" : "once", after(before, made), address.value, value, isArithmetic ? noEvents : address.taint, dataFrom, true, read));
    if (isFull) add(this.#append("fence", "mb", after(before, made), undefined, undefined, noEvents, noEvents));
    return { outcome: { value: old, taint: [read], control: eventUnion([read], address.control), made }, old, stored: value };
  }

  /** LKR; LKW. */
  #takeLock(o: Outcome, before: Before): void {
    const read = this.#append("lock-read", "lock", before, o.value, undefined, o.taint, noEvents);
    this.#append("lock-write", "lock", after(before, [read]), o.value, known(1), o.taint, noEvents, false, read);
  }

  #read(o: Outcome, kind: PathEvent["kind"], tag: PathEvent["tag"], before: Before, isAtomic: boolean): Outcome {
    const at = this.#append(kind, tag, before, o.value, undefined, o.taint, noEvents, isAtomic);
    const taint = [at];
    return {
      value: { kind: "read", event: at },
      taint,
      // Quirk of herd7: a load inside a condition also hands on what its address came from.
      control: eventUnion(taint, o.control),
      made: o.made.length === 0 ? taint : [...o.made, at],
    };
  }

  #append(
    kind: PathEvent["kind"],
    tag: PathEvent["tag"],
    before: Before,
    address: SymbolicValue | undefined,
    value: SymbolicValue | undefined,
    addr: EventList,
    data: EventList,
    atomic = false,
    rmwRead = -1,
  ): number {
    return this.#events.push({ kind, tag, instruction: this.#instruction, before, address, value, addr, data, ctrl: this.#ctrl, atomic, rmwRead }) - 1;
  }

  #tag<T extends AccessTag>(tag: T): T | "once" {
    return tag === "plain" && this.#settings.plainAsMarked ? "once" : tag;
  }

  /** What herd7 makes up for each srcu_read_lock() that is no read; it also counts declarations as instructions. */
  #madeUpIndex(): number {
    return (this.#settings.thread + 1) * 307 + this.#instructions * 599;
  }

  #address(location: string, offset: number): number {
    return addressValue(this.#settings.globalOf(location), offset);
  }
}

/** `before` and the events of operands. */
function after(before: Before, made: EventList, more: EventList = noEvents): Before {
  if (made.length === 0 && more.length === 0) return before;
  return { upTo: before.upTo, also: eventUnion(eventUnion(before.also, made), more) };
}
