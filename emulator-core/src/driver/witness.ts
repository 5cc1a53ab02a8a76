/** One execution of a driver program as a reviewer draws it: a column for each CPU and one for the IOMMU. */
import { drawColumns, marginOf, widthMax, wrap, type Cell, type Column } from "../columns.ts";
import type { Execution, ExecutionEvent } from "../execution.ts";
import type { Source } from "../program.ts";
import { describeEvent, describeHardware } from "./describe-event.ts";
import { isReadOf, sentencesOf } from "./explain.ts";
import { hardwareRole } from "./invalidation.ts";
import type { DriverVerdict } from "./judge.ts";
import type { DriverProgram, Step } from "./steps.ts";

export type WitnessStep = {
  /** From 1. */
  readonly number: number;
  readonly column: number;
  readonly text: string;
  /** Absent for what the hardware does. */
  readonly source: Source | undefined;
  readonly hazard: boolean;
};

export type Witness = {
  readonly columns: readonly Column[];
  readonly steps: readonly WitnessStep[];
  /** What is read from where, and every pair of steps that took effect the other way round, a sentence each. */
  readonly why: readonly string[];
};

type Shown = { readonly events: ExecutionEvent[]; readonly thread: number; readonly step: Step | undefined; text: string; hazard: boolean };

/** Throws nothing; a verdict without an execution has no witness. */
export function witnessOf(driver: DriverProgram, verdict: DriverVerdict): Witness | undefined {
  const { witness: execution, lowered } = verdict;
  if (execution === null) return undefined;
  const columns = columnsOf(driver, lowered.actors, execution);
  const { shown, pendingAt } = shownSteps(execution, verdict);
  const columnOf = (thread: number): number => columns.indexOfThread[thread]!;
  const numberOf = new Map<number, number>();
  shown.forEach(({ events }, k) => { for (const { id } of events) if (!numberOf.has(id)) numberOf.set(id, k + 1); });
  const steps = shown.map(({ thread, step, text, hazard }, k): WitnessStep => ({ number: k + 1, column: columnOf(thread), text, source: step?.source, hazard }));
  return { columns: columns.columns, steps, why: sentencesOf({ execution, numberOf, pendingAt, lowered, isNonMca: verdict.class === "non-mca" }) };
}

/** The picture and its sentences as text of at most 78 columns. */
export function renderWitness(witness: Witness): string {
  const cells = witness.steps.map(({ number, column, text, source, hazard }): Cell => ({ number, column, text, hazard, margin: source === undefined || source.line === 0 ? "(hardware)" : marginOf(source.file, source.line) }));
  const lines = [...drawColumns(witness.columns, cells), "", ...witness.why.flatMap((sentence) => wrap(sentence, widthMax, ""))];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** Hardware shares one column, and so do handlers of one kind; threads that do nothing in this execution have none. */
function columnsOf(driver: DriverProgram, actors: DriverVerdict["lowered"]["actors"], execution: Execution): { readonly columns: readonly Column[]; readonly indexOfThread: readonly number[] } {
  const columns: Column[] = [];
  const acting = new Set(execution.events.map(({ thread }) => thread));
  const indexOfThread = actors.map(({ actor, role, name }, thread) => {
    if (actor === "chooser" || !acting.has(thread)) return -1;
    const title = actor === "cpu" ? `${driver.threads.find((one) => one.role === name)?.title ?? ""}()` : actor === "handler" ? (driver.handlers?.find((one) => one.name === name)?.title ?? "") : "";
    const at = actor === "cpu" ? -1 : columns.findIndex((column) => column.name === role);
    if (at >= 0) return at;
    columns.push({ name: role, title: title === "()" ? "" : title });
    return columns.length - 1;
  });
  // The IOMMU stands last, where a maintainer looks for it.
  const last = columns.findIndex(({ name }) => name === hardwareRole);
  if (last < 0 || last === columns.length - 1) return { columns, indexOfThread };
  const order = [...columns.keys()].filter((k) => k !== last).concat(last);
  return { columns: order.map((k) => columns[k]!), indexOfThread: indexOfThread.map((k) => (k < 0 ? k : order.indexOf(k))) };
}

/** Events in the order of the witness, those of one step as one; a store that a later step overtakes is shown where it was made, too. */
function shownSteps(execution: Execution, verdict: DriverVerdict): { readonly shown: readonly Shown[]; readonly pendingAt: ReadonlyMap<number, number> } {
  const { lowered } = verdict;
  const byId = new Map(execution.events.map((event) => [event.id, event]));
  const overtakenBy = new Map<number, number[]>();
  for (const [store, later] of execution.inversions) if (byId.get(store)?.kind === "write") overtakenBy.set(later, [...(overtakenBy.get(later) ?? []), store]);
  const pendingWords = verdict.class === "non-mca" ? "not visible to all yet" : "still in the store buffer";
  const shown: Shown[] = [];
  const buffered = new Map<number, number>();
  const stepOf = (event: ExecutionEvent): Step | undefined => (event.instruction === undefined ? undefined : lowered.stepOf.get(event.instruction));
  const isHidden = (event: ExecutionEvent): boolean => event.thread < 0 || event.instruction === undefined || lowered.actors[event.thread]?.actor === "chooser";
  const textOf = (event: ExecutionEvent): string | undefined => {
    const step = stepOf(event);
    return step === undefined ? describeHardware(event, lowered) : describeEvent(event, step, lowered.stands);
  };
  for (const id of execution.order) {
    const event = byId.get(id)!;
    if (isHidden(event)) continue;
    for (const store of (overtakenBy.get(id) ?? []).sort((a, b) => a - b)) {
      const pending = byId.get(store)!;
      if (buffered.has(store) || isHidden(pending)) continue;
      const text = textOf(pending);
      if (text === undefined) continue;
      buffered.set(store, shown.length + 1);
      shown.push({ events: [], thread: pending.thread, step: stepOf(pending), text: `${text} (${pendingWords})`, hazard: false });
    }
    const text = textOf(event);
    if (text === undefined) continue;
    const step = stepOf(event);
    // The owner that a free stands for reads its own value back: that is no hazard.
    const hazard = step?.kind === "free" ? undefined : isReadOf(event, lowered);
    const waiting = buffered.get(id);
    const previous = shown.at(-1);
    if (waiting === undefined && step !== undefined && previous?.step === step && previous.thread === event.thread && previous.events.length > 0) {
      previous.events.push(event);
      if (hazard !== undefined && !previous.hazard) { previous.hazard = true; previous.text += `  <- ${hazard}`; }
      continue;
    }
    const plain = waiting === undefined ? text : `[${String(waiting)}] becomes visible`;
    shown.push({ events: [event], thread: event.thread, step, text: hazard === undefined ? plain : `${plain}  <- ${hazard}`, hazard: hazard !== undefined });
  }
  return { shown, pendingAt: buffered };
}
