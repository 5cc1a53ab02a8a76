/** Memory that is made and freed, callbacks that are queued and waited for. */
import type { Expression, Instruction, Source } from "../program.ts";
import { freedCount } from "./asked.ts";
import { doneFlag, queuedFlag, waitedFor } from "./handlers.ts";
import { anyOf, arithmetic, assign, at, compare, from, loadOf, number, register, registerIs, storeTo, when, type Lowering } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import type { StepOf } from "./steps.ts";

/** A thread or handler: its number in the lowered program, and its name. */
export type Who = { readonly index: number; readonly name: string };

/** kzalloc() writes zeros; what kmalloc() leaves in memory is what it holds at the start (`places.ts`). */
export function allocated({ places }: Lowering, { dst, object, zeroed, source }: StepOf<"alloc">): readonly Instruction[] {
  const { size } = places.storageOf(object);
  const zeros = zeroed ? Array.from({ length: size }, (_, word) => storeTo(at(globalName(object), word), places.null(places.isPointerWord(object, word)), "once", source)) : [];
  return [assign(dst, at(globalName(object)), source), ...zeros];
}

/** The words get a new owner. */
export function freed(all: Lowering, who: Who, { object, plain, handedOver, source }: StepOf<"free">): readonly Instruction[] {
  const { places, driver: { hazard } } = all;
  const words = Array.from({ length: places.storageOf(object).size }, (_, word) => word);
  const name = globalName(object);
  const tag = plain === true ? "plain" : "once";
  const out: Instruction[] = handedOver === true ? [{ kind: "fence", fence: "mb", ...from(source) }] : [];
  out.push(...words.map((word) => storeTo(at(name, word), places.poisonOf(object, word), tag, source)));
  if ("object" in hazard && hazard.object === object) {
    const did = `r_freed${String(all.serial())}`;
    const readBack = hazard.kind === "write-after-free" ? words.map((word) => `${did}_${String(word)}`) : [];
    out.push(assign(did, number(1)), ...readBack.map((dst, word) => assign(dst, loadOf(at(name, word), tag), source)));
    all.frees.push({ thread: who.index, object, did, readBack });
  }
  if (hazard.kind === "double-free" && hazard.object === object) {
    const count = freedCount(object);
    out.push({ kind: "evaluate", value: arithmetic(all.flag(count), "+", "relaxed", "none"), ...from(source) });
  }
  return out;
}

/** call_rcu() owns the rcu_head's words from here on: it links them into its own list. */
export function queued(all: Lowering, { name }: Who, handler: string, head: string | undefined, source: Source | undefined): readonly Instruction[] {
  const owned: Instruction[] = [];
  if (head !== undefined) {
    const parsed = all.places.parse(head);
    demand(parsed.kind === "object", `${name}: the rcu_head ${head} names an object`);
    owned.push(storeTo(all.address(head), all.places.rcuLinkOf(parsed.object, parsed.word), "once", source));
    all.heads.set(handler, { object: parsed.object, word: parsed.word });
  }
  return [...owned, storeTo(all.flag(queuedFlag(handler)), number(1), "release", source)];
}

/** rcu_barrier() and flush_work() wait for what was queued before, and for nothing else. `over`: the wait has ended. */
export function waitedForHandler(all: Lowering, { index }: Who, { handler: named, source }: StepOf<"wait-for-handler">): { readonly made: readonly Instruction[]; readonly over: Expression } {
  all.hasWaits = true;
  const over: Expression[] = [];
  const made = waitedFor(all, named).flatMap((handler): readonly Instruction[] => {
    const serial = String(all.serial());
    all.awaited.add(handler);
    const pending = `r_pending${serial}`;
    const done = `r_ran${serial}`;
    if (all.waits === "end") all.filters.push(anyOf([registerIs(index, pending, number(0)), registerIs(index, done, number(1))]));
    over.push({ kind: "binary", operator: "|", left: compare(register(pending), "==", number(0)), right: compare(register(done), "==", number(1)) });
    return [
      assign(pending, loadOf(all.flag(queuedFlag(handler)), "acquire"), source),
      when(compare(register(pending), "==", number(1)), [assign(done, loadOf(all.flag(doneFlag(handler)), "acquire"), source)]),
    ];
  });
  return { made, over: over.reduce((left, right) => ({ kind: "binary", operator: "&", left, right })) };
}
