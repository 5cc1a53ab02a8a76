/*
 * Every small change of a driver program: one step left out, made weaker, or moved by one; a handler that does not wait
 * for readers, a device that reads in another order. What a test suite would call a mutant is here a driver with a bug
 * that a person could make.
 */
import { changed, type Change } from "../src/driver/edit.ts";
import { armsOf } from "../src/driver/each-step.ts";
import { describeStep } from "../src/driver/describe.ts";
import { bodiesOf } from "../src/driver/places.ts";
import type { Command, Device, DriverProgram, Step } from "../src/driver/steps.ts";

export type Mutant = { readonly title: string; readonly program: DriverProgram };

export function mutantsOf(program: DriverProgram): readonly Mutant[] {
  const mutants = new Map<string, Mutant>();
  const add = (title: string, made: DriverProgram | undefined): void => {
    if (made === undefined) return;
    const text = JSON.stringify(made);
    if (!mutants.has(text)) mutants.set(text, { title, program: made });
  };
  const replace = (title: string, ...changes: readonly (readonly [Step, readonly Step[]])[]): void => { add(title, changed(program, changes.map(([target, steps]): Change => ({ kind: "replace", target, steps })))); };
  const block = (thread: string, steps: readonly Step[]): void => {
    steps.forEach((step, k) => {
      const where = `${describeStep(step)} in ${thread}`;
      const partner = partnerOf(steps, k);
      replace(`without ${where}`, [step, armsOf(step).flat()], ...(partner === undefined ? [] : [[partner, []] as const]));
      for (const weaker of weakerThan(step)) replace(`${weaker.map(describeStep).join("; ") || "no arm"} instead of ${where}`, [step, weaker]);
      // A mutex is no read-side section.
      if (step.kind === "lock" && step.as !== "mutex" && partner?.kind === "unlock") replace(`mutex instead of ${where}`, [step, [{ ...step, as: "mutex" }]], [partner, [{ ...partner, as: "mutex" }]]);
      const next = steps[k + 1];
      if (next !== undefined) add(`${where} after ${describeStep(next)}`, changed(program, [{ kind: "replace", target: step, steps: [] }, { kind: "after", target: next, steps: [step] }]));
      for (const arm of armsOf(step)) block(thread, arm);
    });
  };
  for (const { name, steps } of bodiesOf(program)) block(name, steps);
  for (const handler of program.handlers ?? []) {
    if (handler.kind !== "rcu" && handler.kind !== "srcu") continue;
    const { domain: _, ...rest } = handler;
    add(`${handler.name} as work`, { ...program, handlers: program.handlers!.map((one) => (one === handler ? { ...rest, kind: "work" } : one)) });
  }
  for (const device of program.devices ?? []) for (const [title, weaker] of weakerDevices(device)) add(title, { ...program, devices: program.devices!.map((one) => (one === device ? weaker : one)) });
  return [...mutants.values()];
}

/** The device promises less about the order of its reads. */
function weakerDevices(device: Device): readonly (readonly [string, Device])[] {
  const made: (readonly [string, Device])[] = [];
  device.path.forEach(({ valid }, k) => {
    if (valid?.order === "valid-first") made.push([`${device.name} reads ${valid.at} in any order`, { ...device, path: device.path.map((fetch, j) => (j === k ? { ...fetch, valid: { ...valid, order: "any-order" } } : fetch)) }]);
  });
  if (device.start?.negative === false) made.push([`${device.name} walks before its start`, { ...device, start: { ...device.start, negative: true } }]);
  return made;
}

/** The end of a section goes with its beginning. */
function partnerOf(steps: readonly Step[], k: number): Step | undefined {
  const step = steps[k]!;
  const closes = (other: Step): boolean => (step.kind === "read-lock" && other.kind === "read-unlock") || (step.kind === "lock" && other.kind === "unlock" && other.lock === step.lock) || (step.kind === "srcu-read-lock" && other.kind === "srcu-read-unlock" && other.domain === step.domain);
  return steps.slice(k + 1).find(closes);
}

/** Each: what stands in the place of the step. */
function weakerThan(step: Step): readonly (readonly Step[])[] {
  switch (step.kind) {
    case "barrier": return step.barrier === "smp_mb" || step.barrier === "mb" || step.barrier === "dma_mb" ? [[{ kind: "barrier", barrier: "wmb" }], [{ kind: "barrier", barrier: "rmb" }]] : [];
    case "load": return step.as === "plain" ? [] : step.as === "smp_load_acquire" ? [[{ ...step, as: "READ_ONCE" }]] : [[{ ...step, as: "plain" }]];
    case "store": return step.as === "plain" ? [] : step.as === "WRITE_ONCE" ? [[{ ...step, as: "plain" }]] : [[{ ...step, as: "WRITE_ONCE" }]];
    case "update": return step.order === "relaxed" ? [] : [[{ ...step, order: "relaxed" }]];
    case "free": return [...(step.handedOver === true ? [[{ ...step, handedOver: false }]] : []), ...(step.plain === true ? [] : [[{ ...step, plain: true }]])];
    case "kfree-rcu": return [[{ kind: "free", object: step.object, how: "kfree" }]];
    case "grace-period": return [[{ kind: "barrier", barrier: "smp_mb" }]];
    case "if": case "choose": return [step.then, step.else];
    case "wait-until": return step.as === "READ_ONCE" ? [] : [[{ ...step, as: "READ_ONCE" }]];
    case "doorbell": return step.as === "writel" ? [[{ ...step, as: "writel_relaxed" }]] : [];
    case "poll": return step.as === "readl" ? [[{ ...step, as: "readl_relaxed" }]] : [];
    case "command": case "invalidate": return weakerCommands(step.command).map((command) => [{ ...step, command }]);
    case "get-ref-unless-zero": return [[{ kind: "get-ref", at: step.at }, { kind: "set", dst: step.dst, value: 1 }]];
    case "put-ref": return [
      [{ ...step, release: [] }],
      [{ kind: "update", dst: step.dst, at: step.at, with: { kind: "sub", operand: 1 }, order: "relaxed" }, { kind: "if", condition: { left: step.dst, operator: "==", right: 1 }, then: step.release, else: [] }],
    ];
    default: return [];
  }
}

function weakerCommands(command: Command): readonly Command[] {
  const { invalidate, waitsForData } = command;
  return [...(waitsForData ? [{ ...command, waitsForData: false }] : []), ...(invalidate.length < 2 ? [] : invalidate.map((cache) => ({ ...command, invalidate: invalidate.filter((one) => one !== cache) })))];
}
