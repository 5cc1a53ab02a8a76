import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { layoutDifference, mutantOf, seededRandom } from "../test-support/mutants.ts";
import { createParser } from "./parser.ts";
import type { CParser } from "./parser.ts";
import { rewriteKernelC } from "./rewrite.ts";

/** `npm run parse-report -- --fuzz 100000` does the same at length, and with files of a kernel tree. */
const mutantCount = 2000;
const parsedEvery = 10;

const examples = join(import.meta.dirname, "../../../examples");
const drivers = readdirSync(examples).filter((name) => name.endsWith(".c")).map((name) => readFileSync(join(examples, name), "utf8"));

/** The shapes that the rewriting changes most, in little room. */
const dense = `#define for_each_own(p) for (p = head; p; p = p->next)
#define OWN_ATTR __attribute__((unused))
static DEFINE_PER_CPU(struct foo *, cpu_foo) = NULL;
DEFINE_SPINLOCK(lock);
struct foo { struct bar __rcu *bar; DECLARE_BITMAP(map, 10); struct_group(g, u8 a; u8 b;); u32 :3; status_t (__efiapi *get)(u64); } __packed;
define_machine(board) { .name = "x", [1 ... 2] = { 0 }, };
SYSCALL_DEFINE3(32_read, unsigned int, fd, char __user *, buf, size_t, n) { return n; }
static __always_inline int OWN_ATTR f(struct foo __user *u, int (*cb)(void)) __must_hold(&lock)
{
	struct foo *p __free(kfree) = kzalloc(sizeof(*p), GFP_KERNEL), *q;
	typeof(*p) x = (struct foo){ .a = 1 };
#if IS_ENABLED(CONFIG_A)
	if (n) {
#elif defined(B)
	while (n) {
#else
	{
#endif
		list_for_each_entry_rcu(p, &foos, list, lockdep_is_held(&lock)) scoped_guard(rcu) for_each_own(q) --q->n;
	}
	switch (n) { case 1 ... 3: asm goto("nop" : : : : out); fallthrough; default: goto *table[n]; }
	FLUSH_BEGIN
	x = min_t(unsigned int, a, ({ int y = 3; y; })) ?: container_of(q, struct foo, m) + BITS(x, 10:0);
	pr_info(KERN_ERR PFX "%d" "\\n", _Generic(n, int: 1));
out:
}
module_init(f)
`;

let parser: CParser;
beforeAll(async () => {
  const { resolve } = createRequire(import.meta.url);
  parser = await createParser({
    runtimeWasm: readFileSync(resolve("web-tree-sitter/web-tree-sitter.wasm")),
    grammarWasm: readFileSync(resolve("tree-sitter-c/tree-sitter-c.wasm")),
  });
});

describe("mutants of drivers", () => {
  test("keep length and line breaks, throw nothing and take time in proportion, seed 1", () => {
    const sources = [...drivers, ...drivers.map(() => dense)];
    const failures: string[] = [];
    for (let index = 0; index < mutantCount; index++) {
      const random = seededRandom(index + 1);
      const mutant = mutantOf(sources[Math.floor(random() * sources.length)]!, random);
      const started = performance.now();
      const difference = layoutDifference(mutant, rewriteKernelC(mutant).text);
      if (difference !== undefined) failures.push(`mutant ${index}: ${difference}`);
      // A kilobyte takes 0.03 ms; the rest is for a machine that does something else.
      if (performance.now() - started > 1000) failures.push(`mutant ${index}: ${mutant.length} characters took over a second`);
      if (index % parsedEvery === 0) parser.parse(mutant);
    }
    expect(failures).toEqual([]);
    expect(parser.isDamaged()).toBe(false);
  });

  test("are the same for the same seed", () => {
    expect(mutantOf(dense, seededRandom(7))).toBe(mutantOf(dense, seededRandom(7)));
    expect(mutantOf(dense, seededRandom(7))).not.toBe(mutantOf(dense, seededRandom(8)));
  });
});
