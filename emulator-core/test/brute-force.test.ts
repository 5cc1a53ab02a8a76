import { expect, test } from "vitest";
import { check, parseLitmus, type Program } from "../src/index.ts";
import { bruteForce } from "./brute-force.ts";

/** Statements over x and y, one register each; `N` becomes the register number. */
const alphabet: readonly string[] = [
  "rN = READ_ONCE(*x);",
  "rN = READ_ONCE(*y);",
  "rN = smp_load_acquire(y);",
  "rN = *x;",
  "rN = *y;",
  "WRITE_ONCE(*x, 1);",
  "WRITE_ONCE(*y, 2);",
  "smp_store_release(y, 1);",
  "*x = 1;",
  "*y = 1;",
  "smp_mb();",
  "smp_rmb();",
  "smp_wmb();",
  "rN = xchg(x, 3);",
  "rN = xchg_relaxed(y, 2);",
  "atomic_inc(x);",
  "smp_mb__after_atomic();",
  "rN = cmpxchg_acquire(x, 0, 1);",
  "WRITE_ONCE(*y, r0);",
  "*y = r0 + 1;",
  "if (r0 == 1) WRITE_ONCE(*y, 1);",
  "rN = READ_ONCE(*(y + (r0 & 0)));",
  "spin_lock(l);",
  "spin_unlock(l);",
  "rN = spin_trylock(l);",
  "rN = spin_is_locked(l);",
  "rcu_read_lock();",
  "rcu_read_unlock();",
  "synchronize_rcu();",
  "rN = srcu_read_lock(s);",
  "srcu_read_unlock(s, r0);",
  "synchronize_srcu(s);",
];

const parameters = "int *x, int *y, spinlock_t *l, struct srcu_struct *s";

function programOf(threads: readonly (readonly string[])[]): Program {
  const bodies = threads.map((lines, t) => `P${t}(${parameters})\n{\n${lines.map((line, k) => `\t${line.replaceAll("rN", `r${k}`)}\n`).join("")}}\n`);
  const registers = threads.flatMap((lines, t) => lines.map((_, k) => `${t}:r${k};`));
  const parsed = parseLitmus(`C random\n\n{ }\n\n${bodies.join("\n")}\nlocations [x; y; ${registers.join(" ")}]\nexists (0:r0=1 /\\ ~1:r1=0)\n`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.program;
}

/** xorshift: the same programs on every machine. */
function* numbers(seed: number): Generator<number> {
  for (let x = seed; ; ) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield x >>> 0;
  }
}

function sample(count: number, shape: readonly number[], seed: number): void {
  const random = numbers(seed);
  for (let k = 0; k < count; k++) {
    const threads = shape.map((length) => Array.from({ length }, () => alphabet[random.next().value % alphabet.length]!));
    const program = programOf(threads);
    const { positive, negative, states, flags } = check(program);
    const found = { positive, negative, states, flags };
    expect(found, `seed ${seed}, program ${k}: ${JSON.stringify(threads)}`).toEqual(bruteForce(program));
  }
}

test("two threads of two instructions: the explorer finds what brute force finds", () => sample(1200, [2, 2], 20260101));

test("two threads of three instructions", () => sample(250, [3, 3], 20260102));

test("three threads", () => sample(120, [2, 2, 2], 20260103));

test("an access between the two halves of a section and a grace period", () => {
  const random = numbers(20260104);
  const inner = alphabet.slice(0, 22);
  const pick = (): string => inner[random.next().value % inner.length]!;
  for (let k = 0; k < 120; k++) {
    const reader = k % 2 === 0 ? ["rcu_read_lock();", pick(), pick(), "rcu_read_unlock();"] : [pick(), "spin_lock(l);", pick(), "spin_unlock(l);"];
    const updater = k % 2 === 0 ? [pick(), "synchronize_rcu();", pick()] : ["spin_lock(l);", pick(), "spin_unlock(l);", "smp_mb__after_unlock_lock();"];
    const program = programOf([reader, updater]);
    const { positive, negative, states, flags } = check(program);
    expect({ positive, negative, states, flags }, JSON.stringify([reader, updater])).toEqual(bruteForce(program));
  }
});
