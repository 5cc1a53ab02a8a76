/*
 * Small programs for comparisons: one line of C each, so that a failing one can be given to herd7 as
 * it is. Registers are named by position, so every read is observed.
 */
import { parseLitmus, type Program } from "../src/index.ts";

/** `@` is the register an instruction may set; `#` one that an earlier instruction of the thread may have set. */
export const accesses: readonly string[] = [
  "WRITE_ONCE(*x, 1);",
  "@ = READ_ONCE(*x);",
  "smp_store_release(y, 1);",
  "WRITE_ONCE(*y, 2);",
  "@ = smp_load_acquire(y);",
  "@ = READ_ONCE(*y);",
  "*x = 2;",
  "@ = *x;",
];

export const fences: readonly string[] = ["smp_mb();", "smp_wmb();", "smp_rmb();", "synchronize_rcu();"];

export const others: readonly string[] = [
  "@ = xchg(x, 3);",
  "@ = xchg_release(y, 3);",
  "@ = cmpxchg_relaxed(x, 0, 4);",
  "@ = atomic_fetch_add_acquire(1, y);",
  "atomic_inc(x);",
  "WRITE_ONCE(*y, #);",
  "*x = # + 1;",
  "if (# == 1) { WRITE_ONCE(*y, 3); }",
  "if (#) { @ = READ_ONCE(*x); } else { WRITE_ONCE(*x, 5); }",
  "rcu_read_lock(); @ = READ_ONCE(*x); rcu_read_unlock();",
  "rcu_read_lock(); WRITE_ONCE(*y, 1); WRITE_ONCE(*x, 1); rcu_read_unlock();",
  "spin_lock(l); @ = *x; *x = 6; spin_unlock(l);",
  "spin_lock(l); WRITE_ONCE(*y, 4);  spin_unlock(l);",
  "@ = spin_trylock(l);",
  "@ = srcu_read_lock(s); @@ = READ_ONCE(*x); srcu_read_unlock(s, @);",
  "synchronize_srcu(s);",
  "smp_mb__before_atomic(); atomic_inc(y); smp_mb__after_atomic();",
  "barrier();",
];

const parameters = "int *x, int *y, spinlock_t *l, struct srcu_struct *s";

export function litmusOf(threads: readonly (readonly string[])[]): string {
  const observed: string[] = [];
  const bodies = threads.map((instructions, t) => {
    const registers: string[] = [];
    const lines = instructions.map((instruction, k) => {
      const own = `r${k}`;
      const line = instruction.replaceAll("@@", `q${k}`).replaceAll("#", registers.at(-1) ?? "r9").replaceAll("@", own);
      for (const name of [own, `q${k}`]) if (line.includes(`${name} =`)) registers.push(name);
      return line;
    });
    observed.push(...registers.map((name) => `${t}:${name}`));
    const locals = [...registers, ...(lines.some((l) => l.includes("r9")) ? ["r9"] : [])].map((name) => `int ${name};`).join(" ");
    return `P${t}(${parameters}) { ${locals} ${lines.join(" ")} }`;
  });
  const locations = [...observed, "x", "y"].map((o) => `${o};`).join(" ");
  return `C small\n{ }\n${bodies.join("\n")}\nlocations [${locations}]\nexists (x=1)\n`;
}

export function programOf(text: string): Program {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.errors)}`);
  return parsed.program;
}
