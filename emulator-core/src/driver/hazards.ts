/** What must not happen, as a question to the explorer; and the situation that a refutation has to reach. */
import type { InitialValue, Proposition } from "../program.ts";
import { freedCount } from "./lower-cpu.ts";
import { allOf, anyOf, not, number, registerIs, wordIs, type LoadNote, type Lowering } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { bodiesOf, globalName, nullObject } from "./places.ts";
import { flatten } from "./each-step.ts";
import type { Operand, Outcome, OutcomePart } from "./steps.ts";

export type Question = { readonly hazard: Proposition; readonly situation: Proposition };

/** `threadOf`: index of a thread, handler or device by name. */
export function questionOf(all: Lowering, threadOf: (name: string) => number | undefined): Question {
  const { hazard } = all.driver;
  switch (hazard.kind) {
    case "use-after-free": {
      const { hazard: met, situation } = afterFree(all, hazard.object);
      return { hazard: allOf([met, ...(hazard.when ?? []).map((part) => partOf(all, part, threadOf))]), situation };
    }
    case "write-after-free": return writtenAfterFree(all, hazard.object);
    case "double-free": {
      const count = freedCount(hazard.object);
      demand(all.globals.some(({ name }) => name === count), `nothing frees ${hazard.object}`);
      return { hazard: allOf([not(wordIs(count, 0, number(0))), not(wordIs(count, 0, number(1)))]), situation: not(wordIs(count, 0, number(0))) };
    }
    case "uninitialised-read": return uninitialised(all, hazard.object);
    case "null-dereference": return nullFollowed(all);
    case "head-overlap": return headOverlap(all, hazard.head);
    case "context": return { hazard: { kind: "false" }, situation: { kind: "true" } };
    case "outcome": return outcome(all, hazard.when, threadOf);
  }
}

/** The loads that may touch a word of the object, each with "it did, and found this"; none leaves a question that is false, and a vacuous answer. */
function readsOf(all: Lowering, object: string, found: (word: number) => InitialValue): readonly { readonly met: Proposition; readonly bad: Proposition }[] {
  return all.loads.flatMap((load) => {
    const parsed = all.places.parse(load.place);
    if (!all.places.objectsAt(load.threadName, load.place).includes(object)) return [];
    const bad = registerIs(load.thread, load.register, found(parsed.word));
    if (parsed.kind === "object") return [{ met: load.reached === undefined ? { kind: "true" } as const : registerIs(load.thread, load.reached, number(1)), bad }];
    return [{ met: registerIs(load.thread, parsed.register, addressOfObject(object)), bad }];
  });
}

const addressOfObject = (object: string): InitialValue => ({ kind: "address", location: globalName(object), offset: 0 });

function isDirect(load: LoadNote): boolean {
  return !load.place.startsWith("*") && !load.place.includes("->");
}

function afterFree(all: Lowering, object: string): Question {
  const reads = readsOf(all, object, (word) => all.places.poisonOf(object, word));
  const freed = wordIs(globalName(object), 0, all.places.poisonOf(object, 0));
  return {
    hazard: anyOf(reads.map(({ met, bad }) => (met.kind === "true" ? bad : allOf([met, bad])))),
    situation: allOf([anyOf(reads.map(({ met }) => met)), freed]),
  };
}

function writtenAfterFree(all: Lowering, object: string): Question {
  const reads = all.ownerReads.filter((one) => one.object === object);
  demand(reads.length > 0, `nothing frees ${object}`);
  const { size } = all.places.storageOf(object);
  // The owner reads each word back in turn, and reads 0 only where the free was not reached.
  const foreign = reads.map(({ thread, register }, k) => allOf([not(registerIs(thread, register, number(0))), not(registerIs(thread, register, all.places.poisonOf(object, k % size)))]));
  const own = reads.map(({ thread, register }, k) => registerIs(thread, register, all.places.poisonOf(object, k % size)));
  // A write that comes later still is what the word has at the end; one that is allocated again has another owner then.
  const isAllocatedAgain = bodiesOf(all.driver).some(({ steps }) => flatten(steps).some((step) => step.kind === "alloc" && step.object === object));
  const later = isAllocatedAgain ? [] : own.map((met, k) => allOf([met, not(wordIs(globalName(object), k % size, all.places.poisonOf(object, k % size)))]));
  return { hazard: anyOf([...foreign, ...later]), situation: anyOf(own) };
}

function uninitialised(all: Lowering, object: string): Question {
  const reads = readsOf(all, object, (word) => all.places.garbageOf(object, word));
  const hazard = anyOf(reads.map(({ met, bad }) => (met.kind === "true" ? bad : allOf([met, bad]))));
  const direct = all.loads.filter((load) => isDirect(load) && all.places.objectsAt(load.threadName, load.place).includes(object));
  const written = direct.map((load) => allOf([not(registerIs(load.thread, load.register, number(0))), not(registerIs(load.thread, load.register, all.places.garbageOf(object, all.places.parse(load.place).word)))]));
  return { hazard, situation: anyOf([...reads.map(({ met }) => met).filter((met) => met.kind !== "true"), ...written]) };
}

/** What NULL stands for leads to itself: who follows it finds it again, and a write through it leaves a trace. */
function nullFollowed(all: Lowering): Question {
  const nowhere: InitialValue = { kind: "address", location: nullObject, offset: 0 };
  const followed = all.loads.flatMap((load) => {
    const parsed = all.places.parse(load.place);
    return parsed.kind === "register" ? [{ pointer: registerIs(load.thread, parsed.register, nowhere), found: registerIs(load.thread, load.register, nowhere) }] : [];
  });
  const isNullUsed = all.places.hasUncheckedUse;
  return {
    hazard: isNullUsed ? anyOf([...followed.map(({ pointer, found }) => allOf([pointer, found])), not(wordIs(nullObject, 0, nowhere))]) : { kind: "false" },
    // A pointer that was followed and was not NULL.
    situation: anyOf(all.loads.flatMap((load) => {
      const parsed = all.places.parse(load.place);
      return parsed.kind === "register" ? [allOf([not(registerIs(load.thread, parsed.register, nowhere)), not(registerIs(load.thread, parsed.register, number(0)))])] : [];
    })),
  };
}

/** RCU finds another link than its own in the head, or somebody else finds RCU's. */
function headOverlap(all: Lowering, head: string): Question {
  const parsed = all.places.parse(head);
  demand(parsed.kind === "object", `the rcu_head ${head} names an object`);
  const link = all.places.rcuLinkOf(parsed.object, parsed.word);
  const own = all.headReads.filter(({ object, word }) => object === parsed.object && word === parsed.word);
  demand(own.length > 0, `no handler is queued by the rcu_head ${head}`);
  const reads = all.loads.filter((load) => all.places.parse(load.place).word === parsed.word && all.places.objectsAt(load.threadName, load.place).includes(parsed.object));
  const queued = own.map(({ thread }) => registerIs(thread, "r_queued", number(1)));
  return {
    hazard: anyOf([...reads.map((load) => registerIs(load.thread, load.register, link)), ...own.map(({ thread, register }, k) => allOf([queued[k]!, not(registerIs(thread, register, link))]))]),
    situation: anyOf(queued),
  };
}

function outcome(all: Lowering, parts: Outcome, threadOf: (name: string) => number | undefined): Question {
  demand(parts.length > 0, "an outcome needs at least one part");
  const propositions = parts.map((part) => partOf(all, part, threadOf));
  return { hazard: allOf(propositions), situation: allOf(propositions.slice(0, -1)) };
}

function partOf(all: Lowering, part: OutcomePart, threadOf: (name: string) => number | undefined): Proposition {
  let made: Proposition;
  if ("register" in part) {
    const thread = threadOf(part.thread);
    demand(thread !== undefined, `the outcome speaks of thread ${part.thread}, which is not there`);
    made = registerIs(thread, part.register, valueOf(all, part.is, all.places.isPointerRegister(part.thread, part.register)));
  } else {
    const parsed = all.places.parse(part.at);
    demand(parsed.kind === "object", `the outcome speaks of ${part.at}: name an object`);
    made = wordIs(globalName(parsed.object), parsed.word, valueOf(all, part.is, all.places.isPointerWord(parsed.object, parsed.word)));
  }
  return part.not === true ? not(made) : made;
}

function valueOf(all: Lowering, operand: Operand, isPointer: boolean): InitialValue {
  const made = all.operand(operand, isPointer);
  demand(made.kind === "constant" || made.kind === "address", `the outcome compares with ${String(operand)}: write a number or &object`);
  return made;
}
