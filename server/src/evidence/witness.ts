/** One execution as steps that a person can follow, and the sentences that say why it is allowed. */

import { poison, type Execution, type ExecutionEvent, type Instruction, type Program, type Proposition } from "../../../emulator-core/src/index.ts";

export type WitnessStep = {
  /** Index of the thread: the column. */
  readonly thread: number;
  readonly text: string;
  readonly file: string;
  /** 0 for a step of the model itself. */
  readonly line: number;
  readonly hazard: boolean;
};

type Grouped = { readonly step: WitnessStep; readonly events: ExecutionEvent[] };

export function stepsOf(execution: Execution, program: Program): { readonly steps: readonly WitnessStep[]; readonly why: readonly string[] } {
  const groups: Grouped[] = [];
  const byId = new Map(execution.events.map((event) => [event.id, event]));
  for (const id of execution.order) {
    const event = byId.get(id);
    if (event?.instruction === undefined || event.thread < 0) continue;
    const previous = groups.at(-1);
    if (previous !== undefined && previous.step.thread === event.thread && sameSource(previous.events.at(-1)?.instruction, event.instruction)) {
      previous.events.push(event);
      continue;
    }
    const step = stepOf(event, event.instruction, program);
    if (step !== undefined) groups.push({ step, events: [event] });
  }
  const steps = groups.map(({ step, events }) => {
    const hazard = events.map((event) => hazardOf(event, program)).find((words) => words !== undefined);
    return hazard === undefined ? step : { ...step, hazard: true, text: `${step.text}  <- ${hazard}` };
  });
  return { steps, why: whyAllowed(execution, groups) };
}

function sameSource(a: Instruction | undefined, b: Instruction): boolean {
  return a !== undefined && (a === b || (a.source !== undefined && a.source === b.source && a.kind === b.kind && a.kind === "store"));
}

/** What is wrong with what this event reads, in words: freed memory, or a zero that the condition asks for. */
function hazardOf({ kind, value, thread, instruction }: ExecutionEvent, { condition }: Program): string | undefined {
  if (kind !== "read") return undefined;
  if (value === String(poison)) return "freed memory";
  return value === "0" && instruction?.kind === "assign" && asksForZero(condition, thread, instruction.register) ? "not initialised yet" : undefined;
}

function asksForZero(condition: Proposition, thread: number, register: string): boolean {
  if (condition.kind === "and") return asksForZero(condition.left, thread, register) || asksForZero(condition.right, thread, register);
  if (condition.kind !== "equals" || condition.left.kind !== "register" || condition.right.kind !== "constant") return false;
  return condition.left.thread === thread && condition.left.register === register && condition.right.value === 0;
}

function stepOf(event: ExecutionEvent, instruction: Instruction, program: Program): WitnessStep | undefined {
  const text = textOf(event, instruction, program);
  if (text === undefined) return undefined;
  return { thread: event.thread, text, file: instruction.source?.file ?? "", line: instruction.source?.line ?? 0, hazard: false };
}

function textOf(event: ExecutionEvent, instruction: Instruction, program: Program): string | undefined {
  const isCallback = program.threads[event.thread]?.callback !== undefined;
  const written = instruction.source?.text;
  switch (instruction.kind) {
    case "fence":
      if (instruction.fence === "sync-rcu" && isCallback) return "a grace period has elapsed";
      return written ?? (instruction.fence === "rcu-lock" ? "rcu_read_lock()" : instruction.fence === "rcu-unlock" ? "rcu_read_unlock()" : instruction.fence);
    case "synchronize-srcu": return isCallback ? "a grace period has elapsed" : (written ?? "synchronize_srcu()");
    case "store":
      if (instruction.value.kind === "constant" && instruction.value.value === poison) return isCallback ? "callback frees the object" : (written ?? "the object is freed");
      return written ?? "store";
    case "assign": {
      if (instruction.register === "r_cb") return event.value === "1" ? "callback is invoked" : undefined;
      const base = written ?? (instruction.register === "r0" ? "reads the pointer" : "reads the object");
      if (instruction.register !== "r0" || event.kind !== "read") return base;
      return event.value === "0" ? `${base}: nothing there` : `${base}: gets the object`;
    }
    default: return written ?? instruction.kind;
  }
}

/** One sentence for every reads-from and from-read edge between threads that the hazard needs. */
function whyAllowed(execution: Execution, groups: readonly Grouped[]): readonly string[] {
  const number = new Map<number, number>();
  groups.forEach(({ events }, index) => { for (const event of events) number.set(event.id, index + 1); });
  const byId = new Map(execution.events.map((event) => [event.id, event]));
  const sentences: string[] = [];
  for (const [write, read] of execution.rf) {
    const reader = byId.get(read);
    const writer = byId.get(write);
    const at = number.get(read);
    if (reader === undefined || writer === undefined || at === undefined || writer.thread === reader.thread) continue;
    const from = number.get(write);
    if (from !== undefined) sentences.push(`[${String(at)}] reads what [${String(from)}] wrote.`);
    else {
      const later = execution.fr.filter(([one]) => one === read).flatMap(([, other]) => number.get(other) ?? []).sort((a, b) => a - b)[0];
      if (later !== undefined) sentences.push(`[${String(at)}] reads the value from before [${String(later)}].`);
    }
  }
  for (const [before, after] of execution.inversions) {
    const a = number.get(before);
    const b = number.get(after);
    if (a === undefined || b === undefined) continue;
    sentences.push(inversionSentence(byId.get(before), byId.get(after), a, b));
  }
  return [...new Set(sentences)];
}

/** A pair in program order that takes effect the other way round. */
function inversionSentence(first: ExecutionEvent | undefined, second: ExecutionEvent | undefined, a: number, b: number): string {
  if (first?.kind === "write" && second?.kind === "read") return `[${String(a)}] stands before [${String(b)}], but its store is still in the store buffer when [${String(b)}] loads.`;
  if (first?.kind === "write") return `[${String(a)}] stands before [${String(b)}], but the two stores become visible in the other order.`;
  return `[${String(a)}] stands before [${String(b)}], but nothing keeps [${String(b)}] from being done first.`;
}
