import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rewriteKernelC } from "./rewrite.ts";

const sample = `#include <linux/rculist.h>
#ifdef CONFIG_FOO
#define for_each_foo(p) list_for_each_entry(p, &foos, list)
#else
#define for_each_foo(p) for (p = NULL; p; )
#endif
static DEFINE_PER_CPU(struct foo *, cpu_foo) = NULL;
struct foo { struct bar __rcu *bar; DECLARE_BITMAP(map, 10); struct_group(g, u8 a; u8 b;); u32 :3; } __packed;
static int __init foo_init(struct foo __user *u, int n) __must_hold(&lock)
{
	struct foo *p __free(kfree) = kzalloc(sizeof(*p), GFP_KERNEL);

	list_for_each_entry_rcu(p, &foos, list, lockdep_is_held(&lock)) {
#if IS_ENABLED(CONFIG_FOO)
		if (n) {
#else
		{
#endif
			scoped_guard(spinlock_irqsave, &lock) pr_info(KERN_ERR PFX "x %d" "\\n", min_t(unsigned int, n, 3));
		}
	}
	switch (n) { case 1 ... 3: return (__force u32)-1; default: break; }
	asm volatile("dmb ish" : : : "memory");
out:
}
SYSCALL_DEFINE2(read, unsigned int, fd, char __user *, buf) { return 0; }
static const struct ops o = { SET_RUNTIME_PM_OPS(a, b, c) .x = &(const struct y){ .f = f, [1 ... 2] = 3 } };
module_init(foo_init)
TRACE_EVENT(x, TP_PROTO(int a));
`;

const hostile = ["{", "}", "(", ")", "[", "]", '"', "'", "/*", "*/", "//", "#if X\n", "#else\n", "#endif\n", "\\\n", ";", ",", "\r\n", "#", "\ud800", "é", "&&", "...", "=", "struct ", "if (", "return ", "case ", "typeof(", "MACRO "];

const mutation = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.nat(40), inserted: fc.constantFrom("", ...hostile) });

const lineBreaks = (text: string): string => text.replace(/[^\r\n]/g, " ");

describe("the rewriting", () => {
  test("keeps the line breaks where mutants once moved them", () => {
    const found = ["void f(void)\n{\n\tdo {\n\t} while_each_foo(p\\\r\n);\n}\n", "void f(void)\n{\n\tfor (\n\tif (x) {\n\t}\n}\n", "int a[] = { [0]\n1, [2]\t3 };\n", "void f(void)\n{\n\tx(\n\n\n) {}\n}\n"];
    for (const source of ['"\\\nstruct x { int a; };\n', 'int a;\n"\\\r\nfoo(bar)\n', ...found]) expect(lineBreaks(rewriteKernelC(source).text)).toBe(lineBreaks(source));
  });

  test("keeps the length and every line break under any mutation", () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 12 }), (mutations) => {
        let source = sample;
        for (const { at, removed, inserted } of mutations) {
          const start = Math.floor(at * source.length);
          source = source.slice(0, start) + inserted + source.slice(start + removed);
        }
        const { text } = rewriteKernelC(source);
        expect(text.length).toBe(source.length);
        expect(lineBreaks(text)).toBe(lineBreaks(source));
      }),
      { numRuns: 1500 },
    );
  });

  test("keeps the length of arbitrary text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (source) => {
        expect(rewriteKernelC(source).text.length).toBe(source.length);
      }),
      { numRuns: 1000 },
    );
  });

  test("keeps a line that ends in CR LF", () => {
    const source = sample.replace(/\n/g, "\r\n");
    expect(rewriteKernelC(source).text.replace(/\r\n/g, "\n").replace(/ +$/gm, "")).toBe(rewriteKernelC(sample).text.replace(/ +$/gm, ""));
  });

  test("notes stand on the original text", () => {
    const { notes } = rewriteKernelC(sample);
    const texts = notes.map(({ kind, start, end }) => `${kind} ${sample.slice(start, end)}`);
    expect(texts).toContain("attribute __rcu");
    expect(texts).toContain("attribute __must_hold(&lock)");
    expect(texts).toContain("attribute __free(kfree)");
    expect(texts).toContain("loop list_for_each_entry_rcu(p, &foos, list, lockdep_is_held(&lock))");
    expect(texts).toContain("guard scoped_guard(spinlock_irqsave, &lock)");
    expect(texts).toContain("type-argument unsigned int");
    expect(texts).toContain("head SYSCALL_DEFINE2(read, unsigned int, fd, char __user *, buf)");
    expect(texts).toContain("top-level-call module_init(foo_init)");
  });

  test("an own define is an attribute or a loop from then on", () => {
    const source = "#define MY_ATTR __attribute__((unused))\n#define all_of(p) for (p = h; p; p = p->n)\nstatic MY_ATTR foo_t x;\nvoid f(void)\n{\n\tall_of(p)\n\tg(p);\n}\n";
    const kinds = rewriteKernelC(source).notes.map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds).toContain("attribute MY_ATTR");
    expect(kinds).toContain("loop all_of");
  });

  test("takes time in proportion to the length, brackets or not", () => {
    for (const piece of ["(", "{", "[", "#if X\n", "a(", "({", "if (x) {", "struct a {", "enum a {", "typeof(x) ", "f(x)\n", "a = ", "/*", '"', "case 1 ... ", "a b c d ", "#if X\na\n#else\n"]) {
      const source = piece.repeat(20_000);
      const start = performance.now();
      expect(rewriteKernelC(source).text.length).toBe(source.length);
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});
