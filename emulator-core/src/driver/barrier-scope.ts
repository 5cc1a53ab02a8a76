/** What a barrier does where it stands: kept, left out, or one of which both has to be tried. */
import { orderedKinds, ordersPair, type Audience } from "./barriers.ts";
import { armsOf, flatten } from "./each-step.ts";
import type { Lowering } from "./lowering.ts";
import type { BarrierName, Place, Step, StepOf } from "./steps.ts";

export type BarrierEffect = "kept" | "dropped" | "mixed";

/** One thread: all its steps in the order of the text, and for each the arms that it stands in, the outermost first. */
export type ThreadText = { readonly name: string; readonly steps: readonly Step[]; readonly armsAround: ReadonlyMap<Step, Arms> };

type Arms = readonly (readonly Step[])[];

export function threadText(name: string, body: readonly Step[]): ThreadText {
  const armsAround = new Map<Step, Arms>();
  const visit = (arm: readonly Step[], around: Arms): void => {
    for (const step of arm) {
      armsAround.set(step, around);
      for (const inner of armsOf(step)) visit(inner, [...around, inner]);
    }
  };
  visit(body, []);
  return { name, steps: flatten(body), armsAround };
}

/** Does the first step run whenever the second one does, apart from their order? */
export function runsWith({ armsAround }: ThreadText, one: Step, other: Step): boolean {
  const arm = armsAround.get(one)?.at(-1);
  return arm === undefined || armsAround.get(other)?.includes(arm) === true;
}

/**
 * `mixed`: it orders some of the pairs across it and not others, which one fence of the model cannot say. Pairs that
 * another barrier of the thread orders anyway do not count.
 */
export function effectHere(all: Lowering, thread: ThreadText, step: StepOf<"barrier">): BarrierEffect {
  const architecture = all.driver.architecture ?? "riscv";
  const { steps } = thread;
  const position = steps.indexOf(step);
  const audiences = (one: Step, barrier: BarrierName): readonly Audience[] => audiencesOf(all, thread.name, one, orderedKinds(barrier));
  let orders = 0;
  let leaves = 0;
  for (const [i, earlier] of steps.slice(0, position).entries()) for (const a of audiences(earlier, step.barrier)) {
    for (const [distance, later] of steps.slice(position + 1).entries()) for (const b of audiences(later, step.barrier)) {
      if (hasOwnOrder(earlier, later)) continue;
      const others = steps.slice(i + 1, position + 1 + distance).filter((other) => other !== step && (runsWith(thread, other, earlier) || runsWith(thread, other, later))).flatMap(barriersOf)
        .filter((barrier) => ordersPair(barrier, a, b, architecture) && audiences(earlier, barrier).includes(a) && audiences(later, barrier).includes(b));
      if (!ordersPair(step.barrier, a, b, architecture)) leaves += others.length === 0 ? 1 : 0;
      // What a mandatory barrier orders needs no other; two lesser ones must not each be left to the other.
      else orders += others.some(isMandatory) ? 0 : 1;
    }
  }
  if (leaves === 0) return "kept";
  return orders > 0 ? "mixed" : "dropped";
}

const barriersOf = (step: Step): readonly BarrierName[] => (step.kind === "barrier" ? [step.barrier] : step.kind === "free" && step.handedOver === true ? ["mb"] : []);

const isMandatory = (barrier: BarrierName): boolean => barrier === "mb" || barrier === "rmb" || barrier === "wmb";

/**
 * writel() orders all before it, readl() all after it, memory that is handed over has a full barrier in front, stores
 * come after a poll by control dependency, and a poll after its doorbell, at the same peripheral.
 */
function hasOwnOrder(earlier: Step, later: Step): boolean {
  const isStore = later.kind === "store" || later.kind === "free" || later.kind === "command" || later.kind === "doorbell";
  if (earlier.kind === "poll" && (earlier.as === "readl" || isStore)) return true;
  return (later.kind === "free" && later.handedOver === true) || (later.kind === "doorbell" && later.as === "writel") || (later.kind === "poll" && later.as !== "READ_ONCE");
}

/** Who sees what a step does, as far as loads or stores are asked for. */
function audiencesOf(all: Lowering, thread: string, step: Step, { loads, stores }: AccessKinds): readonly Audience[] {
  const at = (place: Place): Audience => (all.places.isSeenByDevice(thread, place) ? "device" : "cpus");
  switch (step.kind) {
    case "load": return loads ? [at(step.at)] : [];
    case "store": return stores ? [at(step.at)] : [];
    case "update": case "get-ref": case "get-ref-unless-zero": case "put-ref": return [at(step.at)];
    case "free": return stores ? [all.places.storageOf(step.object).object.seenBy === "device" ? "device" : "cpus"] : [];
    case "command": return stores ? ["device"] : [];
    case "doorbell": return stores ? [step.as === "WRITE_ONCE" ? "device" : "mmio"] : [];
    case "poll": return loads ? [step.as === "READ_ONCE" ? "device" : "mmio"] : [];
    case "queue": case "kfree-rcu": case "complete": return stores ? ["cpus"] : [];
    default: return [];
  }
}

type AccessKinds = { readonly loads: boolean; readonly stores: boolean };
