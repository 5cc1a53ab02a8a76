/** Steps that end, unlink, publish or flush, somewhere else in their block. */
import type { Change } from "../edit.ts";
import type { BarrierName, DriverProgram, Step } from "../steps.ts";
import { blocksOf, price, put, textOf, type Edit } from "./edit.ts";

type Unit = readonly Step[];

export function moves(program: DriverProgram): readonly Edit[] {
  const oneWay: BarrierName = program.objects.some(({ seenBy }) => seenBy === "device") ? "dma_wmb" : "smp_wmb";
  const between = (unit: Unit, target: Step): readonly (BarrierName | undefined)[] => (unit[0]!.kind === "store" && (target.kind === "store" || target.kind === "doorbell") ? [undefined, oneWay, "smp_mb"] : [undefined]);
  return blocksOf(program).flatMap(({ thread, steps }) => {
    const units = unitsOf(steps);
    const held = heldBefore(units);
    const edits: Edit[] = [];
    const away = (unit: Unit): readonly Change[] => unit.map((step) => put(step));
    const words = (unit: Unit, where: string, barrier: BarrierName | undefined): string => `${unit.map(textOf).join("; ")} ${where} ${thread}${barrier === undefined ? "" : `, with ${barrier}() between`}`;
    const cost = (barrier: BarrierName | undefined): number => price.move + (barrier === undefined ? 0 : barrier === "smp_mb" ? price.full : price.oneWay);
    const fence = (barrier: BarrierName | undefined): readonly Step[] => (barrier === undefined ? [] : [{ kind: "barrier", barrier }]);
    units.forEach((unit, from) => {
      if (!isMovable(unit)) return;
      const mayStand = (to: number): boolean => unit[0]!.kind !== "store" || held[from]!.every((one) => held[to]!.includes(one));
      units.forEach((other, to) => {
        if (to === from || to === from + 1 || !mayStand(to)) return;
        const target = other[0]!;
        for (const barrier of to < from ? between(unit, target) : [undefined]) edits.push({ title: words(unit, `before ${textOf(target)} in`, barrier), cost: cost(barrier), kind: "move", changes: [...away(unit), { kind: "before", target, steps: [...unit, ...fence(barrier)] }] });
      });
      if (from === units.length - 1 || !mayStand(units.length)) return;
      const last = units.at(-1)!;
      for (const barrier of between(unit, last[0]!)) edits.push({ title: words(unit, "at the end of", barrier), cost: cost(barrier), kind: "move", changes: [...away(unit), { kind: "after", target: last.at(-1)!, steps: [...fence(barrier), ...unit] }] });
    });
    return edits;
  });
}

/** A command with its barrier, doorbell and poll moves as one. */
function unitsOf(steps: readonly Step[]): readonly Unit[] {
  const units: Unit[] = [];
  for (let k = 0; k < steps.length; k++) {
    const step = steps[k]!;
    if (step.kind !== "command") { units.push([step]); continue; }
    const end = steps.findIndex((one, j) => j > k && one.kind === "poll" && one.queue === step.queue);
    const stop = end < 0 ? k : end;
    units.push(steps.slice(k, stop + 1));
    k = stop;
  }
  return units;
}

/** Locks and sections held before each unit, and at the end: a store leaves none of them. */
function heldBefore(units: readonly Unit[]): readonly (readonly string[])[] {
  const held: string[] = [];
  const at = units.map(([step]) => {
    const before = [...held];
    const enter = (name: string): void => { held.push(name); };
    const leave = (name: string): void => { held.splice(held.lastIndexOf(name), 1); };
    if (step?.kind === "lock") enter(step.lock);
    else if (step?.kind === "unlock") leave(step.lock);
    else if (step?.kind === "read-lock") enter(step.flavour);
    else if (step?.kind === "read-unlock") leave(step.flavour);
    return before;
  });
  return [...at, [...held]];
}

function isMovable([first]: Unit): boolean {
  return first !== undefined && ["free", "kfree-rcu", "queue", "command", "invalidate", "store", "dma-clean"].includes(first.kind) && !(first.kind === "free" && first.handedOver === true);
}
