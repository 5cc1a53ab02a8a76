/**
 * A command queue as threads of the LKMM: the device sees the tail, fetches the slots that it covers, runs their commands
 * and reports completion. Commands run in any order until completion is waited for (RISC-V IOMMU 1.0, 3.1; SMMUv3 up to
 * CMD_SYNC): one that could overtake another in a way that matters has a thread of its own, beside the queue's.
 */
import type { Expression, Instruction } from "../program.ts";
import { hardwareRole, waitsOf } from "./invalidation.ts";
import { anyOf, assign, at, compare, loadOf, number, register, registerIs, storeTo, when, type Batch, type LoweredThread, type Lowering } from "./lowering.ts";
import { commandValue, doneWord, finishedWord, slotWord, tailWord } from "./queue-words.ts";
import type { Command } from "./steps.ts";

/** `thread`: the index that the queue's thread will have. */
export function lowerQueue(all: Lowering, queue: string, thread: number): LoweredThread | undefined {
  const batches = all.queueBatches.get(queue);
  if (batches === undefined) return undefined;
  const overtaking = overtakingSlots(batches);
  const made = { actor: "queue", role: hardwareRole, title: `command queue ${queue}` } as const;
  // A tail of one submission is 0 or 1; of several, a later one covers the earlier. Entries are fetched after the tail that covers them.
  const whenCovered = (k: number, dst: string, then: readonly Instruction[]): readonly Instruction[] => {
    const covers: Expression = batches.length === 1 ? compare(register(dst), "!=", number(0)) : compare(register(dst), ">=", number(k + 1));
    return [assign(dst, loadOf(at(tailWord(queue)), "acquire")), when(covers, then)];
  };
  const run = (slot: number, command: Command): readonly Instruction[] => {
    const dst = `c${String(slot)}`;
    const fetched = assign(dst, loadOf(at(slotWord(queue, slot)), "once"));
    const waits = waitsOf(all, command);
    return waits.length === 0 ? [fetched] : [fetched, when(compare(register(dst), "==", number(commandValue)), waits)];
  };
  let beside: number[] = [];
  const finished = (): readonly Instruction[] => {
    const waits = beside.flatMap((slot): readonly Instruction[] => {
      const [reached, dst] = [`r_beside${String(slot)}`, `r_finished${String(slot)}`];
      all.filters.push(anyOf([registerIs(thread, reached, number(0)), registerIs(thread, dst, number(1))]));
      return [assign(reached, number(1)), assign(dst, loadOf(at(finishedWord(queue, slot)), "acquire"))];
    });
    beside = [];
    return waits;
  };
  const process = (k: number): readonly Instruction[] => {
    const batch = batches[k];
    if (batch === undefined) return [];
    const tail = `tail${String(k + 1)}`;
    const commands = batch.commands.flatMap(({ slot, command }): readonly Instruction[] => {
      if (!overtaking.has(slot)) return [...(command.afterEarlier === true ? finished() : []), ...run(slot, command)];
      beside.push(slot);
      const body = whenCovered(k, tail, [...run(slot, command), storeTo(all.flag(finishedWord(queue, slot)), number(1), "release")]);
      all.hardware.push({ ...made, name: `${queue}, slot ${String(slot)}`, body });
      return [];
    });
    return whenCovered(k, tail, [...commands, ...finished(), storeTo(all.flag(doneWord(queue)), number(k + 1), "release"), ...process(k + 1)]);
  };
  return { ...made, name: queue, body: process(0) };
}

/** All commands between two completions that are waited for, but the first of them and those that wait for the earlier ones. */
function overtakingSlots(batches: readonly Batch[]): ReadonlySet<number> {
  const slots = new Set<number>();
  let together: (Batch["commands"][number])[] = [];
  for (const [k, batch] of batches.entries()) {
    together.push(...batch.commands);
    if (!batch.isWaitedFor && k < batches.length - 1) continue;
    const acting = together.filter(({ command: { invalidate, writes = [], assumeEmpty } }) => writes.length > 0 || (assumeEmpty !== true && invalidate.length > 0));
    // The same flush twice does not get better or worse by its order.
    if (new Set(acting.map(({ command: { invalidate, waitsForData, writes } }) => JSON.stringify([invalidate, waitsForData, writes]))).size > 1 || acting.some(({ command }) => command.writes !== undefined)) {
      for (const { slot, command } of acting.slice(1)) if (command.afterEarlier !== true) slots.add(slot);
    }
    together = [];
  }
  return slots;
}
