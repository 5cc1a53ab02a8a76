/** What must not happen, as a question to the explorer; and the situation that a refutation has to reach. */
import type { InitialValue, Proposition } from "../program.ts";
import { freedCount, runsNamed } from "./asked.ts";
import { allOf, anyOf, not, number, registerIs, wordIs, type Lowering, type StoreNote } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { globalName, nullObject } from "./places.ts";
import type { Operand, Outcome, OutcomePart } from "./steps.ts";

export type Question = { readonly hazard: Proposition; readonly situation: Proposition };

/** `threadOf`: index of a thread, handler or device by name. */
export function questionOf(all: Lowering, threadOf: (name: string) => number | undefined): Question {
  const { hazard } = all.driver;
  switch (hazard.kind) {
    case "use-after-free": {
      const { hazard: met, situation } = afterFree(all, hazard.object);
      return { hazard: allOf([met, outcomeOf(all, hazard.when, threadOf)]), situation };
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

/** A step that may touch a word of the object: `word` is the one it touches if `met` holds. */
type Touch<Note> = { readonly note: Note; readonly word: number; readonly met: Proposition };

/** One for each word that the step may touch; none leaves a question that is false, and a vacuous answer. */
function touches<Note extends StoreNote>(all: Lowering, notes: readonly Note[], object: string): readonly Touch<Note>[] {
  return notes.flatMap((note) => all.places.wordsAt(note.threadName, note.place).filter((one) => one.object === object).map(({ word }): Touch<Note> => {
    const parsed = all.places.parse(note.place);
    const points = parsed.kind === "register" ? [registerIs(note.thread, parsed.register, { kind: "address", location: globalName(object), offset: 4 * (word - parsed.word) })] : [];
    return { note, word, met: allOf([...points, ...ran(note)]) };
  }));
}

const ran = ({ thread, did }: StoreNote): readonly Proposition[] => (did === undefined ? [] : [registerIs(thread, did, number(1))]);

/** Some load of the object that ran found this in the word that it read. */
function someRead(all: Lowering, object: string, found: (word: number) => InitialValue): { readonly hazard: Proposition; readonly met: Proposition } {
  const reads = touches(all, all.loads, object);
  return { hazard: anyOf(reads.map(({ note, word, met }) => allOf([met, registerIs(note.thread, note.register, found(word))]))), met: anyOf(reads.map(({ met }) => met)) };
}

/** Some free of the object ran. */
const someFree = (all: Lowering, object: string): Proposition => anyOf(all.frees.filter((one) => one.object === object).map(({ thread, did }) => registerIs(thread, did, number(1))));

function afterFree(all: Lowering, object: string): Question {
  const { hazard, met } = someRead(all, object, (word) => all.places.poisonOf(object, word));
  return { hazard, situation: allOf([met, someFree(all, object)]) };
}

/** At the end a word is not what its owner wrote; or the owner found so, where two owners follow each other. */
function writtenAfterFree(all: Lowering, object: string): Question {
  const frees = all.frees.filter((one) => one.object === object);
  demand(frees.length > 0, `nothing frees ${object}`);
  const { size } = all.places.storageOf(object);
  const words = Array.from({ length: size }, (_, word) => word);
  const atEnd = allOf([someFree(all, object), anyOf(words.map((word) => not(wordIs(globalName(object), word, all.places.poisonOf(object, word)))))]);
  const readBack = frees.flatMap(({ thread, did, readBack: registers }) => registers.map((register, word) => allOf([registerIs(thread, did, number(1)), not(registerIs(thread, register, all.places.poisonOf(object, word)))])));
  const isByDevice = (all.driver.devices ?? []).some(({ access }) => access === "write");
  const stores = isByDevice ? [] : [anyOf(touches(all, all.stores, object).map(({ met }) => met))];
  return { hazard: anyOf([atEnd, ...readBack]), situation: allOf([someFree(all, object), ...stores]) };
}

function uninitialised(all: Lowering, object: string): Question {
  const { hazard, met } = someRead(all, object, (word) => all.places.garbageOf(object, word));
  return { hazard, situation: met };
}

/** What NULL stands for leads to itself: who follows it finds it again, and a write through it leaves a trace. */
function nullFollowed(all: Lowering): Question {
  const nowhere: InitialValue = { kind: "address", location: nullObject, offset: 0 };
  const through = (note: StoreNote, found: readonly Proposition[]): readonly { readonly pointer: Proposition; readonly notNull: Proposition; readonly rest: readonly Proposition[] }[] => {
    const parsed = all.places.parse(note.place);
    if (parsed.kind === "object") return [];
    const pointer = registerIs(note.thread, parsed.register, nowhere);
    return [{ pointer: allOf([pointer, ...found]), notNull: allOf([not(pointer), not(registerIs(note.thread, parsed.register, number(0)))]), rest: ran(note) }];
  };
  const followed = [...all.loads.flatMap((note) => through(note, [registerIs(note.thread, note.register, nowhere)])), ...all.stores.flatMap((note) => through(note, []))];
  return {
    hazard: all.places.hasUncheckedUse ? anyOf(followed.map(({ pointer, rest }) => allOf([pointer, ...rest]))) : { kind: "false" },
    // A pointer that was followed and was not NULL.
    situation: anyOf(followed.map(({ notNull, rest }) => allOf([notNull, ...rest]))),
  };
}

/** RCU finds another link than its own in the head, or somebody else finds RCU's. */
function headOverlap(all: Lowering, head: string): Question {
  const parsed = all.places.parse(head);
  demand(parsed.kind === "object", `the rcu_head ${head} names an object`);
  const link = all.places.rcuLinkOf(parsed.object, parsed.word);
  const own = all.headReads.filter(({ object, word }) => object === parsed.object && word === parsed.word);
  demand(own.length > 0, `no handler is queued by the rcu_head ${head}`);
  const reads = all.loads.filter((load) => all.places.wordsAt(load.threadName, load.place).some(({ object, word }) => object === parsed.object && word === parsed.word));
  const queued = own.map(({ thread }) => registerIs(thread, "r_queued", number(1)));
  return {
    hazard: anyOf([...reads.map((load) => registerIs(load.thread, load.register, link)), ...own.map(({ thread, register }, k) => allOf([queued[k]!, not(registerIs(thread, register, link))]))]),
    situation: anyOf(queued),
  };
}

const outcomeOf = (all: Lowering, when: Outcome | undefined, threadOf: (name: string) => number | undefined): Proposition => (when === undefined || when.length === 0 ? { kind: "true" } : outcome(all, when, threadOf).hazard);

/** A handler that is named may run several times: the outcome is one of some of its runs. */
function outcome(all: Lowering, parts: Outcome, threadOf: (name: string) => number | undefined): Question {
  demand(parts.length > 0, "an outcome needs at least one part");
  const named = [...new Set(parts.flatMap((part) => ("register" in part ? [part.thread] : [])))];
  const choices = named.reduce<readonly ReadonlyMap<string, string>[]>((some, thread) => some.flatMap((chosen) => runsNamed(all, thread).map((run) => new Map(chosen).set(thread, run))), [new Map()]);
  const of = (some: (part: OutcomePart, isLast: boolean, chosen: ReadonlyMap<string, string>) => Proposition): Proposition => anyOf(choices.map((chosen) => allOf(parts.map((part, k) => some(part, k === parts.length - 1, chosen)))));
  return {
    hazard: of((part, _, chosen) => partOf(all, part, chosen, threadOf)),
    situation: of((part, isLast, chosen) => (isLast ? hasValue(all, part, chosen, threadOf) : partOf(all, part, chosen, threadOf))),
  };
}

/** A register that a condition may leave unset has no value where it does. */
function partOf(all: Lowering, part: OutcomePart, chosen: ReadonlyMap<string, string>, threadOf: (name: string) => number | undefined): Proposition {
  if (!("register" in part)) {
    const parsed = all.places.parse(part.at);
    demand(parsed.kind === "object", `the outcome speaks of ${part.at}: name an object`);
    const made = wordIs(globalName(parsed.object), parsed.word, valueOf(all, part.is, all.places.isPointerWord(parsed.object, parsed.word)));
    return part.not === true ? not(made) : made;
  }
  const name = chosen.get(part.thread) ?? part.thread;
  const thread = threadOf(name);
  demand(thread !== undefined, `the outcome speaks of thread ${part.thread}, which is not there`);
  const made = registerIs(thread, part.register, valueOf(all, part.is, all.places.isPointerRegister(name, part.register)));
  return allOf([hasValue(all, part, chosen, threadOf), part.not === true ? not(made) : made]);
}

function hasValue(all: Lowering, part: OutcomePart, chosen: ReadonlyMap<string, string>, threadOf: (name: string) => number | undefined): Proposition {
  if (!("register" in part)) return { kind: "true" };
  const name = chosen.get(part.thread) ?? part.thread;
  const setBy = all.setBy.get(`${name} ${part.register}`);
  return setBy === undefined ? { kind: "true" } : anyOf(setBy.map((did) => registerIs(threadOf(name)!, did, number(1))));
}

function valueOf(all: Lowering, operand: Operand, isPointer: boolean): InitialValue {
  const made = all.operand(operand, isPointer);
  demand(made.kind === "constant" || made.kind === "address", `the outcome compares with ${String(operand)}: write a number or &object`);
  return made;
}
