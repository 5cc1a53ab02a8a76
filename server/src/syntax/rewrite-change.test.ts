import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rewriteChange } from "./rewrite-change.ts";
import { rewriteKernelC } from "./rewrite.ts";
import { changeBetween } from "./text-change.ts";

const driver = readFileSync(new URL("../../../examples/riscv-bond.c", import.meta.url), "utf8");

const sample = `#include <linux/rculist.h>
#define demo_mark __attribute__((used))
static DEFINE_PER_CPU(struct foo *, cpu_foo) = NULL;
static demo_mark int first(int n) __must_hold(&lock)
{
	scoped_guard(spinlock, &lock) pr_info(KERN_ERR "x %d" "\\n", min_t(unsigned int, n, 3));
#ifdef CONFIG_FOO
	foo(n);
#endif
	return 0;
}
#ifdef CONFIG_FOO
int second(void)
{
}
int third(void)
{
}
#endif
SYSCALL_DEFINE2(read, unsigned int, fd, char __user *, buf)
{
	return 0;
}
LONE_WORD
module_init(first)
static int last(struct foo __rcu *p)
{
	list_for_each_entry_rcu(p, &foos, list) {
	}
out:
}
static const struct ops o = { .x = first };
MODULE_LICENSE("GPL");
`;

function tryOne(before: string, after: string): "piece" | "whole" {
  const whole = rewriteKernelC(after);
  const changed = rewriteChange(after, rewriteKernelC(before), changeBetween(before, after));
  if (changed === undefined) return "whole";
  expect({ ...changed, table: undefined }).toEqual({ ...whole, table: undefined });
  return "piece";
}

const inserted = ["", "x", " ", "\n", ";", "{", "}", "}\n", "{}\n", "(", ")", '"', "'", "/*", "*/", "//", "\\\n", "#if X\n", "#else\n", "#endif\n", "#define demo_mark\n", "struct s ", "enum e {", "=", "MACRO ", "MACRO(x)\n", "int f(void)\n{\n}\n", "case 1:", "else ", "\r", "é"];

test.each([{ name: "a sample", source: sample }, { name: "a driver", source: driver }])("of a change, piece by piece or not, comes what comes of the whole text: $name", ({ source }) => {
  const mutation = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.constantFrom(0, 0, 0, 1, 2, 40, 300), text: fc.constantFrom(...inserted) });
  let pieces = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let before = source;
      for (const { at, removed, text } of mutations) {
        const start = Math.floor(at * before.length);
        const after = before.slice(0, start) + text + before.slice(start + removed);
        if (tryOne(before, after) === "piece") pieces++;
        before = after;
      }
    }),
    { numRuns: 800, seed: 1 },
  );
  expect(pieces).toBeGreaterThan(300);
});

test("every single character of a sample can be left out", () => {
  for (let at = 0; at < sample.length; at++) tryOne(sample, sample.slice(0, at) + sample.slice(at + 1));
});

test("a key in a function is a matter of its piece, a changed macro or a lost brace one of the whole", () => {
  expect(tryOne(sample, sample.replace("return 0", "return 10"))).toBe("piece");
  expect(tryOne(sample, sample.replace("return 0;\n}\nLONE", "return 0;\n\nLONE"))).toBe("whole");
  expect(tryOne(sample, sample.replace("demo_mark", "demo_mork"))).toBe("whole");
  expect(tryOne(sample, sample.replace("LONE_WORD\n", "LONE_WORD;\n"))).toBe("piece");
  expect(tryOne(sample, sample.replace('"GPL"', '"BSD"'))).toBe("whole");
});
