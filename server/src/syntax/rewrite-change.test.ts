import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { rewriteChange } from "./rewrite-change.ts";
import { rewriteKernelC, type Pieces } from "./rewrite.ts";
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

function tryOne(before: string, after: string, old = rewriteKernelC(before)): Tried {
  const whole = rewriteKernelC(after);
  const changed = rewriteChange(after, old, changeBetween(before, after));
  if (changed === undefined) return { by: "whole", made: whole };
  // Where a text of which nothing was known has brackets without a partner, it has no cuts.
  const cuts = whole.unbalancedCount === 0 ? whole.cuts : changed.cuts;
  expect({ ...changed, table: undefined }).toEqual({ ...whole, cuts, table: undefined });
  return { by: "piece", made: changed };
}

type Tried = { readonly by: "piece" | "whole"; readonly made: Pieces };

const inserted = ["", "x", " ", "\n", ";", "{", "}", "}\n", "{}\n", "(", ")", '"', "'", "/*", "*/", "//", "\\\n", "#if X\n", "#else\n", "#endif\n", "#define demo_mark\n", "struct s ", "enum e {", "=", "MACRO ", "MACRO(x)\n", "int f(void)\n{\n}\n", "case 1:", "else ", "\r", "é"];

test.each([{ name: "a sample", source: sample }, { name: "a driver", source: driver }])("of a change, piece by piece or not, comes what comes of the whole text: $name", ({ source }) => {
  const mutation = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.constantFrom(0, 0, 0, 1, 2, 40, 300), text: fc.constantFrom(...inserted) });
  let pieces = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let before = source;
      let old: Pieces | undefined;
      for (const { at, removed, text } of mutations) {
        const start = Math.floor(at * before.length);
        const after = before.slice(0, start) + text + before.slice(start + removed);
        const { by, made } = tryOne(before, after, old);
        if (by === "piece") pieces++;
        old = made;
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
  const by = (after: string): string => tryOne(sample, after).by;
  expect(by(sample.replace("return 0", "return 10"))).toBe("piece");
  expect(by(sample.replace("return 0;\n}\nLONE", "return 0;\n\nLONE"))).toBe("whole");
  expect(by(sample.replace("demo_mark", "demo_mork"))).toBe("whole");
  expect(by(sample.replace("LONE_WORD\n", "LONE_WORD;\n"))).toBe("piece");
  expect(by(sample.replace('"GPL"', '"BSD"'))).toBe("whole");
});

test("a bracket without a partner is a matter of its piece, and so is the next key", () => {
  const broken = sample.replace("return 0;\n}\n#ifdef", "return (0;\n}\n#ifdef");
  const first = tryOne(sample, broken);
  expect([first.by, first.made.unbalancedCount]).toEqual(["piece", 1]);
  const next = tryOne(broken, broken.replace("foo(n)", "foo(n + 1)"), first.made);
  expect(next.by).toBe("piece");
  const mended = tryOne(broken, sample, first.made);
  expect([mended.by, mended.made.unbalancedCount]).toEqual(["piece", 0]);
});

test("a comment that is begun goes as far as the next one ends", () => {
  const functions = ["a", "b", "c", "d"].map((name) => `int ${name}(void)\n{\n\tfoo();\n\t${name === "b" ? "bar(); /* why */" : "bar();"}\n\treturn 0;\n}\n`).join("");
  const begun = functions.replace("foo", "/*foo");
  const { by, made } = tryOne(functions, begun);
  expect([by, tryOne(begun, functions, made).by]).toEqual(["piece", "piece"]);
  expect(tryOne(functions.replace("/* why */", ""), begun.replace("/* why */", "")).by).toBe("whole");
});

test("what one more bracket does ends with its line", () => {
  const code = "int first(int n)\n{\n  if (n) {\n    foo(n, 1);\n  } else {\n    foo(0, 2);\n  }\n  return n;\n}\nint second(void)\n{\n  return 0;\n}\n";
  for (const at of [...code.matchAll(/[^\n]/g)].map(({ index }) => index).filter((index) => index > code.indexOf("{") && index < code.indexOf("}\nint"))) {
    const line = code.lastIndexOf("\n", at - 1) + 1;
    // In front of a line a brace may well be meant.
    for (const bracket of code.slice(line, at).trim() === "" ? ["(", ")", "[", "]"] : ["{", "}", "(", ")", "[", "]"]) {
      const { text, unbalancedCount } = rewriteKernelC(code.slice(0, at) + bracket + code.slice(at));
      const end = code.indexOf("\n", at);
      expect(unbalancedCount).toBeGreaterThan(0);
      expect([text.slice(0, line), text.slice(end + 1)], `${bracket} in ${code.slice(line, at)}|${code.slice(at, end)}`).toEqual([code.slice(0, line), code.slice(end)]);
    }
  }
});

test.each([
  ["foo(a, b(;\n  bar();", "bar();"],
  ["if (a) foo(;\n  bar();", "bar();"],
  ["bar();\n  if (a( == b) {\n    foo();\n  }", "bar(); { foo(); }"],
  ["for (i = 0; i( < n; i++) {\n    foo();\n  }", "{ foo(); }"],
  ["ret{urn foo(a,\n       b);", ""],
  ["bar();\n}\t  foo();\n  bar();", "bar(); bar();"],
])("the statement that a bracket without a partner stands in is not read: %s", (body, left) => {
  const { text } = rewriteKernelC(`int f(void)\n{\n  ${body}\n}\nint g(void)\n{\n  return 0;\n}\n`);
  expect(text.replaceAll(/\s+/g, " ").trim()).toBe(`int f(void) { ${left} } int g(void) { return 0; }`.replace("{  }", "{ }"));
});
