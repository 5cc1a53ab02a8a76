import fc from "fast-check";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import type { TranslationUnit } from "./c-syntax.ts";
import { createParser, sourceLengthMax } from "./parser.ts";
import type { CParser } from "./parser.ts";
import { printStatement } from "./print-syntax.ts";

let parser: CParser;
beforeAll(async () => {
  const { resolve } = createRequire(import.meta.url);
  parser = await createParser({
    runtimeWasm: readFileSync(resolve("web-tree-sitter/web-tree-sitter.wasm")),
    grammarWasm: readFileSync(resolve("tree-sitter-c/tree-sitter-c.wasm")),
  });
});

function unitOf(source: string): TranslationUnit {
  const outcome = parser.parse(source);
  if (outcome.kind === "refused") throw new Error(outcome.reason);
  return outcome.unit;
}

const driver = `// SPDX-License-Identifier: GPL-2.0
#include <linux/rculist.h>
#include "foo.h"
#define FOO_MAX 3
#define foo_get(f, n) \\
	((f)->get(n))

EXPORT_SYMBOL_GPL(foo_first);

/**
 * foo_find - look up a foo
 * Context: Caller holds rcu_read_lock().
 */
static __maybe_unused struct foo *foo_find(struct list_head *head, u32 id) __must_hold(RCU)
{
	struct foo *foo;

	list_for_each_entry_rcu(foo, &head->list, node) {
		if (foo->id == id)
			return foo;
	}
	return NULL;
}

static const struct foo_ops ops = {
	.find = foo_find,
};
`;

describe("a parsed file", () => {
  test("every span is the original text of what it names", () => {
    const unit = unitOf(driver);
    const slice = ({ start, end }: { start: number; end: number }) => driver.slice(start, end);
    const fn = unit.functions[0]!;
    expect(slice(fn)).toMatch(/^__maybe_unused[^]*\}$|^static __maybe_unused[^]*\}$/);
    expect(slice(fn.nameSpan)).toBe("foo_find");
    expect(fn.attributes.map(slice)).toEqual(["__maybe_unused", "__must_hold(RCU)"]);
    expect(fn.comment).toContain("Context: Caller holds rcu_read_lock().");
    const loop = fn.body.body[1]!;
    expect(slice(loop)).toMatch(/^list_for_each_entry_rcu[^]*\}$/);
    if (loop.kind !== "macro-loop") throw new Error(loop.kind);
    expect(slice(loop.headSpan)).toBe("list_for_each_entry_rcu(foo, &head->list, node)");
    expect(loop.args.map(slice)).toEqual(["foo", "&head->list", "node"]);
    expect(slice(unit.globals[0]!.declarator.nameSpan)).toBe("ops");
    expect(unit.includes.map(slice)).toEqual(["#include <linux/rculist.h>", '#include "foo.h"']);
    expect(unit.includes.map(({ path, system }) => [path, system])).toEqual([["linux/rculist.h", true], ["foo.h", false]]);
    expect(unit.macros.map(({ name, parameters, body }) => [name, parameters, body.trim()])).toEqual([
      ["FOO_MAX", undefined, "3"],
      ["foo_get", ["f", "n"], "((f)->get(n))"],
    ]);
    expect(unit.topLevelCalls.map(slice)).toEqual(["EXPORT_SYMBOL_GPL(foo_first)"]);
    expect(unit.notAnalysed).toEqual([]);
  });

  test("a comment that does not touch the function is not its comment", () => {
    expect(unitOf("/* a */\n\nint f(void)\n{\n}\n").functions[0]!.comment).toBe("");
    expect(unitOf("/**\n *\tf - a\n */\n\nint f(void)\n{\n}\n").functions[0]!.comment).toBe("/**\n *\tf - a\n */");
    expect(unitOf("/**\n * g() - a\n */\n\nint f(void)\n{\n}\n").functions[0]!.comment).toBe("");
    expect(unitOf("// a\n// b\nint f(void)\n{\n}\n").functions[0]!.comment).toBe("// a\n// b");
  });

  test("line ends of CR LF change nothing but offsets", () => {
    const source = driver.replace(/\n/g, "\r\n");
    expect(printStatement(unitOf(source).functions[0]!.body)).toBe(printStatement(unitOf(driver).functions[0]!.body));
  });
});

describe("an #if group", () => {
  const bodyOf = (source: string) => printStatement(unitOf(`void f(void)\n{\n${source}\n}\n`).functions[0]!.body);

  test.each([
    ["#if 0\na();\n#else\nb();\n#endif", "{ b(); }"],
    ["#if 0\na();\n#endif\nb();", "{ b(); }"],
    ["#ifdef A\nif (x) {\n#else\nif (y) {\n#endif\na(); }", "{ if (x) { a(); } }"],
    ["#ifdef A\nif (x) {\n#endif\na();\n#ifdef A\n}\n#endif", "{ if (x) { a(); } }"],
    ["#ifdef A\nif (x) {\n#endif\na();\n#ifndef A\nb();\n#else\n}\n#endif", "{ if (x) { a(); } }"],
    ["g(1,\n#ifdef A\n2\n#else\n3\n#endif\n);", "{ g(1, 2); }"],
    ["if (x)\n#ifdef A\na();\n#else\nb();\n#endif\nc();", "{ if (x) a(); c(); }"],
    ["if (x) a();\n#ifdef A\nelse b();\n#endif\nc();", "{ if (x) a(); else b(); c(); }"],
    ["#ifdef A\nif (x) a();\n#else\nif (y) b();\n#endif\nelse c();", "{ if (x) a(); else c(); }"],
    ["do { a(); }\n#ifdef A\nwhile (x);\n#else\nwhile (y);\n#endif", "{ do { a(); } while (x); }"],
    ["switch (x) {\n#ifdef A\ncase 1: a();\n#else\ncase 2: b();\n#endif\n}", "{ switch (x) { case 1: a(); } }"],
    ["goto out;\n#ifdef A\nout: a();\n#else\nb();\n#endif", "{ goto out; out: a(); }"],
    ["y = x ? 1 :\n#ifdef A\n2;\n#else\n3;\n#endif", "{ y = (x ? 1 : 2); }"],
    ["#ifdef A\na();\n#else\nb();\n#endif\ng(1\n#ifdef A\n, 2\n#endif\n);", "{ a(); g(1, 2); }"],
    ["#ifdef A\na();\n", "{ a(); }"],
  ])("in a function keeps one arm: %j", (source, expected) => {
    expect(bodyOf(source)).toBe(expected);
  });

  test.each([
    ["#ifdef A\na();\n#else\nb();\n#endif", "{ #{ A: a(); | else: b(); } }"],
    ["#ifndef A\na();\n#endif\nb();", "{ #{ !A: a(); } b(); }"],
    ["#if A\na();\n#elif defined(B)\nb();\n#else\nc();\n#endif\nd();", "{ #{ A: a(); | B: b(); | else: c(); } d(); }"],
    ["#if !IS_ENABLED(CONFIG_A) /* why */\na();\n#endif", "{ #{ !CONFIG_A: a(); } }"],
    ["#ifdef A\n#ifdef B\na();\n#else\nb();\n#endif\n#else\nc();\n#endif", "{ #{ A: #{ B: a(); | else: b(); } | else: c(); } }"],
    ["#if 0\na();\n#elif B\nb();\n#endif", "{ #{ B: b(); } }"],
    ["if (x) {\n\ta();\n}\n#ifdef A\nwhile (y) b();\n#endif", "{ if (x) { a(); } #{ A: while (y) b(); } }"],
    ["switch (x) {\ncase 1:\n#ifdef A\na();\n#else\nb();\n#endif\nbreak;\ndefault:\n#ifdef A\nc();\n#endif\n}", "{ switch (x) { case 1: #{ A: a(); | else: b(); } break; default: #{ A: c(); } } }"],
    ["out:\n#ifdef A\na();\n#endif\nb();", "{ out: #{ A: a(); } b(); }"],
    ["x = ({ int y = 1;\n#ifdef A\ny = 2;\n#endif\ny; });", "{ x = ({ int y = 1; #{ A: y = 2; } y; }); }"],
    ["#ifdef A\nint x = 1;\n#else\nlong x = 2;\n#endif\ng(x);", "{ #{ A: int x = 1; | else: long x = 2; } g(x); }"],
    ["#ifdef A\nlist_for_each_entry(p, &h, n) a();\n#endif", "{ #{ A: loop list_for_each_entry(p, &h, n) a(); } }"],
    ["#ifdef A\n#endif\nb();", "{ #{ A:  } b(); }"],
  ])("of whole statements keeps every arm: %j", (source, expected) => {
    expect(bodyOf(source)).toBe(expected);
    expect(unitOf(`void f(void)\n{\n${source}\n}\n`).notAnalysed).toEqual([]);
  });

  test("tells which code was not followed, and whether it does something", () => {
    const source = "void f(void)\n{\ng(1\n#ifdef A\n, b()\n#else\n, c()\n#endif\n);\nif (x\n#ifndef B\n&& y\n#else\n&& z\n#endif\n) d();\n#if 0\nd();\n#endif\n}\n";
    expect(unitOf(source).skippedArms?.map(({ start, end, directive, acts }) => [source.slice(start, end), directive, acts])).toEqual([[", c()", "#else", true], ["&& z", "#else", false], ["d();", "#if 0", false]]);
  });

  test("that defines a function twice says so", () => {
    const source = "#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 0; }\n#endif\n";
    expect(unitOf(source).otherDefinitions?.map(({ start, end, name }) => [name, source.slice(start, end)])).toEqual([["f", "int f(void) { return 0; }"]]);
  });

  test("at file scope keeps every function, and the first of two with one name", () => {
    const unit = unitOf("#ifdef A\nint f(void) { return 1; }\nint g(void) { }\n#else\nint f(void) { return 2; }\nint h(void) { }\n#endif\n");
    expect(unit.functions.map(({ name, body }) => `${name} ${printStatement(body)}`)).toEqual(["f { return 1; }", "g {}", "h {}"]);
  });

  test("around a function's head keeps one head", () => {
    const unit = unitOf("#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n\treturn 1;\n}\nint g(void) { }\n");
    expect(unit.functions.map(({ name }) => name)).toEqual(["f", "g"]);
    expect(unit.notAnalysed).toEqual([]);
  });

  test("among fields and entries keeps all arms", () => {
    const unit = unitOf("struct s {\n#ifdef A\nint a;\n#else\nint b;\n#endif\n};\nstruct o o = {\n#ifdef A\n.a = f,\n#endif\n.b = g,\n};\n");
    expect(unit.structs[0]!.fields.map(({ name }) => name)).toEqual(["a", "b"]);
    const init = unit.globals[0]!.declarator.init;
    expect(init?.kind === "initializer" ? init.entries.map(({ designator }) => designator) : []).toEqual(["a", "b"]);
  });
});

describe("a bad input", () => {
  test("an empty file is parsed and holds nothing", () => {
    expect(unitOf("")).toMatchObject({ functions: [], structs: [], globals: [], notAnalysed: [] });
    expect(unitOf("\n \n/* only a comment */\n").functions).toEqual([]);
  });

  const fn = (name: string): string => `int ${name}(void)\n{\n\treturn 1;\n}\n\n`;

  test.each([
    ["a macro whose parenthesis closes behind functions", `${fn("a")}ROWS(x,\n${fn("b")}${fn("c")});\n${fn("d")}`, ["a", "d"], { line: 6, endLine: 17, reason: "inside the arguments of ROWS" }],
    ["a macro whose parenthesis never closes", `${fn("a")}ROWS(x,\n\n${fn("b")}${fn("c")}`, ["a", "c"], { line: 6, endLine: 8, reason: "a `(` has no partner" }],
    ["a comment without an end", `${fn("a")}/* why\n${fn("b")}`, ["a"], { line: 6, endLine: 11, reason: "a comment has no end" }],
    ["a comment without an end in a directive", `${fn("a")}#define X /* why\n${fn("b")}`, ["a"], { line: 6, endLine: 11, reason: "a comment has no end" }],
    ["an #if without #endif", `${fn("a")}#ifdef X\n${fn("b")}`, ["a", "b"], { line: 6, endLine: 6, reason: "an `#ifdef` has no `#endif`" }],
    ["a string without an end", `${fn("a")}char *s = "abc;\n${fn("b")}${fn("c")}`, ["a", "b", "c"], { line: 6, endLine: 6, reason: "the parser could not read this" }],
  ] as const)("%s is stated with its lines", (_, source, names, region) => {
    const unit = unitOf(source);
    expect(unit.functions.map(({ name }) => name)).toEqual(names);
    expect(unit.notAnalysed[0]).toEqual(region);
  });

  test("a generated header of eight million characters is parsed, and a longer one refused", () => {
    const line = "#define regSOME_LONG_REGISTER_NAME_BASE_IDX 5\n";
    const header = line.repeat(Math.floor(sourceLengthMax / line.length));
    expect(unitOf(header).macros.length).toBe(header.length / line.length);
    expect(parser.parse(header + line.repeat(50_000)).kind).toBe("refused");
  });

  test("marks of comments in strings and comments are none", () => {
    for (const end of ["char *s = \"/*\";\n", "// see /* there\n", "/* a /* b */\n", "#define X \"/*\"\n", "/* */ // /*"]) expect(unitOf(fn("a") + end).notAnalysed).toEqual([]);
  });

  test("NUL bytes are refused", () => {
    expect(parser.parse("int a;\0\0")).toEqual({ kind: "refused", reason: "the file holds NUL bytes and is no text" });
  });

  test("a file above the limit is refused at once and says the limit", () => {
    const outcome = parser.parse("a".repeat(20 * 1024 * 1024));
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(outcome.kind === "refused" && outcome.reason).toContain(String(sourceLengthMax / (1024 * 1024)));
  });

  test("an unclosed brace loses no other function", () => {
    const unit = unitOf("int a(void)\n{\n\treturn 1;\n}\nint b(void)\n{\n\tif (x) {\n\t\tf();\n\treturn 2;\n}\nint c(void)\n{\n\treturn 3;\n}\n");
    expect(unit.functions.map(({ name, hasError }) => [name, hasError])).toEqual([["a", false], ["b", true], ["c", false]]);
    expect(unit.notAnalysed).toEqual([{ line: 5, endLine: 10, reason: "in b: a `{` has no partner" }]);
  });

  test("a surplus brace loses no other function", () => {
    const unit = unitOf("int a(void)\n{\n\tf();\n\t}\n\treturn 1;\n}\nint b(void)\n{\n}\n");
    expect(unit.functions.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(unit.notAnalysed.length).toBeGreaterThan(0);
  });

  test("code that is no C is reported by line and leaves its neighbours alone", () => {
    const unit = unitOf("int a(void)\n{\n\treturn 1;\n}\n\nint b(void)\n{\n\tx = = 3 +;\n\treturn 2;\n}\n");
    expect(unit.functions.map(({ name, hasError }) => [name, hasError])).toEqual([["a", false], ["b", true]]);
    expect(unit.notAnalysed[0]).toMatchObject({ line: 8, reason: "in b: the parser could not read this" });
  });

  test.each(["(", "{", "[", "if (x) ", "a ? ", "-", "a + ", "*", "struct a { ", "f(", "({ ", "do ", "else if (x) ", "#if X\n", "a, ", "x->", "case 1: "])("20,000 times %j is bounded", (piece) => {
    const start = performance.now();
    const outcome = parser.parse(`int f(void)\n{\n\tx = ${piece.repeat(20_000)};\n}\n`);
    expect(["parsed", "refused"]).toContain(outcome.kind);
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(parser.isDamaged()).toBe(false);
  });

  test("50,000 nested parentheses are parsed, and the depth is named", () => {
    const unit = unitOf(`int f(void)\n{\n\treturn ${"(".repeat(50_000)}1${")".repeat(50_000)};\n}\nint g(void)\n{\n}\n`);
    expect(unit.functions.map(({ name }) => name)).toEqual(["f", "g"]);
    expect(unit.notAnalysed[0]?.reason).toBe("in f: nested too deeply to be followed");
  });

  test("lone surrogates and characters beyond ASCII are text", () => {
    expect(unitOf("int f(void) { return g(\"\ud800 é 漢\"); }\n").functions[0]!.body.body).toHaveLength(1);
    expect(unitOf("int é;\nint b;\n").notAnalysed).toEqual([]);
    expect(unitOf('\ufeff#include "a.h"\nint b;\n').includes).toHaveLength(1);
  });

  test("a stopped parse is refused, and the next one is whole", () => {
    const long = "int f(void) { return 1 + 2; }\n".repeat(20_000);
    expect(parser.parse(long, { shouldStop: () => true })).toEqual({ kind: "refused", reason: "the parse was stopped" });
    expect(unitOf(driver).functions).toHaveLength(1);
  });

  test("no mutation of a driver throws, and spans stay inside the text", () => {
    fc.assert(
      fc.property(fc.nat(driver.length), fc.nat(60), fc.constantFrom("", "{", "}", "(", ")", '"', "/*", "#if X\n", "#else\n", ";", "struct ", "=", ","), (at, removed, inserted) => {
        const source = driver.slice(0, at) + inserted + driver.slice(at + removed);
        for (const { start, end } of unitOf(source).functions) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(source.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
