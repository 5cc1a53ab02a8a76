/** What holds for every driver program, on random ones. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { armsOf, withArms } from "./each-step.ts";
import * as on from "./build.ts";
import { exportLitmus } from "./export.ts";
import { judgeDriver, type DriverVerdict } from "./judge.ts";
import { DriverMistake } from "./mistake.ts";
import type { DriverProgram, Handler, HandlerKind, Hazard, Step } from "./steps.ts";

const seconds = 5;
/** Candidates of one question: random programs may have more, and are undecided then. */
const executionsMax = 3_000;

/** A step with `?` for the register it sets, and `!` for a pointer that is not NULL where there is one. */
const places = ["obj.f", "obj.g", "other", "x"] as const;
const pointers = ["list", "head"] as const;
const place = fc.constantFrom(...places);
const simple: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(on.read, on.readOnce, on.smpLoadAcquire), place).map(([load, at]) => [load("?", at)]) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(on.write, on.writeOnce, on.smpStoreRelease), place, fc.integer({ min: 0, max: 2 })).map(([store, at, value]) => [store(at, value)]) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...pointers), fc.constantFrom(0, "&obj", "&other")).map(([at, value]) => [on.rcuAssignPointer(at, value)]) },
  { weight: 4, arbitrary: fc.constantFrom(on.kfree("obj"), on.kfree("other"), on.kfreeRcu("obj")).map((step) => [step]) },
  { weight: 4, arbitrary: fc.constantFrom(on.smpMb(), on.smpRmb(), on.smpWmb(), on.synchronizeRcu(), on.synchronizeSrcu("s")).map((step) => [step]) },
  { weight: 3, arbitrary: fc.constantFrom(on.callRcu("cb"), on.queueWork("job"), on.waitForHandler("cb"), on.waitForHandler("job"), on.complete("c"), on.waitForCompletion("c"), on.waitUntil("x", 1)).map((step) => [step]) },
  { weight: 2, arbitrary: fc.constantFrom(on.krefGet("other"), on.krefGetUnlessZero("?", "other"), on.krefPut("?", "other", on.kfree("obj")), { kind: "update", dst: "?", at: "x", with: { kind: "exchange", operand: 1 }, order: "mb" } as const, { kind: "update", at: "x", with: { kind: "add", operand: 1 }, order: "relaxed" } as const).map((step) => [step]) },
  { weight: 1, arbitrary: fc.constantFrom<readonly Step[]>([on.allocate("?", "made")], [{ kind: "alloc", dst: "?", object: "made", zeroed: true, gfp: "GFP_KERNEL" }]) },
);
const chase = fc.tuple(fc.constantFrom(on.rcuDereference, on.readOnce), fc.constantFrom(...pointers), fc.constantFrom("read", "write", "follow-unchecked")).map(([load, at, how]): readonly Step[] => {
  const use = how === "write" ? on.writeOnce("*!", 2) : on.readOnce("?", "*!");
  return [load("!", at), ...(how === "follow-unchecked" ? [use] : [on.ifSet("!", [use])])];
});
const inside = (steps: readonly Step[], around: string): readonly Step[] => around === "rcu" ? on.underRcu(...steps) : around === "srcu" ? [on.srcuReadLock("s"), ...steps, on.srcuReadUnlock("s")] : around === "spin" ? on.locked("l", ...steps) : around === "mutex" ? [on.mutexLock("m"), ...steps, on.mutexUnlock("m")] : around === "choose" ? [on.choose("so", steps, [])] : [on.readOnce("#", "x"), on.ifSet("#", steps)];
const group = fc.tuple(fc.array(fc.oneof({ weight: 3, arbitrary: simple }, { weight: 2, arbitrary: chase }), { minLength: 1, maxLength: 2 }).map((some) => some.flat()), fc.constantFrom("rcu", "srcu", "spin", "mutex", "choose", "if")).map(([steps, around]) => inside(steps, around));
const body = fc.array(fc.oneof({ weight: 4, arbitrary: simple }, { weight: 2, arbitrary: chase }, { weight: 3, arbitrary: group }), { minLength: 1, maxLength: 3 }).map((some) => numbered(some.flat()));

/** Gives each register a name of its own. */
function numbered(steps: readonly Step[]): readonly Step[] {
  let serial = 0;
  let [pointer, test] = ["", ""];
  const named = (text: string): string => text.replace("!", pointer).replace("#", test);
  const visit = (step: Step): Step => {
    let made = step;
    if ("dst" in made) {
      const dst = `${made.dst === "!" ? "p" : "r"}${String(serial++)}`;
      if (made.dst === "!") pointer = dst;
      if (made.dst === "#") test = dst;
      made = { ...made, dst };
    }
    if ("at" in made) made = { ...made, at: named(made.at) };
    if (made.kind === "if") made = { ...made, condition: { ...made.condition, left: named(String(made.condition.left)) } };
    return withArms(made, armsOf(made).map((arm) => arm.map(visit)));
  };
  return steps.map(visit);
}

const hazard: fc.Arbitrary<Hazard> = fc.constantFrom<Hazard[]>({ kind: "use-after-free", object: "obj" }, { kind: "write-after-free", object: "obj" }, { kind: "use-after-free", object: "other" }, { kind: "double-free", object: "obj" }, { kind: "uninitialised-read", object: "made" }, { kind: "null-dereference" });
const handlerOf = (name: string, kind: HandlerKind, steps: readonly Step[]): Handler => ({ name, kind, title: name, steps: steps.filter(({ kind: one }) => one !== "queue" && one !== "wait-for-handler") });

const program: fc.Arbitrary<DriverProgram> = fc.record({ bodies: fc.array(body, { minLength: 2, maxLength: 3 }), callback: fc.constantFrom<readonly Step[]>([on.kfree("obj")], [on.readOnce("d", "obj.f")], []), job: fc.constantFrom<readonly Step[]>([on.kfree("other")], [on.writeOnce("obj.g", 2)], []), hazard }).map(({ bodies, callback, job, hazard: asked }): DriverProgram => {
  const threads = bodies.map((steps, k) => ({ role: `T${String(k)}`, title: `t${String(k)}`, steps }));
  const all = JSON.stringify(bodies);
  return {
    name: "random", locks: ["l", "m"], srcuDomains: ["s"], threads, hazard: asked,
    objects: [{ name: "obj", fields: [{ name: "f", initial: 1 }, { name: "g", initial: 0 }] }, { name: "other", initial: 1 }, { name: "made", fields: [{ name: "ops" }] }, { name: "x", initial: 0 }, { name: "list", initial: "&obj" }, { name: "head", initial: 0 }],
    handlers: [handlerOf("cb", "rcu", callback), handlerOf("job", "work", job)].filter(({ name }) => all.includes(`"kind":"queue","handler":"${name}"`)),
  };
});

/** null: the program says something impossible. */
function judged(driver: DriverProgram): DriverVerdict | null {
  try {
    return judgeDriver(driver, { verdictOnly: true, executionsMax });
  } catch (error) {
    if (error instanceof DriverMistake) return null;
    throw error;
  }
}

/** A verdict that a limit left open says nothing. */
const answer = (verdict: DriverVerdict | null): string => (verdict === null ? "mistake" : /limit/.test(verdict.reason) ? "limit" : verdict.verdict);
const areEqual = (one: string, other: string): void => { if (one !== "limit" && other !== "limit") expect(other).toBe(one); };
const holds = (law: (driver: DriverProgram, verdict: DriverVerdict) => void): void => {
  let decided = 0;
  fc.assert(fc.property(program, (driver) => {
    const verdict = judged(driver);
    if (verdict === null) return;
    law(driver, verdict);
    if (verdict.verdict !== "undecided") decided++;
  }), { numRuns: 400, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false });
  // A law that met no verdict has said nothing.
  expect(decided).toBeGreaterThan(0);
};

/** The same program with other names for registers, objects and fields. */
function renamed(driver: DriverProgram): DriverProgram {
  const words = new Map([["obj", "zz_obj"], ["other", "another"], ["made", "amade"], ["list", "queue_head"], ["head", "a"], ["x", "yy"], ["f", "zf"], ["g", "ag"], ["ops", "aops"]]);
  const text = (one: string): string => one.replace(/[A-Za-z]\w*/g, (word) => words.get(word) ?? (/^[pr]\d+$/.test(word) ? `reg_${word}` : word));
  const keys = new Set(["at", "dst", "left", "right", "value", "operand", "object", "expected"]);
  const threads = JSON.parse(JSON.stringify(driver.threads), (key, value: unknown) => (keys.has(key) && typeof value === "string" ? text(value) : value)) as DriverProgram["threads"];
  const handlers = JSON.parse(JSON.stringify(driver.handlers), (key, value: unknown) => (keys.has(key) && typeof value === "string" ? text(value) : value)) as NonNullable<DriverProgram["handlers"]>;
  const { hazard: asked } = driver;
  return {
    ...driver, threads, handlers, hazard: "object" in asked ? { ...asked, object: text(asked.object) } : asked,
    objects: driver.objects.map((object) => ({ ...object, name: text(object.name), ...(typeof object.initial === "string" ? { initial: text(object.initial) as "uninitialised" } : {}), ...(object.fields === undefined ? {} : { fields: object.fields.map((field) => ({ ...field, name: text(field.name) })) }) })),
  };
}

test("names mean nothing, nor does the order of the threads", () => {
  holds((driver, verdict) => {
    areEqual(answer(verdict), answer(judged(renamed(driver))));
    areEqual(answer(verdict), answer(judged({ ...driver, threads: [...driver.threads].reverse(), objects: [...driver.objects].reverse() })));
  });
});

test("a full barrier more never makes a race of none", () => {
  holds((driver, { verdict }) => {
    if (verdict === "confirmed") return;
    const withBarrier = driver.threads.flatMap((thread, t) => thread.steps.map((_, k) => ({ ...driver, threads: driver.threads.map((one, at) => (at === t ? { ...one, steps: [...one.steps.slice(0, k + 1), on.smpMb(), ...one.steps.slice(k + 1)] } : one)) })));
    for (const more of withBarrier) if (verdict === "refuted") expect(judged(more)?.verdict).not.toBe("confirmed");
  });
});

test("every program is exported as one that means the same", () => {
  holds((driver, verdict) => {
    if (verdict.limit === null && !/limit/.test(verdict.reason)) expect(exportLitmus(driver, verdict, { executionsMax })).toContain("random");
  });
});
