import { describe, expect, test } from "vitest";
import { allocate, callRcu, choose, complete, condition, ifSet, kfreeRcu, lock, maySleep, moduleExit, mutexLock, mutexUnlock, queueWork, rcuReadLock, rcuReadUnlock, readOnce, spinLockIrqsave, spinUnlockIrqrestore, srcuReadLock, srcuReadUnlock, synchronizeRcu, synchronizeSrcu, unlock, waitForCompletion, waitForHandler, flush, writeOnce, krefPut } from "../driver/build.ts";
import { judgeDriver } from "../driver/judge.ts";
import { DriverMistake } from "../driver/mistake.ts";
import type { DriverProgram, DriverThread, Handler, HandlerKind, Step } from "../driver/steps.ts";
import { contextsOf } from "./contexts.ts";

type More = { readonly handlers?: readonly Handler[]; readonly entry?: NonNullable<DriverThread["entry"]>; readonly others?: readonly (readonly Step[])[]; readonly allowUnbalanced?: boolean };

const program = (steps: readonly Step[], { handlers = [], entry = "task", others = [], allowUnbalanced = false }: More = {}): DriverProgram => ({
  name: "contexts",
  objects: [{ name: "flag" }, { name: "page", fields: [{ name: "head" }, { name: "other" }] }, { name: "ref", initial: 1 }],
  locks: ["a", "b", "c", "m"], srcuDomains: ["s", "t"], queues: ["q"], caches: ["iotlb"],
  threads: [{ role: "A", title: "a()", entry, allowUnbalanced, steps }, ...others.map((more, k): DriverThread => ({ role: "BCD"[k]!, title: "b()", steps: more }))],
  handlers, hazard: { kind: "context" },
});

const handler = (kind: HandlerKind, ...steps: readonly Step[]): Handler => ({ name: "h", kind, title: "h()", steps, ...(kind === "srcu" ? { domain: "s" } : {}) });
const second = (kind: HandlerKind, ...steps: readonly Step[]): Handler => ({ ...handler(kind, ...steps), name: "g" });

/** `kind` of every confirmed finding, once; undecided ones with a question mark. */
const kinds = (steps: readonly Step[], more: More = {}): readonly string[] => {
  const { findings, limit } = contextsOf(program(steps, more));
  expect(limit).toBeNull();
  return [...new Set(findings.map(({ kind, verdict }) => (verdict === "confirmed" ? kind : `${kind}?`)))].sort();
};

type Row = readonly [claim: string, found: readonly string[], steps: readonly Step[], more?: More];
const check = (rows: readonly Row[]): void => {
  for (const [claim, found, steps, more] of rows) test(claim, () => { expect(kinds(steps, more)).toEqual([...found].sort()); });
};

const under = (name: string, ...steps: readonly Step[]): readonly Step[] => [lock(name), ...steps, unlock(name)];
const raw = (name: string, ...steps: readonly Step[]): readonly Step[] => [lock(name, "raw_spin"), ...steps, unlock(name, "raw_spin")];
const irqsave = (name: string, ...steps: readonly Step[]): readonly Step[] => [spinLockIrqsave(name), ...steps, spinUnlockIrqrestore(name)];
const mutex = (name: string, ...steps: readonly Step[]): readonly Step[] => [mutexLock(name), ...steps, mutexUnlock(name)];
const section = (flavour: "rcu" | "rcu_bh" | "rcu_sched" | "preempt" | "bh" | "irq", ...steps: readonly Step[]): readonly Step[] => [rcuReadLock(flavour), ...steps, rcuReadUnlock(flavour)];
const srcu = (domain: string, ...steps: readonly Step[]): readonly Step[] => [srcuReadLock(domain), ...steps, srcuReadUnlock(domain)];
const touch = writeOnce("flag", 1);
const mightSleepFree: Step = { kind: "kfree-rcu", object: "page", mightSleep: true };

describe("sleep-in-atomic", () => {
  const kind = ["sleep-in-atomic"];
  check([
    ["a mutex under a spinlock", kind, under("a", ...mutex("m"))],
    ["GFP_KERNEL under a raw spinlock", kind, raw("a", allocate("p", "page"))],
    ["GFP_KERNEL in an RCU reader", kind, section("rcu", allocate("p", "page"))],
    ["msleep() with preemption off", kind, section("preempt", maySleep("msleep"))],
    ["msleep() with softirqs off", kind, section("bh", maySleep("msleep"))],
    ["msleep() with interrupts off", kind, section("irq", maySleep("msleep"))],
    ["msleep() under spin_lock_irqsave()", kind, irqsave("a", maySleep("msleep"))],
    ["a completion under a spinlock", kind, under("a", waitForCompletion("done")), { others: [[complete("done")]] }],
    ["synchronize_rcu() under a spinlock", kind, under("a", synchronizeRcu())],
    ["synchronize_srcu() in an RCU reader", kind, section("rcu", synchronizeSrcu("s"))],
    ["kfree_rcu_mightsleep() under a spinlock", kind, under("a", mightSleepFree)],
    ["rcu_barrier() in an RCU reader", kind, [callRcu("h"), ...section("rcu", waitForHandler("h"))], { handlers: [handler("rcu", touch)] }],
    ["flush_work() under a spinlock", kind, [queueWork("h"), ...under("a", waitForHandler("h"))], { handlers: [handler("work", touch)] }],
    ["a mutex in a softirq", kind, mutex("m"), { entry: "softirq" }],
    ["GFP_KERNEL in an interrupt handler", kind, [allocate("p", "page")], { entry: "hardirq" }],
    ["GFP_KERNEL in a timer", kind, [queueWork("h")], { handlers: [handler("timer", allocate("p", "page"))] }],
    ["GFP_KERNEL in a tasklet", kind, [queueWork("h")], { handlers: [handler("tasklet", allocate("p", "page"))] }],
    ["a mutex in an RCU callback", kind, [callRcu("h")], { handlers: [handler("rcu", ...mutex("m"))] }],
    ["a mutex in an SRCU callback", kind, [callRcu("h")], { handlers: [handler("srcu", ...mutex("m"))] }],
    ["a sleep in one arm only", kind, [readOnce("r", "flag"), ...under("a", ifSet("r", [maySleep("msleep")]))]],
    ["a sleep in the release of the last reference", kind, under("a", krefPut("old", "ref", ...mutex("m")))],
    ["a sleep in one way to do it", kind, under("a", choose("the fast path is full", [maySleep("msleep")], []))],
    ["del_timer_sync() in an interrupt handler", kind, [queueWork("h")], { handlers: [handler("irq", callRcu("g"), waitForHandler("g")), second("timer", touch)] }],

    ["GFP_ATOMIC under a spinlock", [], under("a", allocate("p", "page", "GFP_ATOMIC"))],
    ["GFP_NOWAIT in an RCU reader", [], section("rcu", allocate("p", "page", "GFP_NOWAIT"))],
    ["GFP_KERNEL after the unlock", [], [...under("a"), allocate("p", "page")]],
    ["GFP_KERNEL under a mutex", [], mutex("m", allocate("p", "page"))],
    ["a sleep inside SRCU", [], srcu("s", maySleep("msleep"), ...mutex("m"))],
    ["kfree_rcu() with a head under a spinlock", [], under("a", kfreeRcu("page"))],
    ["call_rcu() under a spinlock", [], under("a", callRcu("h")), { handlers: [handler("rcu", touch)] }],
    ["a poll loop under a spinlock", [], under("a", ...flush("q", ["iotlb"]))],
    ["a mutex in a work item", [], [queueWork("h")], { handlers: [handler("work", ...mutex("m"))] }],
    ["a mutex in a threaded interrupt handler", [], mutex("m"), { entry: "threaded-irq" }],
    ["del_timer_sync() under a spinlock that the timer does not take", [], [queueWork("h"), ...under("a", waitForHandler("h"))], { handlers: [handler("timer", touch)] }],
    ["complete() under a spinlock", [], under("a", complete("done"))],
  ]);
});

describe("grace-period-in-reader", () => {
  const kind = ["grace-period-in-reader"];
  check([
    ["synchronize_rcu() under rcu_read_lock()", kind, section("rcu", synchronizeRcu())],
    ["synchronize_rcu() under rcu_read_lock_bh(): the flavours are one", kind, section("rcu_bh", synchronizeRcu())],
    ["synchronize_rcu() with preemption off", kind, section("preempt", synchronizeRcu())],
    ["synchronize_srcu() in a section of its domain", kind, srcu("s", synchronizeSrcu("s"))],
    ["flush_work() of an item that waits for the readers of the domain", kind, [queueWork("h"), ...srcu("s", waitForHandler("h"))], { handlers: [handler("work", synchronizeSrcu("s"))] }],
    ["srcu_barrier() in a section of its domain", kind, [callRcu("h"), ...srcu("s", waitForHandler("h"))], { handlers: [handler("srcu", touch)] }],
    ["a reader under a spinlock: both are told", [...kind, "sleep-in-atomic"], under("a", ...section("rcu", synchronizeRcu()))],

    ["synchronize_rcu() after rcu_read_unlock()", [], [...section("rcu"), synchronizeRcu()]],
    ["synchronize_srcu() of another domain inside a section", [], srcu("s", synchronizeSrcu("t"))],
    ["synchronize_rcu() inside SRCU", [], srcu("s", synchronizeRcu())],
    ["flush_work() of an item that waits for another domain", [], [queueWork("h"), ...srcu("s", waitForHandler("h"))], { handlers: [handler("work", synchronizeSrcu("t"))] }],
    ["a second flush of an item that has run", [], [queueWork("h"), waitForHandler("h"), ...srcu("s", waitForHandler("h"))], { handlers: [handler("work", synchronizeSrcu("s"))] }],
  ]);
});

describe("barrier-in-callback", () => {
  const kind = ["barrier-in-callback"];
  check([
    ["rcu_barrier() in the callback itself", kind, [callRcu("h")], { handlers: [handler("rcu", waitForHandler("h"))] }],
    ["rcu_barrier() for another callback: it waits for all", kind, [callRcu("h"), callRcu("g")], { handlers: [handler("rcu", waitForHandler("g")), second("rcu", touch)] }],
    ["flush_work() of the item itself", kind, [queueWork("h")], { handlers: [handler("work", waitForHandler("h"))] }],
    ["two items that flush each other", kind, [queueWork("h"), queueWork("g")], { handlers: [handler("work", waitForHandler("g")), second("work", waitForHandler("h"))] }],

    ["rcu_barrier() in a work item", [], [callRcu("g"), queueWork("h")], { handlers: [handler("work", waitForHandler("g")), second("rcu", touch)] }],
    ["flush_work() of another item", [], [queueWork("h"), queueWork("g")], { handlers: [handler("work", waitForHandler("g")), second("work", touch)] }],
    ["flush_work() in an RCU callback sleeps, and that is all", ["sleep-in-atomic"], [callRcu("h"), queueWork("g")], { handlers: [handler("rcu", waitForHandler("g")), second("work", touch)] }],
  ]);
});

describe("callback-lock-inversion", () => {
  const kind = ["callback-lock-inversion"];
  const takesM = handler("work", ...mutex("m", touch));
  check([
    ["flush_work() with the mutex of the item held", kind, [queueWork("h"), ...mutex("m", waitForHandler("h"))], { handlers: [takesM] }],
    ["flush_work() of an item that somebody else queues", kind, mutex("m", waitForHandler("h")), { handlers: [takesM], others: [[queueWork("h")]] }],
    ["del_timer_sync() with the lock of the timer held", kind, [queueWork("h"), ...section("bh", ...under("a", waitForHandler("h")))], { handlers: [handler("timer", ...under("a", touch))] }],
    ["del_timer_sync() with a lock held that an interrupt takes", kind, [queueWork("h"), ...irqsave("a", waitForHandler("h"))], { handlers: [handler("timer", touch), second("irq", ...under("a", touch))], others: [[queueWork("g")]] }],
    ["flush_work() of an item that waits for one that takes it", kind, [queueWork("g"), queueWork("h"), ...mutex("m", waitForHandler("g"))], { handlers: [takesM, second("work", waitForHandler("h"))] }],
    ["a completion by somebody who needs the mutex first", kind, mutex("m", waitForCompletion("done")), { others: [[...mutex("m", touch), complete("done")]] }],
    ["synchronize_srcu() with a mutex that a reader takes in its section", kind, mutex("m", synchronizeSrcu("s")), { others: [srcu("s", ...mutex("m", touch))] }],

    ["rcu_barrier() with a mutex that the callback does not take", [], [callRcu("h"), ...mutex("m", waitForHandler("h"))], { handlers: [handler("rcu", ...section("irq", ...under("a", touch)))] }],
    ["flush_work() after the unlock", [], [queueWork("h"), ...mutex("m", touch), waitForHandler("h")], { handlers: [takesM] }],
    ["flush_work() of an item that was flushed before", [], [queueWork("h"), waitForHandler("h"), ...mutex("m", waitForHandler("h"))], { handlers: [takesM] }],
    ["a completion said before the mutex is taken", [], mutex("m", waitForCompletion("done")), { others: [[complete("done"), ...mutex("m", touch)]] }],
    ["a completion that another can say without the mutex", [], mutex("m", waitForCompletion("done")), { others: [[...mutex("m", touch), complete("done")], [complete("done")]] }],
    ["a completion by somebody who is past the mutex", [], [waitForCompletion("past"), ...mutex("m", waitForCompletion("done"))], { others: [[...mutex("m", touch), complete("past"), complete("done")]] }],
    ["a reader that takes the mutex around its section", [], mutex("m", synchronizeSrcu("s")), { others: [mutex("m", ...srcu("s", touch))] }],
    ["a lock around both the wait and the reader", [], mutex("b", ...mutex("m", synchronizeSrcu("s"))), { others: [mutex("b", ...srcu("s", ...mutex("m", touch)))] }],
    ["a completion said a second time", [], mutex("m", waitForCompletion("done")), { others: [[complete("done"), ...mutex("m", touch), complete("done")]] }],
    ["a reader of another domain", [], mutex("m", synchronizeSrcu("s")), { others: [srcu("t", ...mutex("m", touch))] }],
  ]);
});

describe("lock-order-cycle", () => {
  const kind = ["lock-order-cycle"];
  const ab = under("a", ...under("b", touch));
  const ba = under("b", ...under("a", touch));
  const abOnly = under("a", ...under("b"));
  const untilFlag = (value: number): readonly Step[] => [{ kind: "wait-until", at: "flag", value, as: "smp_load_acquire" }, ...under("b", ...under("a"))];
  check([
    ["the same spinlock twice", kind, under("a", ...under("a", touch))],
    ["the same mutex twice", kind, mutex("m", ...mutex("m", touch))],
    ["ABBA over two threads", kind, ab, { others: [ba] }],
    ["a circle of three", kind, ab, { others: [under("b", ...under("c", touch)), under("c", ...under("a", touch))] }],
    ["ABBA with a work item that is on its way", kind, [queueWork("h"), ...ab], { handlers: [handler("work", ...ba)] }],
    ["ABBA in one arm", kind, [readOnce("r", "flag"), ifSet("r", ab)], { others: [ba] }],

    ["ABBA after a completion that somebody else may have said", kind, [...ab, complete("done")], { others: [[waitForCompletion("done"), ...ba], [complete("done")]] }],
    ["ABBA after a completion that comes first", kind, [complete("done"), ...ab], { others: [[waitForCompletion("done"), ...ba]] }],
    ["ABBA after a flag that was so from the start", kind, [...abOnly, writeOnce("flag", 0)], { others: [untilFlag(0)] }],
    ["ABBA after a flag that somebody else writes, too", kind, [...abOnly, writeOnce("flag", 2)], { others: [untilFlag(2), [readOnce("r", "ref"), writeOnce("flag", "r")]] }],
    ["ABBA of two work items", kind, [queueWork("h"), queueWork("g")], { handlers: [handler("work", ...ab), second("work", ...ba)] }],

    ["ABBA of two work items, one after the other", [], [queueWork("h"), waitForHandler("h"), queueWork("g")], { handlers: [handler("work", ...ab), second("work", ...ba)] }],
    ["the same order", [], ab, { others: [ab] }],
    ["a lock taken again after its unlock", [], [...under("a", touch), ...under("a", touch)]],
    ["a common outer lock", [], mutex("m", ...ab), { others: [mutex("m", ...ba)] }],
    ["both orders in one thread", [], [...ab, ...ba]],
    ["ABBA with a work item that is queued afterwards", [], [...ab, queueWork("h")], { handlers: [handler("work", ...ba)] }],
    ["ABBA with a work item that was flushed", [], [queueWork("h"), waitForHandler("h"), ...ab], { handlers: [handler("work", ...ba)] }],
    ["ABBA after the other said it was through", [], [...ab, complete("done")], { others: [[waitForCompletion("done"), ...ba]] }],
    ["ABBA after the other's flag", [], [...abOnly, writeOnce("flag", 2)], { others: [untilFlag(2)] }],
  ]);
});

describe("irq-unsafe-lock", () => {
  const kind = ["irq-unsafe-lock"];
  const inIrq = handler("irq", ...under("a", touch));
  check([
    ["a lock of an interrupt handler taken with interrupts on", kind, under("a", touch), { handlers: [inIrq], others: [[queueWork("h")]] }],
    ["softirqs off do not keep an interrupt out", kind, section("bh", ...under("a", touch)), { handlers: [inIrq], others: [[queueWork("h")]] }],
    ["a lock of a timer taken with softirqs on", kind, under("a", touch), { handlers: [handler("timer", ...under("a", touch))], others: [[queueWork("h")]] }],
    ["a lock of an RCU callback taken with softirqs on", kind, [callRcu("h"), ...under("a", touch)], { handlers: [handler("rcu", ...under("a", touch))] }],
    ["a timer started with the lock held", kind, under("a", queueWork("h")), { handlers: [handler("timer", ...under("a", touch))] }],
    ["a timer's lock that an interrupt handler takes, too", kind, [queueWork("h"), queueWork("g")], { handlers: [inIrq, second("timer", ...under("a", touch))] }],

    ["after the interrupt said it was through: the next one comes", kind, [waitForCompletion("done"), ...under("a", touch)], { handlers: [handler("irq", ...under("a", touch), complete("done"))], others: [[queueWork("h")]] }],

    ["after the tasklet said it was through", [], [waitForCompletion("done"), ...under("a", touch)], { handlers: [handler("tasklet", ...under("a", touch), complete("done"))], others: [[queueWork("h")]] }],
    ["spin_lock_irqsave()", [], irqsave("a", touch), { handlers: [inIrq], others: [[queueWork("h")]] }],
    ["a timer's lock with softirqs off", [], section("bh", ...under("a", touch)), { handlers: [handler("timer", ...under("a", touch))], others: [[queueWork("h")]] }],
    ["another softirq", [], [queueWork("h"), queueWork("g")], { handlers: [handler("timer", ...under("a", touch)), second("tasklet", ...under("a", touch))] }],
    ["a work item's lock", [], [queueWork("h"), ...under("a", touch)], { handlers: [handler("work", ...under("a", touch))] }],
    ["an SRCU callback's lock: it is a work item", [], [callRcu("h"), ...under("a", touch)], { handlers: [handler("srcu", ...under("a", touch))] }],
    ["a timer that is started after the unlock", [], [...under("a", touch), queueWork("h")], { handlers: [handler("timer", ...under("a", touch))] }],
    ["a timer that was deleted before", [], [queueWork("h"), waitForHandler("h"), ...under("a", touch)], { handlers: [handler("timer", ...under("a", touch))] }],
  ]);
});

describe("queued-twice", () => {
  const kind = ["queued-twice"];
  const callback = handler("rcu", touch);
  const head = (at: string): Step => callRcu("h", at);
  check([
    ["call_rcu() twice", kind, [callRcu("h"), callRcu("h")], { handlers: [callback] }],
    ["call_srcu() twice", kind, [callRcu("h"), callRcu("h")], { handlers: [handler("srcu", touch)] }],
    ["kfree_rcu() twice", kind, [kfreeRcu("page"), kfreeRcu("page")]],
    ["a grace period between runs no callback", kind, [callRcu("h"), synchronizeRcu(), callRcu("h")], { handlers: [callback] }],
    ["the same head by a register", kind, [{ kind: "set", dst: "p", value: "&page" }, head("page.head"), head("p->head")], { handlers: [callback] }],
    ["the second in an arm", kind, [callRcu("h"), readOnce("r", "flag"), ifSet("r", [callRcu("h")])], { handlers: [callback] }],

    ["rcu_barrier() between", [], [callRcu("h"), waitForHandler("h"), callRcu("h")], { handlers: [callback] }],
    ["two heads", [], [head("page.head"), head("page.other")], { handlers: [callback] }],
    ["two callbacks", [], [callRcu("h"), callRcu("g")], { handlers: [callback, second("rcu", touch)] }],
    ["a work item twice", [], [queueWork("h"), queueWork("h")], { handlers: [handler("work", touch)] }],
    ["once in each arm", [], [readOnce("r", "flag"), ifSet("r", [callRcu("h")], [callRcu("h")])], { handlers: [callback] }],
    ["kfree_rcu() of a new object", [], [kfreeRcu("page"), allocate("p", "page"), kfreeRcu("page")]],
  ]);
});

describe("missing-barrier-on-exit", () => {
  const kind = ["missing-barrier-on-exit"];
  const callback = handler("rcu", touch);
  check([
    ["call_rcu() and gone", kind, [callRcu("h"), moduleExit()], { handlers: [callback] }],
    ["synchronize_rcu() is no rcu_barrier()", kind, [callRcu("h"), synchronizeRcu(), moduleExit()], { handlers: [callback] }],
    ["queued by somebody else", kind, [moduleExit()], { handlers: [callback], others: [[callRcu("h")]] }],
    ["a barrier in one arm only", kind, [callRcu("h"), readOnce("r", "flag"), ifSet("r", [waitForHandler("h")]), moduleExit()], { handlers: [callback] }],
    ["queued again after the barrier", kind, [callRcu("h"), waitForHandler("h"), callRcu("h"), moduleExit()], { handlers: [callback] }],
    ["a work item that queues after the barrier", kind, [queueWork("g"), waitForHandler("h"), waitForHandler("g"), moduleExit()], { handlers: [callback, second("work", callRcu("h"))] }],
    ["a work item that is not flushed", kind, [queueWork("h"), moduleExit()], { handlers: [handler("work", touch)] }],

    ["rcu_barrier() before", [], [callRcu("h"), waitForHandler("h"), moduleExit()], { handlers: [callback] }],
    ["rcu_barrier() for what others queued", [], [waitForHandler("h"), moduleExit()], { handlers: [callback], others: [[callRcu("h")]] }],
    ["rcu_barrier() after the work item that queues", [], [queueWork("g"), waitForHandler("g"), waitForHandler("h"), moduleExit()], { handlers: [callback, second("work", callRcu("h"))] }],
    ["rcu_barrier() for another callback: it waits for all", [], [callRcu("h"), callRcu("g"), waitForHandler("g"), moduleExit()], { handlers: [callback, second("rcu", touch)] }],
    ["kfree_rcu() runs no code of the module", [], [kfreeRcu("page"), moduleExit()]],
    ["queued and waited for in the same arm", [], [readOnce("r", "flag"), ifSet("r", [callRcu("h"), waitForHandler("h")]), moduleExit()], { handlers: [callback] }],
  ]);
});

describe("unbalanced-section", () => {
  const kind = ["unbalanced-section"];
  const more = { allowUnbalanced: true };
  check([
    ["a lock that is not left", kind, [lock("a"), touch], more],
    ["an unlock too many", kind, [...section("rcu"), rcuReadUnlock()], more],
    ["a section left in one arm only", kind, [readOnce("r", "flag"), srcuReadLock("s"), ifSet("r", [srcuReadUnlock("s")])], more],
    ["another flavour", kind, [rcuReadLock("rcu"), rcuReadUnlock("rcu_bh")], more],
    ["interrupts not restored", kind, [spinLockIrqsave("a"), unlock("a")], more],

    ["left in every arm", [], [readOnce("r", "flag"), lock("a"), ifSet("r", [unlock("a")], [unlock("a")])], more],
    ["entered and left under the same condition", [], [readOnce("r", "flag"), ifSet("r", [lock("a")]), ifSet("r", [unlock("a")])], more],
  ]);

  test("is a mistake of a program that does not ask for it", () => {
    expect(() => contextsOf(program([lock("a")]))).toThrow(DriverMistake);
    expect(() => contextsOf(program([rcuReadLock("rcu"), rcuReadUnlock("rcu_bh")]))).toThrow("not left");
    expect(() => contextsOf({ ...program([lock("a")], { allowUnbalanced: true }), hazard: { kind: "use-after-free", object: "page" } })).toThrow("contexts are judged");
  });
});

describe("paths", () => {
  const sleep = under("a", maySleep("msleep"));
  const no: readonly string[] = [];
  check([
    ["a condition that contradicts an earlier one is not followed", no, [readOnce("r", "flag"), ifSet("r", [], [{ kind: "if", condition: condition(0, "!=", "r"), then: sleep, else: [] }])]],
    ["a value that was set decides", no, [{ kind: "set", dst: "r", value: 0 }, ifSet("r", sleep)]],
    ["an allocation that did not fail is not NULL", no, [allocate("p", "page"), ifSet("p", [], sleep)]],
    ["two values that differ", no, [readOnce("r", "flag"), { kind: "if", condition: condition("r", "==", 1), then: [{ kind: "if", condition: condition("r", "==", 2), then: sleep, else: [] }], else: [] }]],
    ["a reference that was taken or not", no, [{ kind: "get-ref-unless-zero", dst: "got", at: "ref" }, ifSet("got", [{ kind: "if", condition: condition("got", "==", 1), then: [], else: sleep }])]],
    ["a reference is taken once or not at all", no, [{ kind: "get-ref-unless-zero", dst: "got", at: "ref" }, { kind: "if", condition: condition("got", "==", 2), then: sleep, else: [] }]],
    ["memory is not followed: both ways are", ["sleep-in-atomic"], [readOnce("r", "flag"), readOnce("q1", "flag"), ifSet("r", [], [ifSet("q1", sleep)])]],
    ["the same choice both ways is not known", ["sleep-in-atomic?"], [choose("debug", [], [choose("debug", sleep, [])])]],
    ["a call nothing is known of may have unlocked", ["sleep-in-atomic?"], under("a", { kind: "opaque", call: "vendor_hook" }, maySleep("msleep"))],
    ["a call nothing is known of before the lock has not", ["sleep-in-atomic"], [{ kind: "opaque", call: "vendor_hook" }, ...sleep]],
    ["a handler that no path starts does nothing", no, [{ kind: "set", dst: "r", value: 0 }, ifSet("r", [queueWork("h")])], { handlers: [handler("timer", maySleep("msleep"))] }],
  ]);

  test("more than 256 are a limit, and said", () => {
    const many = Array.from({ length: 9 }, (_, k) => choose(`w${String(k)}`, [], []));
    const found = contextsOf(program(many));
    expect(found.limit).toEqual({ kind: "paths", value: 256, thread: "A" });
    expect(found.checkedPaths).toBe(256);
    expect(contextsOf(program(many.slice(1)))).toMatchObject({ limit: null, checkedPaths: 256 });
    expect(judgeDriver(program(many))).toMatchObject({ verdict: "undecided", reason: "the search stopped at its limit of 256 paths of A" });
  });

  test("a finding tells the steps that lead there", () => {
    const [found] = contextsOf(program([readOnce("r", "flag"), ...under("a", ifSet("r", [maySleep("msleep")]))])).findings;
    expect(found!.path.map(({ source, taken }) => [source.line, source.text, taken])).toEqual([[1, "r = READ_ONCE(flag)", null], [2, "spin_lock(&a)", null], [3, "if (r != 0)", true], [4, "msleep()", null]]);
    expect(found!.words).toBe("msleep() may sleep in a spinlock since spin_lock(&a) (contexts:2)");
  });
});

describe("verdicts", () => {
  test("confirmed with the path, refuted with the number of paths", () => {
    expect(judgeDriver(program(under("a", maySleep("msleep"))))).toMatchObject({ verdict: "confirmed", reason: "msleep() may sleep in a spinlock since spin_lock(&a) (contexts:1): A: spin_lock(&a), msleep()" });
    expect(judgeDriver(program([readOnce("r", "flag"), ifSet("r", [touch])]))).toMatchObject({ verdict: "refuted", reason: "nothing is found on any of 2 paths", contexts: [] });
    expect(judgeDriver(program([{ kind: "opaque", call: "vendor_hook" }]))).toMatchObject({ verdict: "undecided", reason: "vendor_hook() is not known: it may sleep, lock or wait" });
    expect(judgeDriver(program([lock("a")], { allowUnbalanced: true })).verdict).toBe("confirmed");
  });

  test("a hazard of memory keeps its verdict and brings its contexts", () => {
    const deadlock = judgeDriver({ ...program([...section("rcu", synchronizeRcu()), readOnce("r", "flag")]), hazard: { kind: "outcome", what: "read", when: [{ thread: "A", register: "r", is: 1 }] } });
    expect(deadlock).toMatchObject({ verdict: "undecided", deadlock: true, positive: 0, negative: 0 });
    expect(deadlock.contexts.map(({ kind }) => kind)).toEqual(["grace-period-in-reader"]);
  });
});
