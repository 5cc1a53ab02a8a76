/** The steps of one CPU thread or handler as base instructions. */
import { unreachable } from "../assert.ts";
import type { Expression, Instruction, RmwFunction, Source } from "../program.ts";
import { flatten } from "./each-step.ts";
import { effectHere, runsWith, threadText, type ThreadText } from "./barrier-scope.ts";
import { fenceOf, shareabilityAssumption } from "./barriers.ts";
import { anyOf, assign, at, compare, from, loadOf, number, register, registerIs, storeTo, when, type Lowering } from "./lowering.ts";
import { besideTheCpu, cleaned, waitsOf } from "./invalidation.ts";
import { getUnlessZero } from "./lower-refcount.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import { commandValue, doneWord, slotWord, staleCommand, tailWord } from "./queue-words.ts";
import type { Command, Step, StepOf } from "./steps.ts";

export const queuedFlag = (handler: string): string => `v_queued_${handler}`;
export const doneFlag = (handler: string): string => `v_done_${handler}`;
export const freedCount = (object: string): string => `v_times_freed_${object}`;

export class CpuLowering {
  readonly #all: Lowering;
  readonly #thread: number;
  readonly #name: string;
  readonly #steps: readonly Step[];
  readonly #text: ThreadText;
  /** Spin-locked sections are readers too; said only where somebody waits for readers. */
  readonly #sectionsCount: boolean;
  readonly #srcuDepth = new Map<string, number>();
  #pending: { readonly slot: number; readonly command: Command }[] = [];
  #depth = 0;
  /** Read-side sections around the step. */
  #sections = 0;

  constructor(all: Lowering, thread: number, name: string, steps: readonly Step[], sectionsCount: boolean) {
    this.#all = all;
    this.#thread = thread;
    this.#name = name;
    this.#text = threadText(name, steps);
    this.#steps = this.#text.steps;
    this.#sectionsCount = sectionsCount;
  }

  lower(steps: readonly Step[]): readonly Instruction[] {
    const out: Instruction[] = [];
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k]!;
      const made = this.#step(step);
      for (const instruction of made) this.#note(instruction, step);
      out.push(...made);
      // What stands after a polling loop stands under its exit: a control dependency for stores.
      const exits = flatten([step]).flatMap((inner) => this.#exitOf(inner) ?? []);
      if (exits.length === 0 || k === steps.length - 1) continue;
      // Behind a join, too, on the way that has looped; on the other way the register says so from the start.
      if (this.#exitOf(step) === undefined) out.splice(out.length - made.length, 0, ...exits.map(({ dst, value }) => assign(dst, number(value))));
      const guarded = exits.reduceRight<readonly Instruction[]>((rest, { dst, value }) => [when(compare(register(dst), "==", number(value)), rest)], this.lower(steps.slice(k + 1)));
      for (const instruction of guarded) this.#note(instruction, step);
      return [...out, ...guarded];
    }
    return out;
  }

  #note(instruction: Instruction, step: Step): void {
    if (!this.#all.stepOf.has(instruction)) this.#all.stepOf.set(instruction, step);
    if (instruction.kind !== "if") return;
    for (const inner of [...instruction.then, ...instruction.else]) this.#note(inner, step);
  }

  /** What a relaxed poll is left with; an acquire orders all that follows by itself. */
  #exitOf(step: Step): { readonly dst: string; readonly value: number } | undefined {
    if (step.kind === "poll" && step.as !== "readl") return { dst: this.#pollRegister(step), value: this.#batchOf(step) };
    return step.kind === "wait-until" && step.as === "READ_ONCE" ? { dst: this.#waitRegister(step), value: step.value } : undefined;
  }

  #step(step: Step): readonly Instruction[] {
    const all = this.#all;
    const source = step.source;
    switch (step.kind) {
      case "load": {
        const met = this.#depth === 0 ? undefined : all.marked(step.at);
        all.loads.push({ thread: this.#thread, register: step.dst, place: step.at, threadName: this.#name, ...(met === undefined ? {} : { reached: met.reached }) });
        const spelling = step.as === "rcu_dereference" ? "rcu_dereference" : undefined;
        return [...(met === undefined ? [] : [met.mark]), assign(step.dst, loadOf(all.address(step.at), step.as === "plain" ? "plain" : step.as === "smp_load_acquire" ? "acquire" : "once", spelling), source)];
      }
      case "store": return [this.#store(step)];
      case "set": return [assign(step.dst, all.operand(step.value), source)];
      case "update": return [this.#update(step)];
      case "barrier": return this.#barrier(step);
      case "lock": return [{ kind: "spin-lock", lock: all.lock(step.lock), ...from(source) }, ...this.#section(step, "rcu-lock")];
      case "unlock": return [...this.#section(step, "rcu-unlock"), { kind: "spin-unlock", lock: all.lock(step.lock), ...from(source) }];
      case "read-lock": return [this.#enterOrLeave("rcu-lock", source)];
      case "read-unlock": return [this.#enterOrLeave("rcu-unlock", source)];
      case "srcu-read-lock": return [this.#srcuLock(step)];
      case "srcu-read-unlock": return [this.#srcuUnlock(step)];
      case "grace-period": return [step.domain === undefined ? { kind: "fence", fence: "sync-rcu", ...from(source) } : { kind: "synchronize-srcu", domain: this.#domain(step.domain), ...from(source) }];
      case "if": return [{ kind: "if", condition: this.#condition(step), then: this.#arm(step.then), else: this.#arm(step.else), ...from(source) }];
      case "choose": return this.#choose(step);
      case "wait-until": return this.#wait(this.#waitRegister(step), all.address(step.at), step.as === "READ_ONCE" ? "once" : "acquire", step.value, source);
      case "alloc": return [assign(step.dst, at(globalName(step.object)), source)];
      case "free": return this.#free(step.object, step.plain === true ? "plain" : "once", step.handedOver === true, source);
      case "kfree-rcu": return this.#queue(`kfree_${step.object}`, step.head, source);
      case "queue": return this.#queue(step.handler, step.head, source);
      case "wait-for-handler": return this.#waitForHandler(step.handler, source);
      case "complete": return [storeTo(all.flag(`v_completion_${step.completion}`), number(1), "release", source)];
      case "wait-for-completion": return this.#wait(`r_completion${String(all.serial())}`, all.flag(`v_completion_${step.completion}`), "acquire", 1, source);
      case "get-ref": {
        this.#atomicAt(step.at);
        return [{ kind: "evaluate", value: this.#arithmetic(all.address(step.at), "+", "relaxed", "none"), ...from(source) }];
      }
      case "get-ref-unless-zero": return getUnlessZero(all, { index: this.#thread, name: this.#name }, step);
      case "put-ref": {
        this.#atomicAt(step.at);
        const released = this.#arm(step.release);
        return [
          assign(step.dst, this.#arithmetic(all.address(step.at), "-", "release", "old"), source),
          when(compare(register(step.dst), "==", number(1)), [{ kind: "fence", fence: "rmb", ...from(source) }, ...released]),
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

  #arm(steps: readonly Step[]): readonly Instruction[] {
    this.#depth++;
    const made = this.lower(steps);
    this.#depth--;
    return made;
  }

  #condition({ condition }: StepOf<"if">): Expression {
    const isPointer = [condition.left, condition.right].some((side) => typeof side === "string" && !side.startsWith("&") && this.#all.places.isPointerRegister(this.#name, side));
    return { kind: "binary", operator: condition.operator, left: this.#all.operand(condition.left, isPointer), right: this.#all.operand(condition.right, isPointer) };
  }

  #store(step: StepOf<"store">): Instruction {
    const all = this.#all;
    const value = all.operand(step.value, all.isPointerAt(this.#name, step.at));
    const address = all.address(step.at);
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
    const address = this.#all.address(step.at);
    const isPointer = this.#all.isPointerAt(this.#name, step.at);
    const operation: RmwFunction = change.kind === "exchange" ? { kind: "exchange", value: this.#all.operand(change.operand, isPointer) }
      : change.kind === "compare-exchange" ? { kind: "compare-exchange", expected: this.#all.operand(change.expected, isPointer), value: this.#all.operand(change.value, isPointer) }
      : { kind: "arithmetic", operator: ({ add: "+", sub: "-", and: "&", or: "|", xor: "^" } as const)[change.kind], operand: this.#all.operand(change.operand) };
    if (operation.kind === "arithmetic") this.#atomicAt(step.at);
    if (step.dst === undefined && operation.kind === "arithmetic" && step.order === "relaxed") return { kind: "evaluate", value: { kind: "rmw", address, operation, order: "relaxed", result: "none" }, ...from(step.source) };
    const dst = step.dst ?? `r_old${String(this.#all.serial())}`;
    this.#all.loads.push({ thread: this.#thread, register: dst, place: step.at, threadName: this.#name });
    return assign(dst, { kind: "rmw", address, operation, order: step.order, result: "old" }, step.source);
  }

  #arithmetic(address: Expression, operator: "+" | "-", order: "relaxed" | "release", result: "none" | "old"): Expression {
    return { kind: "rmw", address, operation: { kind: "arithmetic", operator, operand: number(1) }, order, result };
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
    this.#srcuDepth.set(domain, depth + 1);
    return assign(`ix_${domain}${String(depth)}`, { kind: "srcu-read-lock", domain: this.#domain(domain) }, source);
  }

  #srcuUnlock({ domain, source }: StepOf<"srcu-read-unlock">): Instruction {
    const depth = (this.#srcuDepth.get(domain) ?? 0) - 1;
    demand(depth >= 0, `${this.#name}: srcu_read_unlock(${domain}) without its srcu_read_lock()`);
    this.#srcuDepth.set(domain, depth);
    return { kind: "srcu-read-unlock", domain: this.#domain(domain), index: register(`ix_${domain}${String(depth)}`), ...from(source) };
  }

  #choose(step: StepOf<"choose">): readonly Instruction[] {
    const all = this.#all;
    const serial = all.serial();
    const word = all.decided(`choice${String(serial)}`, `decides: ${step.what}`);
    const dst = `r_choice${String(serial)}`;
    return [assign(dst, loadOf(word, "once"), step.source), when(compare(register(dst), "==", number(1)), this.#arm(step.then), this.#arm(step.else))];
  }

  /** Blocks: executions in which the load reads another value are left out by the filter. */
  #wait(dst: string, address: Expression, tag: "once" | "acquire", value: number, source: Source | undefined): readonly Instruction[] {
    const met = registerIs(this.#thread, dst, number(value));
    const made = assign(dst, loadOf(address, tag), source);
    if (this.#depth === 0) {
      this.#all.filters.push(met);
      return [made];
    }
    const reached = `${dst}_reached`;
    this.#all.filters.push(anyOf([registerIs(this.#thread, reached, number(0)), met]));
    return [assign(reached, number(1)), made];
  }

  #waitRegister(step: StepOf<"wait-until">): string {
    return `r_wait${String(this.#steps.indexOf(step))}`;
  }

  #free(object: string, tag: "plain" | "once", handedOver: boolean, source: Source | undefined): readonly Instruction[] {
    const { places, driver } = this.#all;
    const { size } = places.storageOf(object);
    const words = Array.from({ length: size }, (_, word) => word);
    const name = globalName(object);
    const out: Instruction[] = handedOver ? [{ kind: "fence", fence: "mb", ...from(source) }] : [];
    out.push(...words.map((word) => storeTo(at(name, word), places.poisonOf(object, word), tag, source)));
    if (driver.hazard.kind === "write-after-free" && driver.hazard.object === object) {
      for (const word of words) {
        const dst = `r_owner${String(this.#all.serial())}`;
        this.#all.ownerReads.push({ thread: this.#thread, register: dst, object });
        out.push(assign(dst, loadOf(at(name, word), tag === "plain" ? "plain" : "once"), source));
      }
    }
    if (driver.hazard.kind === "double-free" && driver.hazard.object === object) {
      const count = freedCount(object);
      this.#all.flag(count);
      out.push({ kind: "evaluate", value: this.#arithmetic(at(count), "+", "relaxed", "none"), ...from(source) });
    }
    return out;
  }

  /** call_rcu() owns the rcu_head's words from here on: it links them into its own list. */
  #queue(handler: string, head: string | undefined, source: Source | undefined): readonly Instruction[] {
    const owned: Instruction[] = [];
    if (head !== undefined) {
      const parsed = this.#all.places.parse(head);
      demand(parsed.kind === "object", `${this.#name}: the rcu_head ${head} names an object`);
      owned.push(storeTo(this.#all.address(head), this.#all.places.rcuLinkOf(parsed.object, parsed.word), "once", source));
      this.#all.heads.set(handler, { object: parsed.object, word: parsed.word });
    }
    return [...owned, storeTo(this.#all.flag(queuedFlag(handler)), number(1), "release", source)];
  }

  /** rcu_barrier() and flush_work() wait for what was queued before, and for nothing else. */
  #waitForHandler(handler: string, source: Source | undefined): readonly Instruction[] {
    const all = this.#all;
    const serial = String(all.serial());
    all.awaited.add(handler);
    const queued = `r_pending${serial}`;
    const done = `r_ran${serial}`;
    const value = registerIs(this.#thread, done, number(1));
    all.filters.push(anyOf([registerIs(this.#thread, queued, number(0)), value]));
    return [
      assign(queued, loadOf(all.flag(queuedFlag(handler)), "acquire"), source),
      when(compare(register(queued), "==", number(1)), [assign(done, loadOf(all.flag(doneFlag(handler)), "acquire"), source)]),
    ];
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
    return this.#wait(this.#pollRegister(step), this.#all.flag(doneWord(step.queue)), step.as === "readl" ? "acquire" : "once", batch, step.source);
  }

  #invalidate({ command, how, source }: StepOf<"invalidate">): readonly Instruction[] {
    const waits = waitsOf(this.#all, command, source);
    if (waits.length === 0 || this.#sections === 0) return waits;
    const { started, done, name } = besideTheCpu(this.#all, how, waits);
    return [storeTo(at(started), number(1), "release", source), ...this.#wait(`r_${name}_done`, at(done), "acquire", 1, source)];
  }
}

