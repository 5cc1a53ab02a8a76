/*
 * Driver programs that nobody would write by hand: each is refused in words that name the culprit, or left undecided
 * with its limit, in no time.
 */
import { describe, expect, test } from "vitest";
import * as on from "./build.ts";
import { exportLitmus } from "./export.ts";
import { judgeDriver, type DriverVerdict } from "./judge.ts";
import { DriverMistake } from "./mistake.ts";
import type { Device, DriverObject, DriverProgram, Handler, Outcome, Step } from "./steps.ts";

const x: DriverObject = { name: "x", initial: 0 };
const reader = { role: "B", title: "b", steps: [on.readOnce("r", "x")] };
const device: Device = { name: "d", title: "d", path: [{ dst: "entry", at: "x" }], access: "none" };

function program(steps: readonly Step[], more: Partial<DriverProgram> = {}): DriverProgram {
  return {
    name: "p", objects: [x, { name: "y", initial: 0 }], threads: [{ role: "A", title: "a", steps }, reader],
    hazard: { kind: "outcome", what: "seen", when: [{ thread: "B", register: "r", is: 1 }] }, ...more,
  };
}

const set: readonly Step[] = [on.writeOnce("x", 1)];
const times = <T>(count: number, make: (k: number) => T): readonly T[] => Array.from({ length: count }, (_, k) => make(k));
const work = (name: string, ...steps: readonly Step[]): Handler => ({ name, kind: "work", title: name, steps });
const when = (...parts: Outcome): DriverProgram => program(set, { hazard: { kind: "outcome", what: "seen", when: parts } });

function nested(depth: number): Step {
  let step = on.writeOnce("x", 1);
  for (let k = 0; k < depth; k++) step = on.choose("c", [step], []);
  return step;
}

/** Each arm holds the same step twice: few objects, and very many steps. */
function doubled(depth: number): Step {
  let step = on.writeOnce("x", 1);
  for (let k = 0; k < depth; k++) step = on.choose("c", [step, step], [step, step]);
  return step;
}

/** From plain JavaScript, where no compiler looks. */
const untyped = (value: unknown): never => value as never;

const mistakes: readonly (readonly [string, DriverProgram, string])[] = [
  ["an outcome of a register that nothing sets", when({ thread: "B", register: "q", is: 1 }), "register q of B, which nothing sets (registers: r)"],
  ["an outcome of a device's register", { ...when({ thread: "d", register: "q", is: 1 }), devices: [device] }, "register q of d, which nothing sets (registers: entry)"],
  ["an outcome of a thread", when({ thread: "Z", register: "r", is: 1 }), "thread Z, which is not there"],
  ["an outcome of an object", when({ at: "z", is: 1 }), "object z is not declared"],
  ["an outcome of a field", when({ at: "x.f", is: 1 }), "object x has no field f"],
  ["an outcome that compares with an object", when({ at: "x", is: "&z" }), "object z is not declared"],
  ["an outcome that compares with a register", when({ at: "x", is: "r" }), "compares with r"],
  ["an outcome of nothing", when(), "at least one part"],
  ["an outcome of very many parts", when(...times(20_000, () => ({ at: "x", is: 1 }))), "20000 parts of an outcome"],
  ["a hazard's object", program(set, { hazard: { kind: "use-after-free", object: "z" } }), "object z is not declared"],
  ["a hazard's register", program([on.kfree("x")], { hazard: { kind: "use-after-free", object: "x", when: [{ thread: "B", register: "q", is: 0 }] } }), "register q of B"],
  ["a hazard's head", program(set, { hazard: { kind: "head-overlap", head: "*r" } }), "*r names an object"],
  ["a hazard", program(set, { hazard: untyped({ kind: "bogus" }) }), '"bogus" is no hazard'],
  ["a step", program([untyped({ kind: "bogus" })]), '"bogus" is no step'],
  ["a barrier", program([on.barrierNamed(untyped("smp_bogus"))]), "smp_bogus is no barrier"],
  ["an architecture", program(set, { architecture: untyped("vax") }), "architecture vax is not known"],
  ["an object", program([on.writeOnce("z", 1)]), "object z is not declared"],
  ["a field", program([on.writeOnce("x.f", 1)]), "object x has no field f"],
  ["a member", program([on.readOnce("q", "x"), on.readOnce("s", "q->f")]), "no object has a field f"],
  ["an allocated object", program([on.allocate("q", "z")]), "A: object z is not declared"],
  ["a freed object", program([on.kfreeRcu("z")]), "object z is not declared"],
  ["a lock", program(on.locked("l")), "lock l is not declared"],
  ["an SRCU domain", program([on.synchronizeSrcu("s")]), "SRCU domain s is not declared"],
  ["the SRCU domain of a handler", program([on.callRcu("h")], { handlers: [{ ...work("h"), kind: "srcu", domain: "s" }] }), "handler h: SRCU domain s is not declared"],
  ["a cache of an invalidation", program([on.invalidate("i", ["c"])]), "cache c is not declared"],
  ["a cache of a device", program(set, { devices: [{ ...device, path: [{ dst: "entry", at: "x", cache: "c" }] }] }), "device d: cache c is not declared"],
  ["a cache of an ATS device", program(set, { devices: [{ ...device, ats: { cache: "c" } }] }), "device d: cache c is not declared"],
  ["a queue of a command", program([on.command("q", [])]), "queue q is not declared"],
  ["a queue of a poll", program([on.poll("q")]), "A: queue q is not declared"],
  ["a handler", program([on.waitForHandler("h")]), "handler h is not declared"],
  ["a command that carries a register", program([on.invalidate("i", [], { writes: [{ at: "x", value: untyped("q") }] })]), "writes q to x"],
  ["a section that is not left", program([on.rcuReadLock()]), "A: a read-side section (rcu) is not left"],
  ["a section that is not entered", program([on.rcuReadUnlock()]), "left without being entered"],
  ["a lock that one arm takes", program([on.choose("c", [on.lock("l")], []), on.unlock("l")], { locks: ["l"] }), "two arms of a condition"],
  ["a spin lock unlocked as a mutex", program([on.lock("l"), on.mutexUnlock("l")], { locks: ["l"] }), "l is a spin lock in one place and a mutex lock in another"],
  ["handlers that start each other", program([on.callRcu("h")], { handlers: [work("h", on.callRcu("g")), work("g", on.callRcu("h"))] }), "handler h queues itself"],
  ["handlers that nobody starts", program(set, { handlers: [work("h", on.callRcu("g")), work("g", on.callRcu("h"))] }), "handler h never starts"],
  ["200 steps", program(times(200, () => on.writeOnce("x", 1))), "201 steps; at most 150"],
  ["10,000 steps", program(times(10_000, () => on.writeOnce("x", 1))), "10001 steps; at most 150"],
  ["10,000 arms inside each other", program([nested(10_000)]), "A: more than 24 conditions inside each other"],
  ["steps that stand in many arms", program([doubled(23)]), "more than 20000 steps"],
  ["1000 threads", program(set, { threads: times(1000, (k) => ({ role: `T${String(k)}`, title: "", steps: [] })) }), "1000 threads, handlers, queues and devices"],
  ["a path of 1000 entries", program(set, { devices: [{ ...device, path: [...device.path, ...times(1000, (k) => ({ dst: `e${String(k)}` }))] }] }), "1001 fetches of one device"],
  ["200,000 fields", program(set, { objects: [x, { name: "big", fields: times(200_000, (k) => ({ name: `f${String(k)}` })) }] }), "200001 words of objects"],
  ["5000 caches in a command", program([on.invalidate("i", times(5000, () => "c"))], { caches: ["c"] }), "5000 caches of one command"],
  ["no threads", program(set, { threads: [] }), "needs a thread"],
  ["no objects", program(set, { objects: [] }), "object x is not declared"],
  ["a device with an empty path", program(set, { devices: [{ ...device, path: [] }] }), "device d reads nothing: its path is empty"],
  ["a device that sets a register twice", program(set, { devices: [{ ...device, path: [...device.path, { dst: "entry" }] }] }), "device d: register entry is set twice"],
  ["two devices of one name", program(set, { devices: [device, device] }), "are called d"],
  ["a thread called like a queue", program(set, { queues: ["A"] }), "are called A"],
  ["a handler called like the callback of kfree_rcu()", program([on.kfreeRcu("y"), on.callRcu("kfree_y")], { handlers: [work("kfree_y")] }), "kfree_y is the callback of kfree_rcu(y)"],
  ["two caches of one name", program(set, { caches: ["c", "c"] }), "cache c is declared twice"],
  ["an object called like freed memory", program([on.kfree("freed")], { objects: [x, { name: "freed" }] }), "object freed is called like something else"],
  ["an object called like a lock", program([...on.locked("l"), on.writeOnce("l", 1)], { objects: [x, { name: "l" }], locks: ["l"] }), "object l is called like something else"],
  ["an object called like a queue's word", program(on.flush("q", []), { objects: [x, { name: "q_tail" }], queues: ["q"] }), "object q_tail is called like something else"],
  ["a lock called like an SRCU domain", program([on.srcuReadLock("s"), on.srcuReadUnlock("s"), ...on.locked("s")], { locks: ["s"], srcuDomains: ["s"] }), "both be called v_s"],
  ["an SRCU domain called like a cache", program(set, { caches: ["c"], srcuDomains: ["cache_c"] }), "cache_c is what something"],
];

describe("is refused, with the name of what is wrong", () => {
  test.each(mistakes)("%s", (_, wrong, words) => {
    const start = performance.now();
    expect(() => judgeDriver(wrong)).toThrow(DriverMistake);
    // On a busy machine, too.
    expect(performance.now() - start).toBeLessThan(5000);
    expect(() => judgeDriver(wrong)).toThrow(words);
  });

  const bad = ["a b", 'a"b', "é", "__proto__", "", "1a", "x\ny", "*)", "if"];
  test.each(bad)("the name %j", (name) => {
    const refused: readonly DriverProgram[] = [
      program([on.readOnce(name, "x")]),
      program(set, { devices: [{ ...device, path: [{ dst: name, at: "x" }] }] }),
      ...(name === "if" ? [] : [
        program(set, { objects: [x, { name }] }), program(set, { locks: [name] }), program(set, { srcuDomains: [name] }), program(set, { caches: [name] }), program(set, { queues: [name] }),
        program([on.callRcu(name)], { handlers: [work(name)] }), program([on.complete(name)]),
      ]),
    ];
    for (const wrong of refused) expect(() => judgeDriver(wrong), JSON.stringify(wrong)).toThrow(DriverMistake);
  });

  test.each([NaN, Infinity, -Infinity, 1e300, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31) - 1, 0.5])("the number %d", (value) => {
    const refused: readonly DriverProgram[] = [
      program([on.writeOnce("x", value)]), program([on.waitUntil("y", value)]), program([{ kind: "update", at: "x", with: { kind: "add", operand: value }, order: "relaxed" }]),
      program([on.readOnce("q", "y"), on.ifEqual("q", value, set)]), program(set, { objects: [{ name: "x", initial: value }] }), program([on.invalidate("i", [], { writes: [{ at: "x", value }] })]),
      when({ at: "x", is: value }),
    ];
    for (const wrong of refused) expect(() => judgeDriver(wrong)).toThrow(`${String(value)} is no number of 32 bits`);
  });
});

/** The text is read again before it is handed out, so whatever can be said here is said in it. */
function judged(fine: DriverProgram): string {
  const verdict = judgeDriver(fine);
  exportLitmus(fine, verdict);
  return verdict.verdict;
}

describe("is taken as it stands", () => {
  test.each(["constructor", "toString", "hasOwnProperty", "P0", "null_", "a".repeat(1000)])("the name %s, wherever a name may stand", (name) => {
    expect(judged(program([on.writeOnce(name, 1)], { objects: [x, { name }] }))).toBe("refuted");
    expect(judged(program([on.readOnce(name, "x"), on.ifSet(name, set)]))).not.toBe("undecided");
    expect(judged(program([on.callRcu(name), on.waitForHandler(name)], { handlers: [work(name, ...set)] }))).toBe("confirmed");
    expect(judged(program([...on.flush(name, [name]), ...set], { caches: [name], queues: [name] }))).toBe("confirmed");
    expect(judged(program([...on.locked(name, ...set)], { locks: [name] }))).toBe("confirmed");
    expect(judged(program([on.choose(name, set, [])], { name, about: name, assumptions: [name] }))).toBe("confirmed");
  });

  test.each(['"quoted" *) /* (* é', "two\nlines", "__proto__", "choice0"])("the words %j, where a person reads them", (words) => {
    const steps = [on.choose(words, set, [])];
    expect(judged(program(steps, { about: words, assumptions: [words], threads: [{ role: words, title: words, steps }, reader] }))).toBe("confirmed");
  });

  test("a thread called like a helper keeps its own registers", () => {
    const steps = [on.choose("c", set, []), on.readOnce("q", "x")];
    const seen: DriverProgram = { ...when({ thread: "choice0", register: "q", is: 1 }), threads: [{ role: "choice0", title: "", steps }, reader] };
    expect(judged(seen)).toBe("confirmed");
  });

  test("empty lists", () => {
    const empty = { locks: [], srcuDomains: [], caches: [], queues: [], handlers: [], devices: [], assumptions: [] };
    expect(judged(program([on.choose("c", [], []), on.invalidate("i", []), ...set], empty))).toBe("confirmed");
    expect(judged(program([], empty))).toBe("refuted");
    expect(judged(program(on.flush("q", []), { ...empty, queues: ["q"] }))).toBe("refuted");
  });

  test.each([-1, -(2 ** 31), 2 ** 31 - 1, -0])("the number %d", (value) => {
    const { hazard } = when({ thread: "B", register: "r", is: value });
    expect(judged(program([on.writeOnce("x", value)], { hazard, objects: [{ name: "x", initial: 3 }] }))).toBe("confirmed");
  });
});

describe("ends", () => {
  const waits: readonly (readonly [string, DriverProgram])[] = [
    ["a wait for what nobody writes", program([on.waitUntil("y", 5)])],
    ["a completion that comes after its wait", program([on.waitForCompletion("c"), on.complete("c")])],
    ["two threads that wait for each other", program([on.waitUntil("y", 1), ...set], { threads: [{ role: "A", title: "", steps: [on.waitUntil("y", 1), ...set] }, { role: "B", title: "", steps: [on.waitUntil("x", 1), on.writeOnce("y", 1), on.readOnce("r", "x")] }] })],
    ["a lock taken twice", program([on.lock("l"), on.lock("l"), on.unlock("l"), on.unlock("l")], { locks: ["l"] })],
  ];
  test.each(waits)("%s, as a deadlock", (_, stuck) => {
    expect(judgeDriver(stuck)).toMatchObject({ verdict: "undecided", deadlock: true });
  });

  const loads = (thread: string, count: number): readonly Step[] => times(count, (k) => on.readOnce(`${thread}${String(k)}`, "x"));
  const large: readonly (readonly [string, DriverProgram])[] = [
    ["150 steps of loads and stores", program([...loads("a", 75)], { threads: [{ role: "A", title: "", steps: loads("a", 75) }, { role: "B", title: "", steps: [...loads("b", 37), ...times(37, (k) => on.writeOnce("x", k + 1)), on.readOnce("r", "x")] }] })],
    ["70 choices", program(times(70, () => on.choose("c", set, [])))],
    ["a freed object of a thousand words", program([on.kfree("big")], { objects: [x, { name: "big", fields: times(1000, (k) => ({ name: `f${String(k)}` })) }] })],
  ];
  test.each(large)("%s, at a limit that is named", (_, big) => {
    const start = performance.now();
    const verdict = judgeDriver(big, { executionsMax: 20_000 });
    expect(verdict).toMatchObject({ verdict: "undecided", observation: "Undecided", deadlock: false });
    expectLimit(verdict);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test("when it is told to", () => {
    let polls = 0;
    const verdict = judgeDriver(large[0]![1], { shouldStop: () => ++polls > 3 });
    expect(verdict).toMatchObject({ verdict: "undecided", limit: { kind: "time" } });
    expect(verdict.explored).toBeLessThan(1000);
  });
});

function expectLimit({ limit, reason }: DriverVerdict): void {
  expect(["executions", "events"]).toContain(limit?.kind);
  expect(reason).toBe(`the search stopped at its limit of ${String(limit?.value)} ${String(limit?.kind)}`);
}
