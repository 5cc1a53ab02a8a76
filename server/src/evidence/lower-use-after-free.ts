/** Retirement and reader → program: can the reader still touch the object after its end? */

import { poison, type Instruction, type Program, type Proposition, type Thread } from "../../../emulator-core/src/index.ts";
import type { Announcement } from "./announcements.ts";
import { commonLocks } from "./locks.ts";
import type { FileFacts } from "../model/file-facts.ts";
import { commonFrame, mayWait, structOfObject, touches, type Container, type ReaderUse, type Retirement } from "../model/lifetimes.ts";
import type { Sym, TraceEvent } from "../model/trace.ts";
import { addressOf, allOf, anyOf, constant, isSet, load, ProgramBuilder, register, registerIs, registerPointsTo, wordOf } from "./program-builder.ts";

export type UseAfterFree = {
  readonly facts: FileFacts;
  readonly retirement: Retirement;
  /** undefined: a synthetic reader. */
  readonly reader: ReaderUse | undefined;
  /** Unknown calls between detach and end wait for a grace period. */
  readonly unknownCallsWait?: boolean;
  /** The wait at this event is left out, and the end becomes a deferred one. */
  readonly withoutWait?: number;
  /** The reader sets a word before it looks, on which the updater's end depends. */
  readonly announcement?: Announcement;
};

export type Lowered = { readonly program: Program; readonly situation: Proposition };

type Shape = {
  readonly builder: ProgramBuilder;
  readonly options: UseAfterFree;
  readonly containerGlobal: string;
  readonly objectGlobal: string;
  /** Word index of each field path of the object. */
  readonly words: Map<string, number>;
  readonly locks: ReadonlySet<string>;
};

const readerThread = 0;
const updaterThread = 1;

export function lowerUseAfterFree(options: UseAfterFree): Lowered {
  const { facts, retirement, reader } = options;
  const builder = new ProgramBuilder(facts);
  const shape: Shape = {
    builder, options,
    containerGlobal: builder.nameFor(containerKey(retirement.container)),
    objectGlobal: builder.nameFor(`object ${structOfObject(retirement.object) ?? "object"}`),
    words: new Map(), locks: commonLocks(retirement, reader).keys,
  };
  if (options.announcement !== undefined) builder.declare(options.announcement.key, "int", [{ kind: "constant", value: 0 }]);
  for (const key of shape.locks) builder.declare(`lock ${key}`, "spinlock_t", [{ kind: "constant", value: 0 }]);
  const read = reader === undefined ? syntheticReader(shape) : lowerReader(shape, reader);
  builder.declare(containerKey(retirement.container), "int *", [{ kind: "address", location: shape.objectGlobal, offset: 0 }]);
  builder.declare(`object ${structOfObject(retirement.object) ?? "object"}`, "int", Array.from({ length: Math.max(shape.words.size, 1) }, () => ({ kind: "constant", value: 1 }) as const));
  const updater = lowerUpdater(shape);
  builder.threads.push(read.thread, updater.thread, ...updater.callbacks);
  const obtained = registerPointsTo(readerThread, "r0", shape.objectGlobal);
  const hazard = allOf([obtained, anyOf([...read.loads.map((name) => registerIs(readerThread, name, poison)), ...updater.ownerReads.map(({ thread, name }) => registerIs(thread, name, foreignValue))])]);
  return {
    program: builder.program(testName(facts, retirement), commentsOf(options), hazard),
    situation: obtained,
  };
}

/** What a reader stores into the object; the next owner must never find it. */
const foreignValue = 7;

function containerKey(container: Container): string {
  return container.kind !== "list" ? container.key : `${container.head ?? container.struct} ${container.member}`;
}

function testName(facts: FileFacts, retirement: Retirement): string {
  const fn = retirement.trace.events[retirement.end]?.function ?? retirement.trace.root;
  const stem = facts.file.split("/").at(-1)?.replace(/\W+/g, "-") ?? "file";
  return `${stem}-${fn}`.replace(/_/g, "-");
}

function commentsOf({ facts, retirement, reader }: UseAfterFree): readonly string[] {
  return [
    `Hazard: ${structOfObject(retirement.object) ?? "object"} is used after it was freed (rcu/free-before-grace-period)`,
    `Source: ${facts.file}, ${commonFrame(retirement.trace, retirement.detach, retirement.end).function}() against ${reader === undefined ? "a synthetic reader" : `${reader.trace.events[reader.obtain]?.function ?? reader.trace.root}()`}`,
    `The free is a store of ${String(poison)} by the memory's next owner; a spin lock or mutex is spin_lock().`,
  ];
}

type LoweredReader = { readonly thread: Thread; readonly loads: readonly string[] };

function syntheticReader(shape: Shape): LoweredReader {
  shape.words.set("*", 0);
  return {
    loads: ["r1"],
    thread: {
      role: "Reader", title: "synthetic reader",
      body: [
        { kind: "fence", fence: "rcu-lock" },
        { kind: "assign", register: "r0", value: load(addressOf(shape.containerGlobal), "once", "rcu_dereference") },
        isSet("r0", [{ kind: "assign", register: "r1", value: load(register("r0"), "once") }]),
        { kind: "fence", fence: "rcu-unlock" },
      ],
    },
  };
}

function lowerReader(shape: Shape, reader: ReaderUse): LoweredReader {
  const { builder, locks } = shape;
  const { events } = reader.trace;
  const kept = new Set(chosenAccesses(reader));
  const last = Math.max(...kept);
  const body: Instruction[] = [];
  const loads: string[] = [];
  let pending: Instruction[] = [];
  const flush = (): void => { if (pending.length > 0) body.push(isSet("r0", pending)); pending = []; };
  const sections = sectionSerials(reader);
  const heldAtStart = assumedLocks(events[reader.obtain], locks);
  for (const lock of heldAtStart) body.push({ kind: "spin-lock", lock: addressOf(builder.nameFor(`lock ${lock}`)) });
  const isEntered = reader.section === undefined || events[reader.obtain]?.readers.some(({ entry }) => entry !== undefined) === true;
  if (isEntered) body.push({ kind: "fence", fence: "rcu-lock" });
  const open = new Set<string>();
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    if (event === undefined || (index > last && open.size === 0)) continue;
    const sync = readerSync(event, sections, locks, builder, open);
    if (sync !== undefined) { flush(); body.push(sync); }
    body.push(...announceInstruction(event, index, reader, shape));
    if (index === reader.obtain) body.push(obtainInstruction(event, shape));
    if (kept.has(index)) pending.push(accessInstruction(event, reader.object, shape, loads));
    if (index === last) flush();
  }
  flush();
  body.push(...closing(reader, open, sections, builder));
  if (isEntered) body.push({ kind: "fence", fence: "rcu-unlock" });
  for (const lock of heldAtStart.toReversed()) body.push({ kind: "spin-unlock", lock: addressOf(builder.nameFor(`lock ${lock}`)) });
  const obtained = events[reader.obtain];
  return { thread: { role: "Reader", title: obtained?.function ?? reader.trace.root, body }, loads };
}

/** The word by which the reader says that it is there, and the barriers from there to where it looks. */
function announceInstruction(event: TraceEvent, index: number, { obtain }: ReaderUse, shape: Shape): readonly Instruction[] {
  const { announcement } = shape.options;
  if (announcement === undefined || index < announcement.store || index >= obtain) return [];
  const { what } = event;
  if (index > announcement.store) return what.kind === "fence" || what.kind === "rmw" ? orderInstruction(event, index, shape) : [];
  const tag = what.kind !== "store" || what.access === "plain" ? "plain" : what.access === "release" ? "release" : "once";
  return [{ kind: "store", tag, address: addressOf(shape.builder.nameFor(announcement.key)), value: constant(1), source: shape.builder.sourceOf(event) }];
}

/** A function may return inside its section (seq_file start); the caller closes it, so the program does. */
function closing(reader: ReaderUse, open: ReadonlySet<string>, sections: ReadonlySet<number>, builder: ProgramBuilder): readonly Instruction[] {
  const obtained = reader.trace.events[reader.obtain];
  const left = (obtained?.readers ?? []).filter((section) => sections.has(section.serial) && open.has(`section ${String(section.serial)}`)).toReversed();
  const locks = [...open].flatMap((name) => (name.startsWith("lock ") ? [builder.nameFor(name)] : []));
  return [
    ...locks.map((lock): Instruction => ({ kind: "spin-unlock", lock: addressOf(lock) })),
    ...left.map((section): Instruction => section.flavour === "srcu"
      ? { kind: "srcu-read-unlock", domain: addressOf(builder.nameFor(`srcu ${section.domain}`)), index: register(`r_idx${String(section.serial)}`) }
      : { kind: "fence", fence: "rcu-unlock" }),
  ];
}

/** Accesses under the same locks and sections are alike: the first and the last of each kind are kept. */
function chosenAccesses(reader: ReaderUse): readonly number[] {
  const bySignature = new Map<string, { first: number; last: number }>();
  for (const index of reader.accesses) {
    const event = reader.trace.events[index];
    if (event === undefined) continue;
    const isWrite = event.what.kind === "store" || (event.what.kind === "touch" && event.what.write);
    const signature = `${isWrite ? "w" : "r"} ${event.locks.map((lock) => lock.key).join()} ${event.readers.map((one) => one.serial).join()}`;
    const known = bySignature.get(signature);
    if (known === undefined) bySignature.set(signature, { first: index, last: index });
    else known.last = index;
  }
  return [...new Set([...bySignature.values()].flatMap(({ first, last }) => [first, last]))].sort((a, b) => a - b);
}

function sectionSerials(reader: ReaderUse): ReadonlySet<number> {
  return new Set(reader.trace.events[reader.obtain]?.readers.map((section) => section.serial) ?? []);
}

function assumedLocks(event: TraceEvent | undefined, locks: ReadonlySet<string>): readonly string[] {
  return (event?.locks ?? []).filter((lock) => lock.at === undefined && locks.has(lock.key)).map((lock) => lock.key);
}

/** Section and lock events that matter to this pair; `open` tracks what still has to be closed. */
function readerSync(event: TraceEvent, sections: ReadonlySet<number>, locks: ReadonlySet<string>, builder: ProgramBuilder, open: Set<string>): Instruction | undefined {
  const { what } = event;
  if ((what.kind === "reader-enter" || what.kind === "reader-leave") && what.section !== undefined && sections.has(what.section.serial)) {
    const { serial, flavour, domain } = what.section;
    const enters = what.kind === "reader-enter";
    if (enters) open.add(`section ${String(serial)}`);
    else open.delete(`section ${String(serial)}`);
    if (flavour !== "srcu") return { kind: "fence", fence: enters ? "rcu-lock" : "rcu-unlock", source: builder.sourceOf(event) };
    const address = addressOf(builder.declare(`srcu ${domain}`, "struct srcu_struct", [{ kind: "constant", value: 0 }]));
    const index = `r_idx${String(serial)}`;
    return enters
      ? { kind: "assign", register: index, value: { kind: "srcu-read-lock", domain: address }, source: builder.sourceOf(event) }
      : { kind: "srcu-read-unlock", domain: address, index: register(index), source: builder.sourceOf(event) };
  }
  if ((what.kind === "lock" || what.kind === "unlock") && locks.has(what.lock.key)) {
    if (what.kind === "lock") open.add(`lock ${what.lock.key}`);
    else open.delete(`lock ${what.lock.key}`);
    return { kind: what.kind === "lock" ? "spin-lock" : "spin-unlock", lock: addressOf(builder.nameFor(`lock ${what.lock.key}`)), source: builder.sourceOf(event) };
  }
  return undefined;
}

function obtainInstruction(event: TraceEvent, { builder, containerGlobal }: Shape): Instruction {
  const { what } = event;
  const isRcu = ((what.kind === "walk" || what.kind === "lookup") && what.rcu) || (what.kind === "load" && what.access !== "plain");
  const tag = what.kind === "load" && what.access === "acquire" ? "acquire" : isRcu ? "once" : "plain";
  return { kind: "assign", register: "r0", value: load(addressOf(containerGlobal), tag, tag === "once" ? "rcu_dereference" : undefined), source: builder.sourceOf(event) };
}

function accessInstruction(event: TraceEvent, object: Sym, shape: Shape, loads: string[]): Instruction {
  const { what } = event;
  const path = pathOf(event, object);
  const word = shape.words.get(path) ?? shape.words.size;
  shape.words.set(path, word);
  const address = wordOf("r0", word);
  const source = shape.builder.sourceOf(event, what.kind === "advance" ? `the walk reads ${path}` : undefined);
  if (what.kind === "store" || (what.kind === "touch" && what.write)) {
    return { kind: "store", tag: what.kind === "store" && what.access !== "plain" ? "once" : "plain", address, value: constant(foreignValue), source };
  }
  const name = `r${String(loads.length + 1)}`;
  loads.push(name);
  const isMarked = (what.kind === "load" && what.access !== "plain") || (what.kind === "advance" && what.rcu) || what.kind === "reference";
  return { kind: "assign", register: name, value: load(address, isMarked ? "once" : "plain"), source };
}

function pathOf({ what }: TraceEvent, object: Sym): string {
  if (what.kind === "load" || what.kind === "store") return what.place.path.join(".");
  if (what.kind === "advance") return `${what.member}.next`;
  const pointer = what.kind === "touch" ? what.pointer : what.kind === "reference" ? what.counter : object;
  return pointer.origin.kind === "address" ? pointer.origin.place.path.join(".") : "*";
}

type OwnerRead = { readonly thread: number; readonly name: string };

function lowerUpdater(shape: Shape): { readonly thread: Thread; readonly callbacks: readonly Thread[]; readonly ownerReads: readonly OwnerRead[] } {
  const { builder, options, locks } = shape;
  const { retirement } = options;
  const { events } = retirement.trace;
  const body: Instruction[] = [];
  const first = Math.min(retirement.detach, retirement.end);
  const held = new Set<string>();
  for (const lock of assumedLocks(events[retirement.detach], locks)) {
    held.add(lock);
    body.push({ kind: "spin-lock", lock: addressOf(builder.nameFor(`lock ${lock}`)) });
  }
  const assumed = [...held];
  let callback: Thread | undefined;
  const ownerReads: OwnerRead[] = [];
  const last = Math.max(retirement.detach, retirement.end);
  events.forEach((event, index) => {
    if (index > last && held.size === assumed.length) return;
    const sync = readerSync(event, new Set(), locks, builder, held);
    if (sync !== undefined) body.push(sync);
    if (index === options.announcement?.load) body.push(askInstruction(event, options.announcement, builder));
    if (index < first || index > last) return;
    if (index === retirement.detach) body.push(detachInstruction(event, shape));
    else if (index === retirement.end) {
      const end = endInstructions(event, shape, ownerReads);
      body.push(...(options.announcement === undefined ? end.body : [whereAnnounced(options.announcement, end.body)]));
      callback = end.callback;
    } else body.push(...orderInstruction(event, index, shape));
  });
  for (const lock of assumed.toReversed()) body.push({ kind: "spin-unlock", lock: addressOf(builder.nameFor(`lock ${lock}`)) });
  return { thread: { role: "Updater", title: commonFrame(retirement.trace, retirement.detach, retirement.end).function, body }, callbacks: callback === undefined ? [] : [callback], ownerReads };
}

function detachInstruction(event: TraceEvent, { builder, containerGlobal }: Shape): Instruction {
  const { what } = event;
  const source = builder.sourceOf(event);
  const address = addressOf(containerGlobal);
  if (what.kind !== "store") return { kind: "store", tag: "once", address, value: constant(0), source };
  if (what.value.origin.kind === "null") return { kind: "store", tag: what.access === "plain" ? "plain" : "once", address, value: constant(0), source };
  const next = builder.declare("object that takes its place", "int", [{ kind: "constant", value: 1 }]);
  const tag = what.access === "plain" ? "plain" : what.access === "once" ? "once" : "release";
  return { kind: "store", tag, address, value: addressOf(next), source };
}

/** The updater asks whether a reader has announced itself. */
function askInstruction(event: TraceEvent, { key }: Announcement, builder: ProgramBuilder): Instruction {
  const { what } = event;
  const tag = what.kind !== "load" || what.access === "plain" ? "plain" : what.access === "acquire" ? "acquire" : "once";
  return { kind: "assign", register: "r_asked", value: load(addressOf(builder.nameFor(key)), tag), source: builder.sourceOf(event) };
}

const whereAnnounced = ({ wantsSet }: Announcement, then: readonly Instruction[]): Instruction => ({
  kind: "if", condition: { kind: "binary", operator: wantsSet ? "!=" : "==", left: register("r_asked"), right: constant(0) }, then, else: [],
});

/** Waits and barriers between detach and end. */
function orderInstruction(event: TraceEvent, index: number, { builder, options }: Shape): readonly Instruction[] {
  const { what } = event;
  const source = builder.sourceOf(event);
  // A wait that may not be made (behind && or ?:, or cond_synchronize_rcu()) is none here.
  const isSure = what.kind === "wait" && event.condition === undefined && !what.maybe;
  if (isSure && index !== options.withoutWait && !what.callbacks) {
    if (what.flavour === "rcu") return [{ kind: "fence", fence: "sync-rcu", source }];
    if (what.flavour === "srcu") return [{ kind: "synchronize-srcu", domain: addressOf(builder.declare(`srcu ${what.domain}`, "struct srcu_struct", [{ kind: "constant", value: 0 }])), source }];
  }
  const isPossible = mayWait(event) || (what.kind === "wait" && !isSure);
  if (isPossible && options.unknownCallsWait === true) {
    const section = options.reader?.section;
    if (section?.flavour !== "srcu") return [{ kind: "fence", fence: "sync-rcu", source }];
    return [{ kind: "synchronize-srcu", domain: addressOf(builder.nameFor(`srcu ${section.domain}`)), source }];
  }
  if (options.announcement !== undefined && what.kind === "rmw" && what.order === "full" && !what.conditional && event.condition === undefined) return [{ kind: "fence", fence: "mb", source }];
  if (what.kind === "fence" && (what.fence === "mb" || what.fence === "rmb" || what.fence === "wmb")) return [{ kind: "fence", fence: what.fence, source }];
  return [];
}

function endInstructions(event: TraceEvent, shape: Shape, ownerReads: OwnerRead[]): { readonly body: readonly Instruction[]; readonly callback: Thread | undefined } {
  const { builder, options, objectGlobal, words } = shape;
  const { what } = event;
  const source = builder.sourceOf(event);
  const deferred = what.kind === "defer-free" || what.kind === "defer-call" || options.withoutWait !== undefined;
  const thread = deferred ? updaterThread + 1 : updaterThread;
  const freed: Instruction[] = [{ kind: "free", object: addressOf(objectGlobal), how: what.kind === "free" ? what.api : "callback", source }];
  if (options.reader?.accesses.some((index) => isForeignStore(options.reader?.trace.events[index], options.reader?.object)) === true) {
    for (const [, word] of words) {
      const name = `r_owner${String(word)}`;
      ownerReads.push({ thread, name });
      freed.push({ kind: "assign", register: name, value: load(addressOf(objectGlobal, word), "once"), source: { ...source, text: "the next owner reads its memory" } });
    }
  }
  if (!deferred) return { body: freed, callback: undefined };
  const name = "cb";
  const domain = what.kind === "defer-call" && what.flavour === "srcu" ? addressOf(builder.declare(`srcu ${what.domain}`, "struct srcu_struct", [{ kind: "constant", value: 0 }])) : undefined;
  return {
    body: [{ kind: "call-rcu", callback: name, ...(domain === undefined ? {} : { domain }), source }],
    callback: { role: "RCU callback", title: options.retirement.callback ?? (what.kind === "defer-free" ? what.api : "kfree_rcu"), callback: name, body: freed },
  };
}

function isForeignStore(event: TraceEvent | undefined, object: Sym | undefined): boolean {
  return event !== undefined && object !== undefined && touches(event.what, object) && (event.what.kind === "store" || (event.what.kind === "touch" && event.what.write));
}

