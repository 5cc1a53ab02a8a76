import { describe, expect, it } from "vitest";
import { parseLitmus } from "../litmus/parser.ts";
import { printLitmus } from "../litmus/printer.ts";
import { check } from "../check.ts";
import { attachRace } from "./attach-race.fixture.ts";
import { allocate, callRcu, choose, command, dmaWmb, doorbell, flush, ifSet, kfree, kfreeRcu, listDelRcu, poll, rcuAssignPointer, rcuDereference, readOnce, smpMb, smpWmb, synchronizeRcu, underRcu, waitForHandler, write, writeOnce } from "./build.ts";
import { judgeDriver } from "./judge.ts";
import { lowerDriver } from "./lower.ts";
import { DriverMistake } from "./mistake.ts";
import type { DriverProgram, Step } from "./steps.ts";

/** A reader of `list` and an updater that takes `entry` out of it. */
function unlink(updater: readonly Step[], more: Partial<DriverProgram> = {}): DriverProgram {
  return {
    name: "unlink",
    objects: [{ name: "list", initial: "&entry" }, { name: "entry", fields: [{ name: "dev", initial: 1 }, { name: "id", initial: 2 }] }],
    threads: [
      { role: "Reader", title: "walk", steps: underRcu(rcuDereference("e", "list"), ifSet("e", [readOnce("d", "e->dev"), readOnce("i", "e->id")])) },
      { role: "Updater", title: "unlink", steps: updater },
    ],
    hazard: { kind: "use-after-free", object: "entry" },
    ...more,
  };
}

describe("a driver program is judged", () => {
  it("tells the ladder of the attach race", () => {
    const verdict = judgeDriver(attachRace([], []));
    expect(verdict).toMatchObject({ verdict: "confirmed", class: "tso", ladder: { sc: "unreachable", tso: "reachable", mca: "reachable", lkmm: "reachable" }, flags: [] });
    expect(judgeDriver(attachRace([smpMb()], [dmaWmb()]))).toMatchObject({ verdict: "confirmed", class: "non-mca" });
    expect(judgeDriver(attachRace([smpMb()], [smpMb()]))).toMatchObject({ verdict: "refuted", reason: "" });
  });

  it("knows that an early invalidation leaves the race, and what its round trip is worth", () => {
    expect(judgeDriver(attachRace([], flush("attq", ["iotlb"]))).verdict).toBe("confirmed");
    expect(judgeDriver(attachRace([smpMb()], flush("attq", ["iotlb"]))).verdict).toBe("refuted");
    expect(judgeDriver(attachRace([smpMb()], flush("attq", ["iotlb"], { assumeEmpty: true })))).toMatchObject({ verdict: "confirmed", class: "non-mca" });
  });

  it.each([
    ["at once", [listDelRcu("list"), kfree("entry")], "confirmed"],
    ["after a grace period", [listDelRcu("list"), synchronizeRcu(), kfree("entry")], "refuted"],
    ["by RCU", [listDelRcu("list"), kfreeRcu("entry")], "refuted"],
    ["by RCU, queued too early", [kfreeRcu("entry"), listDelRcu("list")], "confirmed"],
    ["after the wrong order", [synchronizeRcu(), listDelRcu("list"), kfree("entry")], "confirmed"],
  ] as const)("frees %s", (_, updater, verdict) => {
    expect(judgeDriver(unlink(updater)).verdict).toBe(verdict);
  });

  it("explores both outcomes of what the program does not decide", () => {
    const either = (failed: readonly Step[]): DriverProgram => unlink([listDelRcu("list"), choose("the rcu_head could not be allocated", failed, [kfreeRcu("entry")])]);
    expect(judgeDriver(either([synchronizeRcu(), kfree("entry")])).verdict).toBe("refuted");
    expect(judgeDriver(either([kfree("entry")])).verdict).toBe("confirmed");
  });

  it("waits for a handler that was queued, and only then", () => {
    const exit = (wait: readonly Step[]): DriverProgram => ({
      name: "exit", objects: [{ name: "aux", initial: 1 }],
      threads: [{ role: "Exit", title: "module_exit", steps: [callRcu("release"), ...wait, kfree("aux")] }],
      handlers: [{ name: "release", kind: "rcu", title: "release", steps: [readOnce("x", "aux")] }],
      hazard: { kind: "use-after-free", object: "aux" },
    });
    expect(judgeDriver(exit([])).verdict).toBe("confirmed");
    expect(judgeDriver(exit([waitForHandler("release")])).verdict).toBe("refuted");
  });

  it("sees uninitialised memory behind a pointer that was published too early", () => {
    const publish = (steps: readonly Step[]): DriverProgram => ({
      name: "publish", objects: [{ name: "active", initial: 0 }, { name: "made", fields: [{ name: "ops", initial: "uninitialised" }] }],
      threads: [
        { role: "Reader", title: "find", steps: underRcu(rcuDereference("a", "active"), ifSet("a", [readOnce("o", "a->ops")])) },
        { role: "Updater", title: "register", steps: [allocate("m", "made"), ...steps] },
      ],
      hazard: { kind: "uninitialised-read", object: "made" },
    });
    expect(judgeDriver(publish([writeOnce("m->ops", 1), rcuAssignPointer("active", "m")])).verdict).toBe("refuted");
    expect(judgeDriver(publish([rcuAssignPointer("active", "m"), writeOnce("m->ops", 1)])).verdict).toBe("confirmed");
    expect(judgeDriver(publish([write("m->ops", 1), writeOnce("active", "m")]))).toMatchObject({ verdict: "confirmed", flags: ["data-race"] });
  });

  it("follows a poisoned pointer instead of dropping the execution", () => {
    // The reader follows what it read from freed memory: that is the hazard, and no dead end.
    const chain: DriverProgram = {
      name: "chain", objects: [{ name: "list", initial: "&bond" }, { name: "bond", initial: "&info" }, { name: "info", initial: 1 }],
      threads: [
        { role: "Reader", title: "walk", steps: [rcuDereference("b", "list"), ifSet("b", [readOnce("i", "*b"), readOnce("x", "*i")])] },
        { role: "Updater", title: "unlink", steps: [listDelRcu("list"), kfree("bond")] },
      ],
      hazard: { kind: "use-after-free", object: "bond" },
    };
    expect(judgeDriver(chain).verdict).toBe("confirmed");
  });

  it("refutes nothing vacuously, nothing with an unknown call, and calls a deadlock one", () => {
    expect(judgeDriver(unlink([listDelRcu("list"), kfree("entry")], { objects: [{ name: "list", initial: 0 }, { name: "entry", fields: [{ name: "dev" }, { name: "id" }] }] }))).toMatchObject({ verdict: "undecided", reason: expect.stringContaining("vacuous") as unknown });
    expect(judgeDriver(unlink([listDelRcu("list"), synchronizeRcu(), { kind: "opaque", call: "vendor_hook" }, kfree("entry")]))).toMatchObject({ verdict: "undecided", reason: expect.stringContaining("vendor_hook") as unknown });
    expect(judgeDriver(unlink([...underRcu(synchronizeRcu()), listDelRcu("list"), kfree("entry")]))).toMatchObject({ verdict: "undecided", deadlock: true, positive: 0, negative: 0 });
  });

  it("sees RCU and a list fight for the same words of a union", () => {
    const pages = (shares: boolean): DriverProgram => ({
      name: "union", objects: [{ name: "page", fields: [{ name: "lru", initial: "&other" }, shares ? { name: "rcu_head", sharesWith: "lru" } : { name: "rcu_head" }] }, { name: "other", initial: 1 }],
      threads: [{ role: "Updater", title: "free_pgtables", steps: [callRcu("free_list", "page.rcu_head")] }],
      handlers: [{ name: "free_list", kind: "rcu", title: "put_pages_list", steps: [readOnce("next", "page.lru")] }],
      hazard: { kind: "head-overlap", head: "page.rcu_head" },
    });
    expect(judgeDriver(pages(true)).verdict).toBe("confirmed");
    expect(judgeDriver(pages(false)).verdict).toBe("refuted");
  });

  it("follows NULL as a hazard, and not where it was tested", () => {
    const walk = (steps: readonly Step[]): DriverProgram => ({
      name: "null", objects: [{ name: "active", initial: "&first" }, { name: "first", initial: 1 }],
      threads: [{ role: "Reader", title: "find", steps: [rcuDereference("a", "active"), ...steps] }, { role: "Updater", title: "unregister", steps: [writeOnce("active", 0)] }],
      hazard: { kind: "null-dereference" },
    });
    expect(judgeDriver(walk([readOnce("x", "*a")]))).toMatchObject({ verdict: "confirmed", class: "interleaving" });
    expect(judgeDriver(walk([writeOnce("*a", 3)])).verdict).toBe("confirmed");
    expect(judgeDriver(walk([ifSet("a", [readOnce("x", "*a")])])).verdict).toBe("refuted");
  });

  it("does not let smp_wmb() order what a device sees", () => {
    const ring = (barrier: Step): DriverProgram => ({
      name: "ring", architecture: "arm64", objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "pte", initial: "&page", seenBy: "device" }], caches: ["iotlb"], queues: ["q"],
      threads: [{ role: "CPU", title: "unmap", steps: [writeOnce("pte", 0), command("q", ["iotlb"]), barrier, doorbell("q"), poll("q"), { kind: "free", object: "page", how: "hand over", handedOver: true }] }],
      devices: [{ name: "dma", title: "DMA", path: [{ dst: "p", at: "pte", cache: "iotlb" }], access: "read" }],
      hazard: { kind: "use-after-free", object: "page" },
    });
    expect(judgeDriver(ring(smpWmb())).verdict).toBe("confirmed");
    expect(judgeDriver(ring(dmaWmb())).verdict).toBe("refuted");
  });

  it("prints every program as a litmus test with the same counts", () => {
    for (const program of [attachRace([], []), attachRace([smpMb()], flush("attq", ["iotlb"])), unlink([listDelRcu("list"), kfreeRcu("entry")])]) {
      const { program: lowered } = lowerDriver(program);
      const parsed = parseLitmus(printLitmus(lowered));
      if (!parsed.ok) throw new Error(parsed.errors[0]!.message);
      const { observation, positive, negative, states } = check(parsed.program);
      expect({ observation, positive, negative, states }).toEqual((({ observation: o, positive: p, negative: n, states: s }) => ({ observation: o, positive: p, negative: n, states: s }))(check(lowered)));
    }
  });
});

describe("contexts alone", () => {
  const judged = (...bodies: readonly (readonly Step[])[]): DriverProgram => ({
    name: "contexts", objects: [{ name: "x", initial: 0 }],
    threads: bodies.map((steps, k) => ({ role: `T${String(k)}`, title: "", steps })),
    handlers: [{ name: "h", kind: "work", title: "h", steps: [writeOnce("x", 1)] }],
    hazard: { kind: "context" },
  });
  const done = (completion: string): Step => ({ kind: "complete", completion });
  const wait = (completion: string): Step => ({ kind: "wait-for-completion", completion });

  it("do not refute where each waits for the other", () => {
    expect(judgeDriver(judged([callRcu("h"), wait("a"), done("b")], [wait("b"), done("a")]))).toMatchObject({ verdict: "undecided", deadlock: true });
    expect(judgeDriver(judged([callRcu("h"), done("b"), wait("a")], [wait("b"), done("a")]))).toMatchObject({ verdict: "refuted", deadlock: false });
  });

  it("say that nobody may queue once the module's exit waits", () => {
    const verdict = judgeDriver(judged([waitForHandler("h"), { kind: "module-exit" }], [callRcu("h")]));
    expect(verdict).toMatchObject({ verdict: "refuted", assumptions: ["T1 queues nothing more once the module's exit waits"] });
    expect(judgeDriver(judged([callRcu("h"), waitForHandler("h"), { kind: "module-exit" }])).assumptions).toEqual([]);
  });
});

describe("a mistake is told in words", () => {
  const broken: readonly (readonly [string, DriverProgram, RegExp])[] = [
    ["an unknown register", unlink([writeOnce("list", "nobody")]), /register nobody is used before anything sets it/],
    ["an unknown object", unlink([writeOnce("lost", 1)]), /object lost is not declared/],
    ["an unknown field", unlink([writeOnce("entry.nothing", 1)]), /no field nothing/],
    ["a section that is not left", unlink([{ kind: "read-lock", flavour: "rcu" }]), /section .rcu. is not left/],
    ["an unlock without its lock", unlink([{ kind: "unlock", lock: "l", as: "spin" }], { locks: ["l"] }), /unlocked without being locked/],
    ["handlers that start each other", unlink([callRcu("a")], { handlers: [{ name: "a", kind: "work", title: "a", steps: [callRcu("b")] }, { name: "b", kind: "work", title: "b", steps: [callRcu("a")] }] }), /queues itself/],
    ["a handler nobody starts", unlink([], { handlers: [{ name: "a", kind: "work", title: "a", steps: [] }] }), /never starts/],
    ["too many steps", unlink(Array.from({ length: 200 }, () => smpMb())), /at most 150/],
    ["arms inside arms without end", unlink([nested(40)]), /conditions inside each other/],
  ];
  it.each(broken)("%s", (_, program, words) => {
    expect(() => judgeDriver(program)).toThrow(DriverMistake);
    expect(() => judgeDriver(program)).toThrow(words);
  });
});

function nested(depth: number): Step {
  return ifSet(1, depth === 0 ? [] : [nested(depth - 1)]);
}
