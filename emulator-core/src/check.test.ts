import { describe, expect, test } from "vitest";
import { check, type CheckOptions, type CheckResult } from "./check.ts";
import { parseLitmus } from "./litmus/parser.ts";
import type { Program } from "./program.ts";

function programOf(text: string): Program {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.program;
}

function run(text: string, options?: CheckOptions): CheckResult {
  return check(programOf(text), options);
}

const storeBuffering = `C SB
{ }
P0(int *x, int *y) { int r0; WRITE_ONCE(*x, 1); r0 = READ_ONCE(*y); }
P1(int *x, int *y) { int r0; WRITE_ONCE(*y, 1); r0 = READ_ONCE(*x); }
exists (0:r0=0 /\\ 1:r0=0)`;

test("store buffering: counts, states, a witness that says which store was late", () => {
  const program = programOf(storeBuffering);
  const result = check(program);
  expect(result).toMatchObject({ observation: "Sometimes", positive: 1, negative: 3, holds: true, flags: [], limit: null, loopCut: false });
  expect(result.states).toEqual(["0:r0=0; 1:r0=0;", "0:r0=0; 1:r0=1;", "0:r0=1; 1:r0=0;", "0:r0=1; 1:r0=1;"]);
  expect(result.stateCounts).toEqual([1, 1, 1, 1]);
  const witness = result.witness!;
  expect(witness.inversions).toHaveLength(1);
  expect(witness.order).toHaveLength(4);
  expect(witness.events.filter((e) => e.thread < 0).map((e) => `${e.location!}=${e.value!}`).sort()).toEqual(["x=0", "y=0"]);
  expect(witness.events[0]!.instruction).toBe(program.threads[0]!.body[0]);
});

test("an interleaving needs no inversion, and order keeps rf, co and fr", () => {
  const result = run(storeBuffering.replace("0:r0=0 /\\ 1:r0=0", "0:r0=0 /\\ 1:r0=1"));
  const { order, inversions, rf, co, fr } = result.witness!;
  expect(inversions).toEqual([]);
  const place = new Map(order.map((id, k) => [id, k]));
  for (const [a, b] of [...rf, ...co, ...fr]) if (place.has(a)) expect(place.get(a)!).toBeLessThan(place.get(b)!);
});

test("a model without the weak outcome", () => {
  expect(run(storeBuffering, { model: "sc" }).observation).toBe("Never");
  expect(run(storeBuffering, { model: "tso" }).observation).toBe("Sometimes");
});

test("every read-modify-write is a full barrier to tso, and only there", () => {
  const fenced = storeBuffering.replaceAll(" r0 = READ", " xchg_relaxed(z, 1); r0 = READ").replaceAll("int *y)", "int *y, int *z)");
  expect(run(fenced, { model: "tso" }).observation).toBe("Never");
  expect(run(fenced).observation).toBe("Sometimes");
});

describe("limits are values", () => {
  test("executions", () => {
    const result = run(storeBuffering.replace("exists", "~exists").replace("/\\ 1:r0=0", "/\\ 1:r0=7"), { budget: { executionsMax: 2 } });
    expect(result).toMatchObject({ observation: "Undecided", limit: { kind: "executions", value: 2 } });
  });
  test("a verdict that is certain stays certain", () => {
    const all = run(storeBuffering);
    expect(run(storeBuffering, { budget: { executionsMax: all.explored } }).observation).toBe("Sometimes");
  });
  test("time and cancellation", () => {
    expect(run(storeBuffering, { shouldStop: () => true })).toMatchObject({ observation: "Undecided", limit: { kind: "time" } });
  });
  test("events", () => {
    expect(run(storeBuffering, { budget: { eventsMax: 3 } })).toMatchObject({ observation: "Undecided", limit: { kind: "events", value: 3 } });
  });
  test("paths", () => {
    const branches = Array.from({ length: 20 }, (_, k) => `if (READ_ONCE(*x) == ${k}) { WRITE_ONCE(*x, ${k}); }`).join("\n");
    expect(run(`C t\n{ }\nP0(int *x) { ${branches} }\nexists (x=1)`).observation).toBe("Undecided");
  });
  test("loops: reported, not a stop", () => {
    const result = run("C t\n{ }\nP0(int *x) { int r; while (r == 0) { r = READ_ONCE(*x); } }\nP1(int *x) { WRITE_ONCE(*x, 1); }\nexists (0:r=1)");
    expect(result).toMatchObject({ observation: "Always", positive: 2, loopCut: true, limit: { kind: "loop", value: 2 } });
  });
});

test("verdict mode stops when both answers are met", () => {
  const result = run(storeBuffering, { mode: "verdict" });
  expect(result.observation).toBe("Sometimes");
  expect(result.positive + result.negative).toBeLessThan(4);
});

test("a deadlock is Never with 0 and 0", () => {
  const result = run("C t\n{ }\nP0(spinlock_t *l) { spin_lock(l); spin_lock(l); }\nexists (true)");
  expect(result).toMatchObject({ observation: "Never", positive: 0, negative: 0, states: [] });
});

test("an object that lifetimes were not lowered from is our bug", () => {
  const program = programOf(storeBuffering);
  const free = { kind: "free", object: { kind: "register", name: "r0" }, how: "kfree" } as const;
  expect(() => check({ ...program, threads: [{ body: [free] }] })).toThrow(/lower/);
});

test("a word that is not declared, or no address at all, names nothing", () => {
  const through = (address: string): CheckResult => run(`C t\n{ int a[2]={5,6}; }\nP0(int *a, int *x) { int r; int q; q = READ_ONCE(*x); r = READ_ONCE(*(${address})); }\nexists (0:r=6)`);
  expect(through("a + 4")).toMatchObject({ positive: 1, negative: 0 });
  expect(through("a + 8")).toMatchObject({ positive: 0, negative: 0 });
  expect(through("a + 2")).toMatchObject({ positive: 0, negative: 0 });
  expect(through("q")).toMatchObject({ positive: 0, negative: 0 });
});

test("integers are 32-bit and wrap", () => {
  const result = run("C t\n{ x=2147483647; }\nP0(int *x) { int r; r = READ_ONCE(*x) + 1; int q = r / 2; int n = -7 / 2; }\nlocations [0:r; 0:q; 0:n;]\nexists (true)");
  expect(result.states).toEqual(["0:n=-3; 0:q=-1073741824; 0:r=-2147483648;"]);
});

describe("flags", () => {
  test.each([
    ["unmatched-rcu-lock", "rcu_read_lock();"],
    ["unmatched-rcu-unlock", "rcu_read_unlock();"],
    ["unmatched-srcu-lock", "r = srcu_read_lock(s);"],
    ["unmatched-srcu-unlock", "srcu_read_unlock(s, 0);"],
    ["invalid-sleep", "rcu_read_lock(); synchronize_srcu(s); rcu_read_unlock();"],
    ["multiple-srcu-matches", "r = srcu_read_lock(s); srcu_read_unlock(s, r); srcu_read_unlock(s, r);"],
    ["srcu-bad-value-match", "r = srcu_read_lock(s); srcu_read_unlock(s, r + 1);"],
    ["unmatched-unlock", "spin_unlock(l);"],
    ["mixed-lock-accesses", "spin_lock(l); spin_unlock(l); WRITE_ONCE(*l, 0);"],
    ["mixed-accesses", "*x = 1; WRITE_ONCE(*x, 2);"],
  ])("%s", (flag, statements) => {
    expect(run(`C t\n{ }\nP0(int *x, spinlock_t *l, struct srcu_struct *s) { int r; ${statements} }\nexists (true)`).flags).toContain(flag);
  });

  test("lock-final", () => {
    expect(run("C t\n{ }\nP0(spinlock_t *l) { spin_lock(l); spin_unlock(l); }\nexists (l=0)").flags).toEqual(["lock-final"]);
  });
});
