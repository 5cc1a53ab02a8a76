/*
 * Pairs that Linux 6.12 and Linux 6.1 answer differently, each with the lines that make the difference.
 */
import { describe, expect, test } from "vitest";
import { check, type ModelName } from "../check.ts";
import { parseLitmus } from "../litmus/parser.ts";

type Answer = { readonly observation: string; readonly flags: string };

function answer(text: string, model: ModelName): Answer {
  const parsed = parseLitmus(text, { model });
  if (!parsed.ok) return { observation: parsed.errors[0]!.message, flags: "" };
  const { observation, flags } = check(parsed.program, { model });
  return { observation, flags: flags.join(",") };
}

/** P0, P1, … as bodies; every global is a parameter of every thread. */
function litmus(bodies: readonly string[], condition: string): string {
  const parameters = "int *x, int *y, int *z, int *w, spinlock_t *l, struct srcu_struct *s";
  return `C t\n{ }\n${bodies.map((body, k) => `P${k}(${parameters}) { ${body} }`).join("\n")}\nexists (${condition})\n`;
}

type Pair = { readonly what: string; readonly why: string; readonly text: string; readonly newer: Answer; readonly older: Answer };

const pairs: readonly Pair[] = [
  {
    what: "a dependency carried through plain stores",
    why: "linux-kernel.bell: carry-dep is in 6.12 only, so that in 6.1 the load of z1 starts its own dependency",
    text: litmus(["int a = READ_ONCE(*x); *z = a; *w = *z; if (*w == 1) WRITE_ONCE(*y, 1);", "int r = smp_load_acquire(y); smp_store_release(x, r);"], "x=1 /\\ y=1"),
    newer: { observation: "Never", flags: "" },
    older: { observation: "Sometimes", flags: "" },
  },
  {
    what: "a release passed on by a relaxed read-modify-write",
    why: "linux-kernel.cat: cumul-fence ends in rmw-sequence in 6.12 only",
    text: litmus(["WRITE_ONCE(*x, 1); smp_store_release(y, 1);", "atomic_inc(y);", "int r = smp_load_acquire(y); int q = READ_ONCE(*x);"], "y=2 /\\ 2:r=2 /\\ 2:q=0"),
    newer: { observation: "Never", flags: "" },
    older: { observation: "Sometimes", flags: "" },
  },
  {
    what: "a plain access behind a release passed on by a read-modify-write",
    why: "linux-kernel.cat: rmw-sequence in w-post-bounded and cumul-fence; without it the accesses race",
    text: litmus(["*x = 1; smp_store_release(y, 1);", "int p = atomic_fetch_inc_relaxed(y);", "int r = smp_load_acquire(y); int q; if (r == 2) { q = *x; }"], "2:r=2 /\\ 2:q=0"),
    newer: { observation: "Never", flags: "" },
    older: { observation: "Sometimes", flags: "data-race" },
  },
  {
    what: "SRCU sections that overlap",
    why: "linux-kernel.bell: srcu-rscs follows the index in 6.12 and pairs parentheses in 6.1, where one section then spans both reads",
    text: litmus(
      ["int a; int b; int p; int q; a = srcu_read_lock(s); p = READ_ONCE(*x); b = srcu_read_lock(s); srcu_read_unlock(s, a); q = READ_ONCE(*y); srcu_read_unlock(s, b);", "WRITE_ONCE(*x, 1); synchronize_srcu(s); WRITE_ONCE(*y, 1);"],
      "0:p=0 /\\ 0:q=1",
    ),
    newer: { observation: "Sometimes", flags: "" },
    older: { observation: "Never", flags: "srcu-bad-nesting" },
  },
  {
    what: "an SRCU section that another thread ends",
    why: "linux-kernel.bell: carry-srcu-data follows the index through memory in 6.12; 6.1 looks at one thread only",
    text: litmus(["int a = srcu_read_lock(s); int p = READ_ONCE(*x); WRITE_ONCE(*z, a);", "int a = READ_ONCE(*z); srcu_read_unlock(s, a);"], "1:a=0"),
    newer: { observation: "Always", flags: "unmatched-srcu-lock,unmatched-srcu-unlock" },
    older: { observation: "Sometimes", flags: "unbalanced-srcu-locking" },
  },
  {
    what: "an RCU section without an end",
    why: "linux-kernel.bell: the flag has another name",
    text: litmus(["rcu_read_lock(); WRITE_ONCE(*x, 1);"], "x=1"),
    newer: { observation: "Always", flags: "unmatched-rcu-lock" },
    older: { observation: "Always", flags: "unbalanced-rcu-locking" },
  },
  {
    what: "one SRCU lock and two unlocks",
    why: "linux-kernel.bell: multiple-srcu-matches is new; parentheses leave the second unlock alone",
    text: litmus(["int a = srcu_read_lock(s); srcu_read_unlock(s, a); srcu_read_unlock(s, a);"], "x=0"),
    newer: { observation: "Always", flags: "multiple-srcu-matches" },
    older: { observation: "Always", flags: "unbalanced-srcu-locking" },
  },
  {
    what: "an ordinary access to an SRCU domain",
    why: "lock.cat: ALL-LOCKS has the SRCU events in 6.12 only",
    text: litmus(["int a = srcu_read_lock(s); WRITE_ONCE(*s, 5); srcu_read_unlock(s, a);"], "x=0"),
    newer: { observation: "Always", flags: "mixed-lock-accesses" },
    older: { observation: "Always", flags: "" },
  },
  {
    what: "the index of an SRCU section",
    why: "linux-kernel.def: __load of the domain in 6.12, an event that makes up a number in 6.1",
    text: litmus(["int a = srcu_read_lock(s); srcu_read_unlock(s, a);"], "0:a=0"),
    newer: { observation: "Always", flags: "" },
    older: { observation: "Never", flags: "" },
  },
  {
    what: "spin_is_locked() after a stray spin_unlock()",
    why: "lock.cat: possible-rf-ru stops at an unlock in 6.12 and at a lock in 6.1, so that two executions become one",
    text: litmus(["int r; spin_lock(l); spin_unlock(l); spin_unlock(l); r = spin_is_locked(l);"], "0:r=0"),
    newer: { observation: "Always", flags: "unmatched-unlock" },
    older: { observation: "Always", flags: "unmatched-unlock" },
  },
  {
    what: "smp_mb__after_srcu_read_unlock()",
    why: "linux-kernel.def: not in 6.1",
    text: litmus(["int a = srcu_read_lock(s); srcu_read_unlock(s, a); smp_mb__after_srcu_read_unlock();"], "x=0"),
    newer: { observation: "Always", flags: "" },
    older: { observation: "unknown macro `smp_mb__after_srcu_read_unlock`: expected one of linux-kernel.def (Linux 6.1)", flags: "" },
  },
];

describe("Linux 6.12 and Linux 6.1", () => {
  test.each(pairs)("$what: $why", ({ text, newer, older }) => {
    expect({ newer: answer(text, "lkmm"), older: answer(text, "lkmm-6.1") }).toEqual({ newer, older });
  });

  test("a stray spin_unlock() doubles the executions of 6.1", () => {
    const stray = pairs.find(({ what }) => what.includes("stray"))!;
    const parsed = parseLitmus(stray.text);
    if (!parsed.ok) throw new Error("refused");
    expect([check(parsed.program).positive, check(parsed.program, { model: "lkmm-6.1" }).positive]).toEqual([1, 2]);
  });
});
