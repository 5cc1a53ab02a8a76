/** Why an execution is allowed: what is read from where, and what took effect out of order. */
import type { Execution, ExecutionEvent } from "../execution.ts";
import type { Proposition } from "../program.ts";
import { valueText } from "./describe-event.ts";
import type { Lowered } from "./lowering.ts";

/** What is wrong with what this event reads, in a few words. */
export function isReadOf(event: ExecutionEvent, lowered: Lowered): string | undefined {
  if (event.kind !== "read") return undefined;
  const text = valueText(event.value, lowered.stands);
  if (text === "what the next owner wrote") return "freed or re-used memory";
  if (text === "what nobody has written") return "never initialised";
  return event.instruction?.kind === "assign" && isLastAsked(lowered.program.condition, event.thread, event.instruction.register, event.value) ? `the bad value (${text})` : undefined;
}

/** Is "thread:register = value" the last part of the question, which is the bad value? */
function isLastAsked(condition: Proposition, thread: number, register: string, value: string | undefined): boolean {
  if (condition.kind === "and") return isLastAsked(condition.right, thread, register, value);
  if (condition.kind !== "equals" || condition.left.kind !== "register") return false;
  const { left, right } = condition;
  const asked = right.kind === "constant" ? String(right.value) : right.kind === "address" ? right.location : undefined;
  return left.thread === thread && left.register === register && asked === value;
}

export type Telling = {
  readonly execution: Execution;
  /** By event: the step that shows it taking effect. */
  readonly numberOf: ReadonlyMap<number, number>;
  /** By store: the step that shows it being made, where it takes effect later. */
  readonly pendingAt: ReadonlyMap<number, number>;
  readonly lowered: Lowered;
  /** The hazard needs a machine on which CPUs see a store at different times. */
  readonly isNonMca: boolean;
};

export function sentencesOf({ execution, numberOf, pendingAt, lowered, isNonMca }: Telling): readonly string[] {
  const byId = new Map(execution.events.map((event) => [event.id, event]));
  const sentences: string[] = [];
  for (const [before, after] of execution.inversions) {
    const a = pendingAt.get(before) ?? numberOf.get(before);
    const b = pendingAt.get(after) ?? numberOf.get(after);
    const first = byId.get(before);
    const second = byId.get(after);
    if (a === undefined || b === undefined || first === undefined || second === undefined || !isAccess(first) || !isAccess(second)) continue;
    sentences.push(isNonMca ? otherOrder(a, b) : inversion(first, second, a, b));
  }
  for (const [write, read] of execution.rf) {
    const reader = byId.get(read);
    const writer = byId.get(write);
    const at = numberOf.get(read);
    if (reader === undefined || writer === undefined || at === undefined || writer.thread === reader.thread || isPlumbing(reader, lowered)) continue;
    const source = numberOf.get(write);
    if (source !== undefined) { sentences.push(`[${String(at)}] reads what [${String(source)}] wrote.`); continue; }
    const later = execution.fr.filter(([one]) => one === read).flatMap(([, other]) => numberOf.get(other) ?? []).sort((x, y) => x - y)[0];
    if (later !== undefined) sentences.push(`[${String(at)}] reads the value from before [${String(later)}].`);
  }
  return [...new Set(sentences)];
}

const isAccess = (event: ExecutionEvent): boolean => event.kind === "read" || event.kind === "write";

/** Doorbells, completions and handlers being started: said by the steps themselves. */
function isPlumbing(event: ExecutionEvent, lowered: Lowered): boolean {
  return lowered.actors[event.thread]?.actor === "queue" || /_(?:tail|done)$|_finished$|^v_(?:queued|done|choice|evicted|later)/.test(event.location ?? "");
}

/** On a machine that is multi-copy atomic the barriers would have been enough. */
function otherOrder(a: number, b: number): string {
  return `[${String(a)}] stands before [${String(b)}], but it does not become visible to all at one time: CPUs and device see these steps in different orders, which only machines do that are not multi-copy atomic (PowerPC).`;
}

/** A pair in program order that takes effect the other way round. */
function inversion(first: ExecutionEvent, second: ExecutionEvent, a: number, b: number): string {
  if (first.kind === "write" && second.kind === "read") return `When [${String(b)}] loads, the store [${String(a)}], which stands before it, is still in the store buffer: nothing keeps a store before a later load.`;
  if (first.kind === "write") return `The store [${String(a)}] stands before [${String(b)}] and becomes visible after it: it is still in the store buffer, and nothing keeps the two in order.`;
  if (second.kind === "read") return `The load [${String(b)}] is done before the load [${String(a)}] that stands before it: nothing keeps loads in order.`;
  return `The store [${String(b)}] becomes visible before the load [${String(a)}] that stands before it.`;
}
