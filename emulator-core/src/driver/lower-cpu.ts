/** The steps of one CPU thread or handler as base instructions. */
import { unreachable } from "../assert.ts";
import type { Expression, InitialValue, Instruction, RmwFunction, Source } from "../program.ts";
import { effectHere, runsWith, threadText, type ThreadText } from "./barrier-scope.ts";
import { fenceOf, shareabilityAssumption } from "./barriers.ts";
import { anyOf, arithmetic, assign, at, compare, from, loadOf, number, register, registerIs, storeTo, when, type Lowering } from "./lowering.ts";
import { besideTheCpu, cleaned, waitsOf } from "./invalidation.ts";
import { getUnlessZero } from "./lower-refcount.ts";
import { demand } from "./mistake.ts";
import { stuck } from "./handlers.ts";
import { hazardAsks } from "./asked.ts";
import { allocated, freed, queued, waitedForHandler, type Who } from "./lower-lifetimes.ts";
import { armsOf, flatten } from "./each-step.ts";
import { globalName } from "./places.ts";
import { maybeUnset } from "./operands.ts";
import { commandValue, doneWord, slotWord, staleCommand, tailWord } from "./queue-words.ts";
import type { Command, Place, Step, StepOf } from "./steps.ts";


/** `isReader`: interrupts, softirqs or preemption are off from its first step to its last. */
export type BodyOf = Who & { readonly isHandler: boolean; readonly isReader: boolean };

export class CpuLowering {
  readonly #all: Lowering;
  readonly #who: Who;
  readonly #thread: number;
  readonly #name: string;
  readonly #isHandler: boolean;
  readonly #isReader: boolean;
  readonly #body: readonly Step[];
  readonly #steps: readonly Step[];
  readonly #text: ThreadText;
  /** Spin-locked sections are readers too; said only where somebody waits for readers. */
  readonly #sectionsCount: boolean;
  #srcuDepth: ReadonlyMap<string, number> = new Map();
  /** What the program leaves open is decided before its first step: a load in the middle would be ordered by the barriers around it, and order in turn. */
  readonly #choices: Instruction[] = [];
  #pending: { readonly slot: number; readonly command: Command }[] = [];
  #depth = 0;
  /** Read-side sections around the step. */
  #sections = 0;
  /** By wait: the condition under which it is over. */
  readonly #ran = new Map<Step, Expression>();

  constructor(all: Lowering, body: BodyOf, steps: readonly Step[], sectionsCount: boolean) {
    this.#all = all;
    this.#who = body;
    this.#thread = body.index;
    this.#name = body.name;
    this.#isHandler = body.isHandler;
    this.#isReader = body.isReader && sectionsCount;
    this.#text = threadText(body.name, steps);
    this.#body = steps;
    this.#sections = this.#isReader ? 1 : 0;
    this.#steps = this.#text.steps;
    this.#sectionsCount = sectionsCount;
  }

  /** `choices` stand before all else, also before a handler is started. */
  body(): { readonly choices: readonly Instruction[]; readonly body: readonly Instruction[] } {
    const zeros = [...maybeUnset(this.#body)].map((dst) => assign(dst, this.#all.places.null(this.#all.places.isPointerRegister(this.#name, dst))));
    const steps = [...zeros, ...this.#lower(this.#body)];
    if (this.#isReader) this.#all.notes.add("what runs with interrupts, softirqs or preemption off holds up a grace period: rcu_read_lock() stands around it");
    return { choices: this.#choices, body: this.#isReader ? [{ kind: "fence", fence: "rcu-lock" }, ...steps, { kind: "fence", fence: "rcu-unlock" }] : steps };
  }

  #lower(steps: readonly Step[]): readonly Instruction[] {
    const out: Instruction[] = [];
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k]!;
      const noted = { loads: this.#all.loads.length, stores: this.#all.stores.length };
      const made = [...this.#step(step), ...this.#marked(step, noted)];
      for (const instruction of made) this.#note(instruction, step);
      out.push(...made);
      const isLast = k === steps.length - 1;
      // What stands after a polling loop stands under its exit: a control dependency for stores.
      const exit = this.#exitOf(step);
      const isEnd = exit !== undefined && this.#all.waits === "may-last" && step.kind !== "poll";
      if (exit !== undefined) {
        if (isLast && !isEnd) continue;
        const guarded = when(exit, this.#lower(steps.slice(k + 1)), isEnd ? this.#stopped() : []);
        this.#note(guarded, step);
        return [...out, guarded];
      }
      const inner = isLast ? [] : flatten(armsOf(step).flat()).flatMap((one) => this.#exitBehindJoin(one) ?? []);
      const mayStop = !isLast && this.#all.waits === "may-last" && armsOf(step).some((arm) => flatten(arm).some(isWait));
      if (inner.length === 0 && !mayStop) continue;
      // Behind a join, too, on the way that has looped; on the other way the register says so from the start.
      out.splice(out.length - made.length, 0, ...inner.map(({ dst, value }) => assign(dst, value)));
      let rest = this.#lower(steps.slice(k + 1));
      for (const { dst, value } of inner.reverse()) rest = [when(compare(register(dst), "==", value), rest)];
      if (mayStop) rest = [when(compare(register(stuck), "==", number(0)), rest)];
      for (const instruction of rest) this.#note(instruction, step);
      return [...out, ...rest];
    }
    return out;
  }

  /** Who waits for ever holds up no grace period more than by what it did: its sections end here. */
  #stopped(): readonly Instruction[] {
    const open = this.#sections - (this.#isReader ? 1 : 0);
    const domains = [...this.#srcuDepth].flatMap(([domain, depth]) => Array.from({ length: depth }, (_, k): Instruction => ({ kind: "srcu-read-unlock", domain: this.#domain(domain), index: register(indexRegister(domain, depth - 1 - k)) })));
    return [assign(stuck, number(1)), ...Array.from({ length: open }, (): Instruction => ({ kind: "fence", fence: "rcu-unlock" })), ...domains];
  }

  /** Where a step need not run, a register tells whether it did, if the hazard asks. */
  #marked(step: Step, noted: { readonly loads: number; readonly stores: number }): readonly Instruction[] {
    if (this.#depth === 0 && !this.#isHandler && this.#all.waits === "end") return [];
    const { loads, stores } = this.#all;
    const notes = [...loads.slice(noted.loads), ...stores.slice(noted.stores)].filter((one) => one.did === undefined);
    const isNamed = "dst" in step && hazardAsks(this.#all, this.#name, step);
    if (!isNamed && !notes.some(({ place }) => hazardAsks(this.#all, this.#name, { at: place }))) return [];
    const did = `r_did${String(this.#all.serial())}`;
    for (const one of notes) one.did = did;
    if (isNamed) this.#all.setBy.set(`${this.#name} ${step.dst}`, [...(this.#all.setBy.get(`${this.#name} ${step.dst}`) ?? []), did]);
    return [assign(did, number(1))];
  }

  #note(instruction: Instruction, step: Step): void {
    if (!this.#all.stepOf.has(instruction)) this.#all.stepOf.set(instruction, step);
    if (instruction.kind !== "if") return;
    for (const inner of [...instruction.then, ...instruction.else]) this.#note(inner, step);
  }

  /** The condition under which a relaxed poll is left; an acquire orders all that follows by itself. */
  #exitOf(step: Step): Expression | undefined {
    if (step.kind === "poll" && step.as !== "readl") return compare(register(this.#pollRegister(step)), "==", number(this.#batchOf(step)));
    const mayLast = this.#all.waits === "may-last";
    if (step.kind === "wait-until" && (step.as === "READ_ONCE" || mayLast)) return compare(register(this.#waitRegister(step)), "==", this.#awaitedValue(step));
    if (step.kind === "wait-for-completion" && mayLast) return compare(register(this.#waitRegister(step)), "==", number(1));
    if (step.kind === "wait-for-handler" && mayLast) return this.#ran.get(step);
    return undefined;
  }

  /** What a relaxed loop in an arm is left with, for the steps behind the join. */
  #exitBehindJoin(step: Step): { readonly dst: string; readonly value: InitialValue } | undefined {
    if (step.kind === "poll" && step.as !== "readl") return { dst: this.#pollRegister(step), value: number(this.#batchOf(step)) };
    return step.kind === "wait-until" && step.as === "READ_ONCE" && this.#all.waits === "end" ? { dst: this.#waitRegister(step), value: this.#awaitedValue(step) } : undefined;
  }

  #step(step: Step): readonly Instruction[] {
    const all = this.#all;
    const source = step.source;
    switch (step.kind) {
      case "load": {
        this.#loads(step.dst, step.at);
        const spelling = step.as === "rcu_dereference" ? "rcu_dereference" : undefined;
        return [assign(step.dst, loadOf(all.address(step.at), step.as === "plain" ? "plain" : step.as === "smp_load_acquire" ? "acquire" : "once", spelling), source)];
      }
      case "store": return [this.#store(step)];
      case "set": return [assign(step.dst, all.operand(step.value, all.places.isPointerRegister(this.#name, step.dst)), source)];
      case "update": return [this.#update(step)];
      case "barrier": return this.#barrier(step);
      case "lock": return [{ kind: "spin-lock", lock: all.lock(step.lock), ...from(source) }, ...this.#section(step, "rcu-lock")];
      case "unlock": return [...this.#section(step, "rcu-unlock"), { kind: "spin-unlock", lock: all.lock(step.lock), ...from(source) }];
      case "read-lock": return [this.#enterOrLeave("rcu-lock", source)];
      case "read-unlock": return [this.#enterOrLeave("rcu-unlock", source)];
      case "srcu-read-lock": return [this.#srcuLock(step)];
      case "srcu-read-unlock": return [this.#srcuUnlock(step)];
      case "grace-period": return [step.domain === undefined ? { kind: "fence", fence: "sync-rcu", ...from(source) } : { kind: "synchronize-srcu", domain: this.#domain(step.domain), ...from(source) }];
      case "if": {
        const [then, otherwise] = this.#arms(step.then, step.else);
        return [{ kind: "if", condition: this.#condition(step), then: then!, else: otherwise!, ...from(source) }];
      }
      case "choose": return this.#choose(step);
      case "wait-until": return this.#waitUntil(step);
      case "alloc": return allocated(all, step);
      case "free": return freed(all, this.#who, step);
      case "kfree-rcu": return queued(all, this.#who, all.freedBy.get(step)!, step.head, source);
      case "queue": return queued(all, this.#who, step.handler, step.head, source);
      case "wait-for-handler": {
        const { made, over } = waitedForHandler(all, this.#who, step);
        this.#ran.set(step, over);
        return made;
      }
      case "complete": return [storeTo(all.flag(`v_completion_${step.completion}`), number(1), "release", source)];
      case "wait-for-completion": return this.#wait(step, this.#waitRegister(step), all.flag(`v_completion_${step.completion}`), "acquire", number(1));
      case "get-ref": {
        // refcount_inc() is atomic_fetch_add_relaxed() (include/linux/refcount.h).
        this.#atomicAt(step.at);
        const old = `r_old${String(all.serial())}`;
        this.#loads(old, step.at);
        this.#stores(step.at);
        return [assign(old, arithmetic(all.address(step.at), "+", "relaxed", "old"), source)];
      }
      case "get-ref-unless-zero": this.#stores(step.at); return getUnlessZero(all, this.#who, step);
      case "put-ref": {
        this.#atomicAt(step.at);
        this.#loads(step.dst, step.at);
        this.#stores(step.at);
        const [released] = this.#arms(step.release);
        return [
          assign(step.dst, arithmetic(all.address(step.at), "-", "release", "old"), source),
          when(compare(register(step.dst), "==", number(1)), [{ kind: "fence", fence: "rmb", ...from(source) }, ...released!]),
        ];
      }
      case "command": return this.#command(step);
      case "doorbell": return this.#doorbell(step);
      case "poll": return this.#poll(step);
      case "invalidate": return this.#invalidate(step);
      case "dma-clean": return cleaned(all, step.object, source);
      case "may-sleep": case "module-exit": return [];
      case "opaque": {
        all.unmodelled.add(`${step.call} is not known: it may order, free or write anything`);
        return [];
      }
      default: return unreachable(step);
    }
  }

  /** Each arm begins with the sections that are open before it; they leave the same ones. */
  #arms(...arms: readonly (readonly Step[])[]): readonly (readonly Instruction[])[] {
    const before = { sections: this.#sections, srcuDepth: this.#srcuDepth };
    this.#depth++;
    const made = arms.map((steps) => {
      this.#sections = before.sections;
      this.#srcuDepth = before.srcuDepth;
      return this.#lower(steps);
    });
    this.#depth--;
    return made;
  }

  #loads(dst: string, place: Place): void {
    this.#all.loads.push({ thread: this.#thread, register: dst, place, threadName: this.#name });
  }

  #stores(place: Place): void {
    this.#all.stores.push({ thread: this.#thread, place, threadName: this.#name });
  }

  #condition({ condition }: StepOf<"if">): Expression {
    const isPointer = [condition.left, condition.right].some((side) => typeof side === "string" && !side.startsWith("&") && this.#all.places.isPointerRegister(this.#name, side));
    return { kind: "binary", operator: condition.operator, left: this.#all.operand(condition.left, isPointer), right: this.#all.operand(condition.right, isPointer) };
  }

  #store(step: StepOf<"store">): Instruction {
    const all = this.#all;
    const value = all.operand(step.value, all.isPointerAt(this.#name, step.at));
    const address = all.address(step.at);
    this.#stores(step.at);
    switch (step.as) {
      case "plain": return storeTo(address, value, "plain", step.source);
      case "WRITE_ONCE": return storeTo(address, value, "once", step.source);
      case "smp_store_release": return storeTo(address, value, "release", step.source);
      // rcu_assign_pointer(p, NULL) is WRITE_ONCE() (include/linux/rcupdate.h); stock herd7 would take it for a release.
      case "rcu_assign_pointer":
        if (step.value === 0) all.notes.add("rcu_assign_pointer() of NULL is WRITE_ONCE(), as in the kernel");
        return step.value === 0 ? storeTo(address, value, "once", step.source) : storeTo(address, value, "release", step.source, "rcu_assign_pointer");
    }
  }

  #atomicAt(place: string): void {
    for (const object of this.#all.places.objectsAt(this.#name, place)) this.#all.atomics.add(object);
  }

  #update(step: StepOf<"update">): Instruction {
    const { with: change } = step;
    this.#stores(step.at);
    const address = this.#all.address(step.at);
    const isPointer = this.#all.isPointerAt(this.#name, step.at);
    const operation: RmwFunction = change.kind === "exchange" ? { kind: "exchange", value: this.#all.operand(change.operand, isPointer) }
      : change.kind === "compare-exchange" ? { kind: "compare-exchange", expected: this.#all.operand(change.expected, isPointer), value: this.#all.operand(change.value, isPointer) }
      : { kind: "arithmetic", operator: ({ add: "+", sub: "-", and: "&", or: "|", xor: "^" } as const)[change.kind], operand: this.#all.operand(change.operand) };
    if (operation.kind === "arithmetic") this.#atomicAt(step.at);
    // Where the hazard asks for what it reads, atomic_inc() is taken for atomic_fetch_inc_relaxed(), which differs only for smp_rmb().
    if (step.dst === undefined && operation.kind === "arithmetic" && step.order === "relaxed" && !hazardAsks(this.#all, this.#name, step)) return { kind: "evaluate", value: { kind: "rmw", address, operation, order: "relaxed", result: "none" }, ...from(step.source) };
    const dst = step.dst ?? `r_old${String(this.#all.serial())}`;
    this.#loads(dst, step.at);
    return assign(dst, { kind: "rmw", address, operation, order: step.order, result: "old" }, step.source);
  }

  #section(step: StepOf<"lock" | "unlock">, fence: "rcu-lock" | "rcu-unlock"): readonly Instruction[] {
    if (step.as === "mutex" || !this.#sectionsCount) return [];
    this.#all.notes.add("spin-locked sections hold up a grace period: rcu_read_lock() stands behind spin_lock()");
    return [this.#enterOrLeave(fence, step.source)];
  }

  #enterOrLeave(fence: "rcu-lock" | "rcu-unlock", source: Source | undefined): Instruction {
    this.#sections += fence === "rcu-lock" ? 1 : -1;
    return { kind: "fence", fence, ...from(source) };
  }

  #barrier(step: StepOf<"barrier">): readonly Instruction[] {
    const all = this.#all;
    const made: Instruction = { kind: "fence", fence: fenceOf(step.barrier), ...from(step.source) };
    const effect = effectHere(all, this.#text, step);
    if (step.barrier === "smp_mb") all.assumptions.add(shareabilityAssumption);
    if (effect === "kept") return [made];
    const where = step.source === undefined ? "" : ` (${step.source.file}:${String(step.source.line)})`;
    all.notes.add(`${step.barrier}()${where} is ${effect === "mixed" && all.keepMixedBarriers ? "kept" : "left out"}: it does not order what the device sees`);
    if (effect === "dropped") return [];
    all.mixedBarriers.push(step.source ?? { file: all.driver.name, line: this.#steps.indexOf(step) + 1, column: 1, text: `${step.barrier}()` });
    return all.keepMixedBarriers ? [made] : [];
  }

  #domain(name: string): Expression {
    demand(this.#all.driver.srcuDomains?.includes(name), `SRCU domain ${name} is not declared`);
    return this.#all.domain(globalName(name));
  }

  #srcuLock({ domain, source }: StepOf<"srcu-read-lock">): Instruction {
    const depth = this.#srcuDepth.get(domain) ?? 0;
    this.#srcuDepth = new Map(this.#srcuDepth).set(domain, depth + 1);
    return assign(indexRegister(domain, depth), { kind: "srcu-read-lock", domain: this.#domain(domain) }, source);
  }

  #srcuUnlock({ domain, source }: StepOf<"srcu-read-unlock">): Instruction {
    const depth = (this.#srcuDepth.get(domain) ?? 0) - 1;
    demand(depth >= 0, `${this.#name}: srcu_read_unlock(${domain}) without its srcu_read_lock()`);
    this.#srcuDepth = new Map(this.#srcuDepth).set(domain, depth);
    return { kind: "srcu-read-unlock", domain: this.#domain(domain), index: register(indexRegister(domain, depth)), ...from(source) };
  }

  #choose(step: StepOf<"choose">): readonly Instruction[] {
    const all = this.#all;
    const serial = all.serial();
    const word = all.decided(`choice${String(serial)}`, `decides: ${step.what}`);
    const dst = `r_choice${String(serial)}`;
    const decided = assign(dst, loadOf(word, "once"), step.source);
    this.#choices.push(decided);
    this.#note(decided, step);
    const [then, otherwise] = this.#arms(step.then, step.else);
    return [when(compare(register(dst), "==", number(1)), then!, otherwise)];
  }

  /** Blocks: executions in which the load reads another value are left out by the filter, or end here. */
  #wait(step: Step, dst: string, address: Expression, tag: "once" | "acquire", value: InitialValue): readonly Instruction[] {
    const made = assign(dst, loadOf(address, tag), step.source);
    if (step.kind !== "poll" && step.kind !== "invalidate") {
      this.#all.hasWaits = true;
      if (this.#all.waits === "may-last") return [made];
    }
    const met = registerIs(this.#thread, dst, value);
    if (this.#depth === 0 && !this.#isHandler) {
      this.#all.filters.push(met);
      return [made];
    }
    const reached = `${dst}_reached`;
    this.#all.filters.push(anyOf([registerIs(this.#thread, reached, number(0)), met]));
    return [assign(reached, number(1)), made];
  }

  #waitUntil(step: StepOf<"wait-until">): readonly Instruction[] {
    const dst = this.#waitRegister(step);
    this.#loads(dst, step.at);
    return this.#wait(step, dst, this.#all.address(step.at), step.as === "READ_ONCE" ? "once" : "acquire", this.#awaitedValue(step));
  }

  #awaitedValue(step: StepOf<"wait-until">): InitialValue {
    return step.value === 0 ? this.#all.places.null(this.#all.isPointerAt(this.#name, step.at)) : number(step.value);
  }

  #waitRegister(step: Step): string {
    return `r_wait${String(this.#steps.indexOf(step))}`;
  }

  #command({ queue, command, source }: StepOf<"command">): readonly Instruction[] {
    demand(this.#all.driver.queues?.includes(queue), `queue ${queue} is not declared`);
    for (const cache of command.invalidate) demand(this.#all.driver.caches?.includes(cache), `cache ${cache} is not declared`);
    const batches = this.#all.queueBatches.get(queue) ?? [];
    const slot = batches.reduce((sum, batch) => sum + batch.commands.length, 0) + this.#pending.length;
    this.#pending.push({ slot, command });
    return [storeTo(this.#all.flag(slotWord(queue, slot), number(staleCommand)), number(commandValue), "once", source)];
  }

  #doorbell(step: StepOf<"doorbell">): readonly Instruction[] {
    const { queue, as, source } = step;
    demand(this.#all.driver.queues?.includes(queue), `queue ${queue} is not declared`);
    demand(this.#depth === 0 || (this.#all.queueBatches.get(queue) ?? []).length === 0, `${this.#name}: queue ${queue} is rung more than once and under a condition; give each submission a queue of its own`);
    const batches = this.#all.queueBatches.get(queue) ?? [];
    batches.push({ commands: this.#pending, doorbell: step, isWaitedFor: false });
    this.#pending = [];
    this.#all.queueBatches.set(queue, batches);
    const rung = storeTo(this.#all.flag(tailWord(queue)), number(batches.length), "once", source);
    return as === "writel" ? [{ kind: "fence", fence: "wmb", ...from(source) }, rung] : [rung];
  }

  #pollRegister(step: StepOf<"poll">): string {
    const batch = this.#batchOf(step);
    const before = this.#steps.slice(0, this.#steps.indexOf(step)).filter((one) => one.kind === "poll" && one.queue === step.queue && this.#batchOf(one) === batch).length;
    return `r_${step.queue}_done${String(batch)}${before === 0 ? "" : `_${String(before)}`}`;
  }

  /** The number of doorbells of this queue before the poll. */
  #batchOf(step: StepOf<"poll">): number {
    return this.#steps.slice(0, this.#steps.indexOf(step)).filter((one) => one.kind === "doorbell" && one.queue === step.queue).length;
  }

  #poll(step: StepOf<"poll">): readonly Instruction[] {
    const batch = this.#batchOf(step);
    demand(batch > 0, `${this.#name}: queue ${step.queue} is polled before its doorbell`);
    const rung = this.#all.queueBatches.get(step.queue)?.[batch - 1];
    if (rung !== undefined && runsWith(this.#text, step, rung.doorbell)) rung.isWaitedFor = true;
    return this.#wait(step, this.#pollRegister(step), this.#all.flag(doneWord(step.queue)), step.as === "readl" ? "acquire" : "once", number(batch));
  }

  #invalidate(step: StepOf<"invalidate">): readonly Instruction[] {
    const { command, how, source } = step;
    const waits = waitsOf(this.#all, command, source);
    if (waits.length === 0 || this.#sections === 0) return waits;
    const { started, done, name } = besideTheCpu(this.#all, how, waits);
    return [storeTo(at(started), number(1), "release", source), ...this.#wait(step, `r_${name}_done`, at(done), "acquire", number(1))];
  }
}


const isWait = ({ kind }: Step): boolean => kind === "wait-until" || kind === "wait-for-completion" || kind === "wait-for-handler";

const indexRegister = (domain: string, depth: number): string => `ix_${domain}_${String(depth)}`;
