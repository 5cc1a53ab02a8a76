/** Programs whose truth is known from the kernel: one line says why. A wrong verdict here is the worst this engine can do. */
import { describe, expect, it } from "vitest";
import { allocate, barrierNamed, callRcu, choose, complete, condition, ifEqual, ifSet, kfree, kfreeRcu, krefGet, krefGetUnlessZero, krefPut, listDelRcu, lock, locked, mutexLock, mutexUnlock, queueWork, rcuAssignPointer, rcuDereference, read, readOnce, smpLoadAcquire, smpMb, smpRmb, smpStoreRelease, smpWmb, srcuReadLock, srcuReadUnlock, synchronizeRcu, synchronizeSrcu, underRcu, unlock, waitForCompletion, waitForHandler, waitUntil, write, writeOnce } from "./build.ts";
import { judgeDriver } from "./judge.ts";
import { DriverMistake } from "./mistake.ts";
import type { DriverObject, DriverProgram, Entry, Handler, HandlerKind, Hazard, Step } from "./steps.ts";

type Truth = "confirmed" | "refuted" | "undecided";
export type Case = readonly [why: string, truth: Truth, program: DriverProgram];

type Body = readonly Step[] | { readonly entry: Entry; readonly steps: readonly Step[] };

/** Threads are called T0, T1, …. */
function program(hazard: Hazard, objects: readonly DriverObject[], bodies: readonly Body[], more: Partial<DriverProgram> = {}): DriverProgram {
  return { name: "case", objects, threads: bodies.map((body, k) => ({ role: `T${String(k)}`, title: `t${String(k)}`, ...("steps" in body ? body : { steps: body }) })), hazard, ...more };
}

const handler = (name: string, kind: HandlerKind, ...steps: readonly Step[]): Handler => ({ name, kind, title: name, steps });
const uaf = (object = "obj"): Hazard => ({ kind: "use-after-free", object });
const waf = (object = "obj"): Hazard => ({ kind: "write-after-free", object });
const twice = (object = "obj"): Hazard => ({ kind: "double-free", object });
const outcome = (...when: readonly (readonly [thread: string, register: string, is: number])[]): Hazard => ({ kind: "outcome", what: "the values", when: when.map(([thread, register, is]) => ({ thread, register, is })) });
const obj: DriverObject = { name: "obj", fields: [{ name: "f", initial: 1 }, { name: "g", initial: 2 }] };
const list: DriverObject = { name: "list", initial: "&obj" };
const flag: DriverObject = { name: "flag", initial: 0 };
const walk = (...more: readonly Step[]): readonly Step[] => underRcu(rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f"), ...more]));
const unlinked = (...how: readonly Step[]): readonly Step[] => [listDelRcu("list"), ...how];
const add = (at: string, dst?: string): Step => ({ kind: "update", at, with: { kind: "add", operand: 1 }, order: "relaxed", ...(dst === undefined ? {} : { dst }) });
const xchg = (dst: string, at: string, operand: number | string): Step => ({ kind: "update", dst, at, with: { kind: "exchange", operand }, order: "mb" });
const x: DriverObject = { name: "x", initial: 0 };
const y: DriverObject = { name: "y", initial: 0 };

const lifetimes: readonly Case[] = [
  ["unlink, grace period, free: readers are over", "refuted", program(uaf(), [obj, list], [walk(), unlinked(synchronizeRcu(), kfree("obj"))])],
  ["the reader reads again after its section", "confirmed", program(uaf(), [obj, list], [[...underRcu(rcuDereference("e", "list")), ifSet("e", [readOnce("d", "e->f")])], unlinked(synchronizeRcu(), kfree("obj"))])],
  ["a reference taken without a section does not hold the memory: kref_get() itself touches it", "confirmed", program(uaf(), [{ name: "obj", initial: 1 }, list], [[rcuDereference("e", "list"), ifSet("e", [krefGet("*e")])], unlinked(kfree("obj"))])],
  ["kref_put() on freed memory reads the count", "confirmed", program(uaf(), [{ name: "obj", initial: 2 }, list], [[rcuDereference("e", "list"), ifSet("e", [krefPut("o", "*e")])], unlinked(kfree("obj"))])],
  ["kref_get_unless_zero() on freed memory reads the count", "confirmed", program(uaf(), [{ name: "obj", initial: 2 }, list], [[rcuDereference("e", "list"), ifSet("e", [krefGetUnlessZero("o", "*e")])], unlinked(kfree("obj"))])],
  ["atomic_inc() of freed memory reads it", "confirmed", program(uaf(), [{ name: "obj", initial: 2 }, list], [[rcuDereference("e", "list"), ifSet("e", [add("*e")])], unlinked(kfree("obj"))])],
  ["waiting for a word of freed memory reads it, and may not come back", "undecided", program(uaf(), [{ name: "obj", initial: 0 }, list], [[rcuDereference("e", "list"), ifSet("e", [waitUntil("*e", 0)])], unlinked(kfree("obj"))])],
  ["a store that comes after the free by release and acquire is after the free", "confirmed", program(waf(), [obj, flag], [[kfree("obj"), smpStoreRelease("flag", 1)], [smpLoadAcquire("r", "flag"), ifSet("r", [writeOnce("obj.f", 5)])]])],
  ["a store before the release that the free waits for is before the free", "refuted", program(waf(), [obj, flag], [[smpLoadAcquire("r", "flag"), ifSet("r", [kfree("obj")])], [writeOnce("obj.f", 5), smpStoreRelease("flag", 1)]])],
  ["a store in a later thread of a chain of releases", "confirmed", program(waf(), [obj, flag, x], [[kfree("obj"), smpStoreRelease("flag", 1)], [smpLoadAcquire("r", "flag"), ifSet("r", [smpStoreRelease("x", 1)])], [smpLoadAcquire("s", "x"), ifSet("s", [write("obj.g", 7)])]])],
  ["an increment after the free is a write", "confirmed", program(waf(), [{ name: "obj", initial: 1 }, flag], [[kfree("obj"), smpStoreRelease("flag", 1)], [smpLoadAcquire("r", "flag"), ifSet("r", [krefGet("obj")])]])],
  ["99 is a number like others: nobody frees before the read", "refuted", program(uaf(), [{ name: "obj", initial: 99 }, flag], [[readOnce("d", "obj"), smpStoreRelease("flag", 1)], [smpLoadAcquire("r", "flag"), ifSet("r", [kfree("obj")])]])],
  ["77 is a number like others: it was written before it was published", "refuted", program({ kind: "uninitialised-read", object: "obj" }, [{ name: "obj", initial: "uninitialised" }, { name: "list", initial: 0 }], [underRcu(rcuDereference("e", "list"), ifSet("e", [readOnce("d", "*e")])), [allocate("m", "obj"), writeOnce("*m", 77), rcuAssignPointer("list", "m")]])],
  ["a copy of what was read from other freed memory is not freed itself", "refuted", program(uaf("other"), [obj, { name: "other", initial: 3 }, flag], [[kfree("obj")], [readOnce("a", "obj.f"), writeOnce("other", "a"), readOnce("b", "other"), smpStoreRelease("flag", 1)], [smpLoadAcquire("r", "flag"), ifSet("r", [kfree("other")])]])],
  ["a pointer to a word in the middle leads into the object too", "confirmed", program(uaf(), [obj, { name: "list", initial: "&obj.g" }], [[rcuDereference("e", "list"), ifSet("e", [readOnce("d", "*e")])], unlinked(kfree("obj"))])],
  ["a pointer to a word in the middle, and the word is a pointer", "confirmed", program(uaf("leaf"), [{ name: "leaf", initial: 1 }, { name: "obj", fields: [{ name: "f", initial: 1 }, { name: "next", initial: "&leaf" }] }, { name: "list", initial: "&obj.next" }], [[rcuDereference("e", "list"), ifSet("e", [rcuDereference("n", "*e"), ifSet("n", [readOnce("d", "*n")])])], [writeOnce("obj.next", 0), kfree("leaf")]])],
  ["two hops, the second object is freed without waiting", "confirmed", program(uaf("leaf"), [{ name: "leaf", initial: 1 }, { name: "obj", initial: "&leaf" }, list], [underRcu(rcuDereference("e", "list"), ifSet("e", [rcuDereference("n", "*e"), ifSet("n", [readOnce("d", "*n")])])), [writeOnce("obj", 0), kfree("leaf")]])],
  ["two hops, the second object is freed by RCU", "refuted", program(uaf("leaf"), [{ name: "leaf", initial: 1 }, { name: "obj", initial: "&leaf" }, list], [underRcu(rcuDereference("e", "list"), ifSet("e", [rcuDereference("n", "*e"), ifSet("n", [readOnce("d", "*n")])])), [writeOnce("obj", 0), kfreeRcu("leaf")]])],
  ["both CPUs free what both found", "confirmed", program(twice(), [obj, list], [[readOnce("a", "list"), ifSet("a", [kfree("obj")])], [readOnce("b", "list"), ifSet("b", [kfree("obj")])]])],
  ["xchg() gives the pointer to one of them", "refuted", program(twice(), [obj, list], [[xchg("a", "list", 0), ifSet("a", [kfree("obj")])], [xchg("b", "list", 0), ifSet("b", [kfree("obj")])]])],
  ["two CPUs give the same object to kfree_rcu()", "confirmed", program(twice(), [obj], [[kfreeRcu("obj")], [kfreeRcu("obj")]])],
  ["kfree_rcu() and kfree()", "confirmed", program(twice(), [obj], [[kfreeRcu("obj")], [kfree("obj")]])],
  ["kfree_rcu() in the two arms of a condition is one", "refuted", program(twice(), [obj, flag], [[readOnce("r", "flag"), ifSet("r", [kfreeRcu("obj")], [kfreeRcu("obj")])], [writeOnce("flag", 1)]])],
  ["kmalloc() leaves garbage in fields that nobody sets", "confirmed", program({ kind: "uninitialised-read", object: "obj" }, [{ name: "obj", fields: [{ name: "f" }, { name: "g" }] }, { name: "list", initial: 0 }], [walk(), [allocate("m", "obj"), writeOnce("m->g", 1), rcuAssignPointer("list", "m")]])],
  ["kzalloc() does not", "refuted", program({ kind: "uninitialised-read", object: "obj" }, [{ name: "obj", fields: [{ name: "f", initial: "uninitialised" }, { name: "g" }] }, { name: "list", initial: 0 }], [walk(), [{ kind: "alloc", dst: "m", object: "obj", zeroed: true, gfp: "GFP_KERNEL" }, rcuAssignPointer("list", "m")]])],
  ["published with WRITE_ONCE(), even zeroed memory may be seen as it was before", "confirmed", program({ kind: "uninitialised-read", object: "obj" }, [{ name: "obj", fields: [{ name: "f", initial: "uninitialised" }, { name: "g" }] }, { name: "list", initial: 0 }], [walk(), [{ kind: "alloc", dst: "m", object: "obj", zeroed: true, gfp: "GFP_KERNEL" }, writeOnce("list", "m")]])],
  ["kref_get() of a count that nobody set", "confirmed", program({ kind: "uninitialised-read", object: "obj" }, [{ name: "obj", initial: "uninitialised" }, { name: "list", initial: 0 }], [underRcu(rcuDereference("e", "list"), ifSet("e", [krefGet("*e")])), [allocate("m", "obj"), rcuAssignPointer("list", "m"), writeOnce("*m", 1)]])],
  ["two words of one object, one of which is set too late", "confirmed", program({ kind: "uninitialised-read", object: "obj" }, [{ name: "obj", fields: [{ name: "f", initial: "uninitialised" }, { name: "g", initial: "uninitialised" }] }, { name: "list", initial: 0 }], [walk(readOnce("k", "e->g")), [allocate("m", "obj"), writeOnce("m->f", 1), rcuAssignPointer("list", "m"), writeOnce("m->g", 1)]])],
];

const pointers: readonly Case[] = [
  ["NULL by way of a register is NULL", "confirmed", program({ kind: "null-dereference" }, [obj, list], [[rcuDereference("e", "list"), readOnce("d", "e->f")], [{ kind: "set", dst: "z", value: 0 }, writeOnce("list", "z")]])],
  ["a pointer that was never set is NULL", "confirmed", program({ kind: "null-dereference" }, [obj, { name: "list", initial: 0 }], [[rcuDereference("e", "list"), readOnce("d", "e->f")]])],
  ["a pointer that is set later may still be NULL", "confirmed", program({ kind: "null-dereference" }, [obj, { name: "list", initial: 0 }], [[rcuDereference("e", "list"), readOnce("d", "e->f")], [rcuAssignPointer("list", "&obj")]])],
  ["tested in another read, followed in a second one", "confirmed", program({ kind: "null-dereference" }, [obj, list], [[readOnce("a", "list"), ifSet("a", [readOnce("b", "list"), readOnce("d", "b->f")])], [writeOnce("list", 0)]])],
  ["a plain pointer that others change may be read twice by the compiler", "undecided", program({ kind: "null-dereference" }, [obj, list], [[read("a", "list"), ifSet("a", [readOnce("d", "a->f")])], [writeOnce("list", 0)]])],
  ["the test is the other way round", "confirmed", program({ kind: "null-dereference" }, [obj, list], [[readOnce("a", "list"), ifEqual("a", 0, [readOnce("d", "a->f")])], [writeOnce("list", 0)]])],
  ["the copy is tested", "refuted", program({ kind: "null-dereference" }, [obj, list], [[readOnce("a", "list"), { kind: "set", dst: "b", value: "a" }, ifSet("b", [readOnce("d", "a->f")])], [writeOnce("list", 0)]])],
  ["cmpxchg() returns the old pointer, which may be NULL", "confirmed", program({ kind: "null-dereference" }, [obj, list], [[{ kind: "update", dst: "o", at: "list", with: { kind: "compare-exchange", expected: 0, value: "&obj" }, order: "mb" }, readOnce("d", "o->f")], [writeOnce("list", 0)]])],
  ["waiting until a pointer is NULL", "refuted", program(uaf(), [obj, list, { name: "use", initial: "&flag" }, flag], [[readOnce("u", "use"), readOnce("v", "*u"), readOnce("d", "obj.f"), smpStoreRelease("list", 0)], [waitUntil("list", 0), kfree("obj")]])],
  ["a store through NULL", "confirmed", program({ kind: "null-dereference" }, [obj, list], [[rcuDereference("e", "list"), writeOnce("e->g", 1)], [writeOnce("list", 0)]])],
  ["kref_get() through NULL", "confirmed", program({ kind: "null-dereference" }, [{ name: "obj", initial: 1 }, list], [[rcuDereference("e", "list"), krefGet("*e")], [writeOnce("list", 0)]])],
];

const callbacks: readonly Case[] = [
  ["two CPUs queue the work that frees: it may run twice", "confirmed", program(twice(), [obj], [[queueWork("release")], [queueWork("release")]], { handlers: [handler("release", "work", kfree("obj"))] })],
  ["one CPU queues it twice: it may run in between", "confirmed", program(twice(), [obj], [[queueWork("release"), queueWork("release")]], { handlers: [handler("release", "work", kfree("obj"))] })],
  ["queued in one of two arms it runs once", "refuted", program(twice(), [obj, flag], [[readOnce("r", "flag"), ifSet("r", [queueWork("release")], [queueWork("release")])], [writeOnce("flag", 1)]], { handlers: [handler("release", "work", kfree("obj"))] })],
  ["the second run of a work item comes after the free", "confirmed", program(uaf(), [obj], [[queueWork("poke"), waitForHandler("poke"), kfree("obj")], [queueWork("poke")]], { handlers: [handler("poke", "work", readOnce("d", "obj.f"))] })],
  ["a work item does not run beside itself", "refuted", program(outcome(["T0", "one", 1], ["poke", "b", 5]), [x, { name: "one", initial: 0 }], [[{ kind: "set", dst: "one", value: 1 }, queueWork("poke"), queueWork("poke")]], { handlers: [handler("poke", "work", writeOnce("x", 5), writeOnce("x", 0), readOnce("b", "x"))] })],
  ["an interrupt handler is a reader", "refuted", program(uaf(), [obj, list], [{ entry: "hardirq", steps: [rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")])] }, unlinked(synchronizeRcu(), kfree("obj"))])],
  ["a softirq is a reader", "refuted", program(uaf(), [obj, list], [{ entry: "softirq", steps: [rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")])] }, unlinked(kfreeRcu("obj"))])],
  ["a threaded interrupt handler is no reader", "confirmed", program(uaf(), [obj, list], [{ entry: "threaded-irq", steps: [rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")])] }, unlinked(synchronizeRcu(), kfree("obj"))])],
  ["a timer is a reader", "refuted", program(uaf(), [obj, list], [[queueWork("tick")], unlinked(synchronizeRcu(), kfree("obj"))], { handlers: [handler("tick", "timer", rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]))] })],
  ["an RCU callback is a reader", "refuted", program(uaf(), [obj, list], [[callRcu("cb")], unlinked(synchronizeRcu(), kfree("obj"))], { handlers: [handler("cb", "rcu", rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]))] })],
  ["a work item is no reader", "confirmed", program(uaf(), [obj, list], [[queueWork("job")], unlinked(synchronizeRcu(), kfree("obj"))], { handlers: [handler("job", "work", rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]))] })],
  ["flush_work() before the free", "refuted", program(uaf(), [obj], [[queueWork("job"), waitForHandler("job"), kfree("obj")]], { handlers: [handler("job", "work", readOnce("d", "obj.f"))] })],
  ["flush_work() by one who does not know that it was queued", "confirmed", program(uaf(), [obj], [[queueWork("job")], [waitForHandler("job"), kfree("obj")]], { handlers: [handler("job", "work", readOnce("d", "obj.f"))] })],
  ["rcu_barrier() waits for every callback that was queued before, not only for the named one", "refuted", program(uaf(), [obj], [[callRcu("a"), callRcu("b"), waitForHandler("a"), kfree("obj")]], { handlers: [handler("a", "rcu"), handler("b", "rcu", readOnce("d", "obj.f"))] })],
  ["a callback that queues work: rcu_barrier() does not wait for the work", "confirmed", program(uaf(), [obj], [[callRcu("a"), waitForHandler("a"), kfree("obj")]], { handlers: [handler("a", "rcu", queueWork("b")), handler("b", "work", readOnce("d", "obj.f"))] })],
  ["a user's handler may not be called like RCU's own", "refuted", program(uaf(), [obj, list, flag], [walk(), unlinked(kfreeRcu("obj"))], { handlers: [] })],
  ["free in a callback and in a thread", "confirmed", program(twice(), [obj], [[callRcu("cb")], [kfree("obj")]], { handlers: [handler("cb", "rcu", kfree("obj"))] })],
  ["call_srcu() waits for readers of its domain", "refuted", program(uaf(), [obj, list], [[srcuReadLock("s"), rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]), srcuReadUnlock("s")], unlinked(callRcu("cb"))], { srcuDomains: ["s"], handlers: [{ ...handler("cb", "srcu", kfree("obj")), domain: "s" }] })],
  ["call_srcu() does not wait for readers of another domain", "confirmed", program(uaf(), [obj, list], [[srcuReadLock("t"), rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]), srcuReadUnlock("t")], unlinked(callRcu("cb"))], { srcuDomains: ["s", "t"], handlers: [{ ...handler("cb", "srcu", kfree("obj")), domain: "s" }] })],
  ["a section that is entered in both arms of a condition is one", "refuted", program(uaf(), [obj, list, flag], [[readOnce("c", "flag"), ifSet("c", [srcuReadLock("s")], [srcuReadLock("s")]), rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]), srcuReadUnlock("s")], unlinked(synchronizeSrcu("s"), kfree("obj")), [writeOnce("flag", 1)]], { srcuDomains: ["s"] })],
];

const waits: readonly Case[] = [
  ["completion: done before the free", "refuted", program(uaf(), [obj], [[readOnce("d", "obj.f"), complete("c")], [waitForCompletion("c"), kfree("obj")]])],
  ["completion: used after complete()", "confirmed", program(uaf(), [obj], [[complete("c"), readOnce("d", "obj.f")], [waitForCompletion("c"), kfree("obj")]])],
  ["free, then wait, in the arm that nobody completes", "undecided", program(uaf(), [obj, flag, x], [[readOnce("d", "obj.f"), smpStoreRelease("flag", 1)], [choose("error", [kfree("obj"), waitForCompletion("never")], [waitUntil("flag", 1), kfree("obj")])]])],
  ["a lock taken twice in one arm: what came before it happened", "undecided", program(uaf(), [obj, flag], [[readOnce("d", "obj.f"), smpStoreRelease("flag", 1)], [choose("error", [kfree("obj"), lock("l"), lock("l"), unlock("l"), unlock("l")], [waitUntil("flag", 1), kfree("obj")])]], { locks: ["l"] })],
  ["a grace period inside a reader in one arm: what came before it happened", "undecided", program(uaf(), [obj, flag], [[readOnce("d", "obj.f"), smpStoreRelease("flag", 1)], [choose("error", [kfree("obj"), ...underRcu(synchronizeRcu())], [waitUntil("flag", 1), kfree("obj")])]])],
  ["a relaxed wait orders a later store", "refuted", program(uaf(), [obj, flag], [[readOnce("d", "obj.f"), smpStoreRelease("flag", 1)], [{ kind: "wait-until", at: "flag", value: 1, as: "READ_ONCE" }, kfree("obj")]])],
  ["a relaxed wait does not order a later load", "confirmed", program(outcome(["T1", "r", 0]), [x, flag], [[writeOnce("x", 1), smpStoreRelease("flag", 1)], [{ kind: "wait-until", at: "flag", value: 1, as: "READ_ONCE" }, readOnce("r", "x")]])],
  ["a wait under a condition that holds", "refuted", program(uaf(), [obj, flag, { name: "mode", initial: 1 }], [[readOnce("d", "obj.f"), smpStoreRelease("flag", 1)], [readOnce("m", "mode"), ifSet("m", [waitUntil("flag", 1)]), kfree("obj")]])],
  ["a wait under a condition that may not hold", "confirmed", program(uaf(), [obj, flag, { name: "mode", initial: 1 }], [[readOnce("d", "obj.f"), smpStoreRelease("flag", 1)], [readOnce("m", "mode"), ifSet("m", [waitUntil("flag", 1)]), kfree("obj")], [writeOnce("mode", 0)]])],
  ["one complete() lets one of two waiters on", "undecided", program(twice(), [obj], [[complete("c")], [waitForCompletion("c"), kfree("obj")], [waitForCompletion("c"), kfree("obj")]])],
];

const orders: readonly Case[] = [
  ["smp_rmb() does not order a load before a store, choice or not", "confirmed", program(outcome(["T0", "a", 1], ["T1", "b", 1]), [x, y], [[readOnce("a", "x"), smpRmb(), choose("enabled", [writeOnce("y", 1)], [])], [readOnce("b", "y"), smpRmb(), choose("enabled", [writeOnce("x", 1)], [])]])],
  ["smp_mb() does", "refuted", program(outcome(["T0", "a", 1], ["T1", "b", 1]), [x, y], [[readOnce("a", "x"), smpMb(), choose("enabled", [writeOnce("y", 1)], [])], [readOnce("b", "y"), smpMb(), choose("enabled", [writeOnce("x", 1)], [])]])],
  ["refcount_inc_not_zero() orders stores after it by control dependency", "refuted", program(outcome(["T1", "b", 1]), [{ name: "ref", initial: 0 }, y], [[krefGetUnlessZero("got", "ref"), ifSet("got", [writeOnce("y", 1)])], [readOnce("b", "y"), smpMb(), writeOnce("ref", 1)]])],
  ["store buffering without barriers", "confirmed", program(outcome(["T0", "a", 0], ["T1", "b", 0]), [x, y], [[writeOnce("x", 1), readOnce("a", "y")], [writeOnce("y", 1), readOnce("b", "x")]])],
  ["store buffering with smp_mb()", "refuted", program(outcome(["T0", "a", 0], ["T1", "b", 0]), [x, y], [[writeOnce("x", 1), smpMb(), readOnce("a", "y")], [writeOnce("y", 1), smpMb(), readOnce("b", "x")]])],
  ["xchg() is a full barrier", "refuted", program(outcome(["T0", "a", 0], ["T1", "b", 0]), [x, y], [[xchg("p", "x", 1), readOnce("a", "y")], [xchg("q", "y", 1), readOnce("b", "x")]])],
  ["cmpxchg() that fails orders nothing", "confirmed", program(outcome(["T0", "a", 0], ["T1", "b", 0]), [x, y, flag], [[writeOnce("x", 1), { kind: "update", dst: "p", at: "flag", with: { kind: "compare-exchange", expected: 7, value: 8 }, order: "mb" }, readOnce("a", "y")], [writeOnce("y", 1), smpMb(), readOnce("b", "x")]])],
  ["atomic_inc() with its barriers is a full one", "refuted", program(outcome(["T0", "a", 0], ["T1", "b", 0]), [x, y, flag], [[writeOnce("x", 1), add("flag"), barrierNamed("smp_mb__after_atomic"), readOnce("a", "y")], [writeOnce("y", 1), smpMb(), readOnce("b", "x")]])],
  ["atomic_inc() is none", "confirmed", program(outcome(["T0", "a", 0], ["T1", "b", 0]), [x, y, flag], [[writeOnce("x", 1), add("flag"), readOnce("a", "y")], [writeOnce("y", 1), smpMb(), readOnce("b", "x")]])],
  ["a store that both arms make still depends on the condition for nobody after it", "confirmed", program(outcome(["T0", "a", 1], ["T1", "b", 1]), [x, y], [[readOnce("a", "x"), ifSet("a", [], []), writeOnce("y", 1)], [readOnce("b", "y"), smpMb(), writeOnce("x", 1)]])],
  ["message passing with smp_wmb() and smp_rmb()", "refuted", program(outcome(["T1", "a", 1], ["T1", "b", 0]), [x, y], [[writeOnce("x", 1), smpWmb(), writeOnce("y", 1)], [readOnce("a", "y"), smpRmb(), readOnce("b", "x")]])],
  ["message passing without the read barrier", "confirmed", program(outcome(["T1", "a", 1], ["T1", "b", 0]), [x, y], [[writeOnce("x", 1), smpWmb(), writeOnce("y", 1)], [readOnce("a", "y"), readOnce("b", "x")]])],
  ["a register that was not set has not the value 0", "undecided", program(outcome(["T1", "b", 0]), [x, y], [[writeOnce("x", 1)], [readOnce("a", "y"), ifEqual("a", 7, [readOnce("b", "x")])]])],
];

const references: readonly Case[] = [
  ["the last put frees, the reader holds a reference", "refuted", program(uaf(), [{ name: "obj", fields: [{ name: "ref", initial: 2 }, { name: "f", initial: 1 }] }], [[readOnce("d", "obj.f"), krefPut("o", "obj.ref", kfree("obj"))], [krefPut("p", "obj.ref", kfree("obj"))]])],
  ["read after the put", "confirmed", program(uaf(), [{ name: "obj", fields: [{ name: "ref", initial: 2 }, { name: "f", initial: 1 }] }], [[krefPut("o", "obj.ref", kfree("obj")), readOnce("d", "obj.f")], [krefPut("p", "obj.ref", kfree("obj"))]])],
  ["two puts, one free", "refuted", program(twice(), [{ name: "obj", initial: 2 }], [[krefPut("o", "obj", kfree("obj"))], [krefPut("p", "obj", kfree("obj"))]])],
  ["a put too many", "confirmed", program(uaf(), [{ name: "obj", initial: 1 }], [[krefPut("o", "obj", kfree("obj"))], [krefPut("p", "obj", kfree("obj"))]])],
  ["kref_get() after the count was zero brings a second release", "confirmed", program(twice(), [{ name: "ref", initial: 1 }, obj], [[krefPut("o", "ref", kfree("obj"))], [krefGet("ref"), krefPut("p", "ref", kfree("obj"))]])],
  ["kref_get_unless_zero() does not", "refuted", program(twice(), [{ name: "ref", initial: 1 }, obj], [[krefPut("o", "ref", kfree("obj"))], [krefGetUnlessZero("got", "ref"), ifSet("got", [krefPut("p", "ref", kfree("obj"))])]])],
  ["get_unless_zero() under RCU, freed by kfree_rcu()", "refuted", program(uaf(), [{ name: "obj", fields: [{ name: "ref", initial: 1 }, { name: "f", initial: 1 }] }, list], [underRcu(rcuDereference("e", "list"), ifSet("e", [krefGetUnlessZero("got", "e->ref"), ifSet("got", [readOnce("d", "e->f")])])), [listDelRcu("list"), krefPut("p", "obj.ref", kfreeRcu("obj"))]])],
  ["the object outlives its section only with a reference", "confirmed", program(uaf(), [{ name: "obj", fields: [{ name: "ref", initial: 1 }, { name: "f", initial: 1 }] }, list], [[...underRcu(rcuDereference("e", "list")), ifSet("e", [krefGetUnlessZero("got", "e->ref"), ifSet("got", [readOnce("d", "e->f")])])], [listDelRcu("list"), krefPut("p", "obj.ref", kfreeRcu("obj"))]])],
];

const locks: readonly Case[] = [
  ["a spinlock around both", "refuted", program(uaf(), [obj, list], [locked("l", readOnce("e", "list"), ifSet("e", [readOnce("d", "e->f")])), [...locked("l", listDelRcu("list")), kfree("obj")]], { locks: ["l"] })],
  ["the use is outside the lock", "confirmed", program(uaf(), [obj, list], [[...locked("l", readOnce("e", "list")), ifSet("e", [readOnce("d", "e->f")])], [...locked("l", listDelRcu("list")), kfree("obj")]], { locks: ["l"] })],
  ["a spin-locked section holds up a grace period", "refuted", program(uaf(), [obj, list], [locked("l", rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")])), unlinked(synchronizeRcu(), kfree("obj"))], { locks: ["l"] })],
  ["a mutex does not", "confirmed", program(uaf(), [obj, list], [[mutexLock("l"), rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->f")]), mutexUnlock("l")], unlinked(synchronizeRcu(), kfree("obj"))], { locks: ["l"] })],
  ["two mutexes are two", "confirmed", program(uaf(), [obj, list], [[mutexLock("l"), readOnce("e", "list"), ifSet("e", [readOnce("d", "e->f")]), mutexUnlock("l")], [mutexLock("m"), listDelRcu("list"), mutexUnlock("m"), kfree("obj")]], { locks: ["l", "m"] })],
  ["plain accesses under one mutex do not race", "refuted", program(uaf(), [obj, list], [[mutexLock("l"), read("e", "list"), ifSet("e", [read("d", "e->f")]), mutexUnlock("l")], [mutexLock("l"), write("list", 0), mutexUnlock("l"), kfree("obj")]], { locks: ["l"] })],
  ["locks in two orders: one of them may hang, and the use before it happened", "undecided", program(uaf(), [obj, flag], [[lock("a"), readOnce("r", "flag"), ifSet("r", [kfree("obj")]), lock("b"), unlock("b"), unlock("a")], [lock("b"), writeOnce("flag", 1), readOnce("d", "obj.f"), lock("a"), unlock("a"), unlock("b")]], { locks: ["a", "b"] })],
];

const vacuous: readonly Case[] = [
  ["the read stands under a condition that never holds", "undecided", program(uaf(), [obj, flag], [[readOnce("r", "flag"), ifEqual("r", 5, [readOnce("d", "obj.f")])], [kfree("obj")]])],
  ["the pointer is there, and its use never runs", "undecided", program(uaf(), [obj, list, flag], [underRcu(rcuDereference("e", "list"), readOnce("r", "flag"), { kind: "if", condition: condition("r", "==", 5), then: [readOnce("d", "e->f")], else: [] }), unlinked(synchronizeRcu(), kfree("obj"))])],
  ["the free never runs", "undecided", program(uaf(), [obj, flag], [[readOnce("d", "obj.f")], [readOnce("r", "flag"), ifEqual("r", 5, [kfree("obj")])]])],
  ["the foreign store never runs", "undecided", program(waf(), [obj, flag], [[readOnce("r", "flag"), ifEqual("r", 5, [writeOnce("obj.f", 1)])], [kfree("obj")]])],
];

describe.each([["lifetimes", lifetimes], ["pointers", pointers], ["callbacks", callbacks], ["waits", waits], ["orders", orders], ["references", references], ["locks", locks], ["vacuity", vacuous]] as const)("no false verdict: %s", (_, cases) => {
  it.each(cases)("%s", (_why, truth, driver) => {
    const { verdict, reason } = judgeDriver(driver);
    expect({ verdict, reason }).toEqual({ verdict: truth, reason: truth === "undecided" ? expect.any(String) as string : "" });
  });
});

/** Of what has no meaning in the model an execution would be missing, or a name would mean two things. */
const mistakes: readonly (readonly [why: string, words: RegExp, program: DriverProgram])[] = [
  ["a name that the lowering uses itself", /means two things|both be called|called like something else/, program(uaf("freed"), [{ name: "freed", initial: 1 }], [[readOnce("d", "freed")], [kfree("freed")]])],
  ["a lock called like an object", /means two things|both be called|called like something else/, program(uaf(), [obj], [[...locked("obj", readOnce("d", "obj.f"))], [kfree("obj")]], { locks: ["obj"] })],
  ["a domain called like a lock", /means two things|both be called|called like something else/, program(uaf(), [obj], [[srcuReadLock("l"), srcuReadUnlock("l"), ...locked("l", readOnce("d", "obj.f"))], [kfree("obj")]], { locks: ["l"], srcuDomains: ["l"] })],
  ["a handler called like RCU's own", /name the other one otherwise|callback of kfree_rcu/, program(uaf(), [obj], [[callRcu("kfree_obj"), kfreeRcu("obj")]], { handlers: [handler("kfree_obj", "rcu")] })],
  ["a handler called like a second run", /second run/, program(uaf(), [obj], [[callRcu("h"), callRcu("h"), callRcu("h_2")]], { handlers: [handler("h", "rcu"), handler("h_2", "rcu")] })],
  ["a handler that runs too often", /more than 24 times/, program(uaf(), [obj], [Array.from({ length: 40 }, () => queueWork("h"))], { handlers: [handler("h", "work", readOnce("d", "obj.f"))] })],
  ["call_srcu() without a domain", /SRCU domain/, program(uaf(), [obj], [[callRcu("h")]], { handlers: [handler("h", "srcu", kfree("obj"))] })],
  ["a lock of two classes", /a spin lock in one place/, program(uaf(), [obj], [[lock("l"), mutexUnlock("l")]], { locks: ["l"] })],
  ["an allocation twice", /allocated 2 times/, program(uaf(), [obj], [[allocate("a", "obj")], [allocate("b", "obj")]])],
  ["an allocation after the free", /allocated again/, program(twice(), [obj], [[kfree("obj"), allocate("b", "obj"), kfree("obj")]])],
  ["a number that is followed", /may be the number 5/, program(uaf(), [obj, list], [[readOnce("e", "list"), readOnce("d", "e->f")], [writeOnce("list", 5)]])],
  ["pointers that are counted with", /one cannot count/, program(uaf(), [obj, list], [[add("list"), readOnce("e", "list"), readOnce("d", "e->f")]])],
  ["pointers that are compared by size", /compared by ==/, program(uaf(), [obj, list], [[readOnce("e", "list"), { kind: "if", condition: condition("e", "<", 5), then: [readOnce("d", "e->f")], else: [] }]])],
  ["a word behind the end of the object", /behind the end of x/, program(uaf(), [obj, x, { name: "list", initial: "&x" }], [[readOnce("e", "list"), readOnce("d", "e->g")]])],
  ["no number of 32 bits", /no number of 32 bits/, program(uaf(), [obj], [[writeOnce("obj.f", NaN)]])],
  ["a register that nobody sets", /speaks of register/, program(outcome(["T0", "nobody", 0]), [x], [[readOnce("r", "x")]])],
  ["an object that is not there", /not declared/, program(uaf("nobody"), [x], [[readOnce("r", "x")]])],
  ["a name that is none", /no name for a completion/, program(uaf(), [obj], [[complete("a b")]])],
  ["an unknown barrier", /is no barrier/, program(uaf(), [obj], [[barrierNamed("smp_nb" as "smp_mb")]])],
];

it.each(mistakes)("refuses %s", (_why, words, driver) => {
  expect(() => judgeDriver(driver)).toThrow(DriverMistake);
  expect(() => judgeDriver(driver)).toThrow(words);
});

it("ends at a limit where the paths of a thread grow without end", () => {
  const steps = Array.from({ length: 35 }, (_, k) => [readOnce(`r${String(k)}`, "x"), ifSet(`r${String(k)}`, [writeOnce("obj.f", k)])]).flat();
  expect(judgeDriver(program(uaf(), [obj, x], [[...steps, readOnce("d", "obj.f")], [kfree("obj")]]))).toMatchObject({ verdict: "undecided", reason: expect.stringContaining("limit") as unknown });
});
