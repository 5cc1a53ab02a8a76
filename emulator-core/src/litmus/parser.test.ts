import { describe, expect, test } from "vitest";
import type { Program } from "../program.ts";
import { parseLitmus } from "./parser.ts";

function parsed(text: string): Program {
  const result = parseLitmus(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.program;
}

function body(statements: string, parameters = "int *x, int *y, atomic_t *v"): Program["threads"][number]["body"] {
  return parsed(`C t\n{ }\nP0(${parameters})\n{\n${statements}\n}\nexists (x=1)\n`).threads[0]!.body;
}

function errorOf(text: string): { readonly line: number; readonly column: number; readonly message: string } {
  const result = parseLitmus(text);
  if (result.ok) throw new Error("parsed");
  return result.errors[0]!;
}

test("a parenthesis and a star in a body are no comment", () => {
  expect(body("WRITE_ONCE(*x, 1); int r = xchg((x), 2); /* (* */ r = (*x);")).toMatchObject([
    { kind: "store", tag: "once" },
    { kind: "assign", register: "r", value: { kind: "rmw", order: "mb" } },
    { kind: "assign", register: "r", value: { kind: "load", tag: "plain" } },
  ]);
});

test("init values, arrays, addresses, registers", () => {
  const program = parsed(
    'C t\n"a quoted { line"\nCom=Rf Fr\n(* Result: Never DATARACE *)\n{ int x=-1; int *p=&x; q=x; atomic_t v = ATOMIC_INIT(2); spinlock_t l; int a[3]={1,2}; 0:r1=x; [z]=4; }\nP0(int *x) { }\nexists (true)',
  );
  expect(program.expected).toBe("Never DATARACE");
  expect(program.initialRegisters).toEqual([{ thread: 0, register: "r1", value: { kind: "address", location: "x", offset: 0 } }]);
  expect(program.globals.map((g) => [g.name, g.type, g.words.length])).toEqual([
    ["x", "int", 1], ["p", "int *", 1], ["q", undefined, 1], ["v", "atomic_t", 1], ["l", "spinlock_t", 1], ["a", "int", 3], ["z", undefined, 1],
  ]);
});

test("casts are dropped, offsets are addresses, precedence is C's", () => {
  expect(body("int r; r = READ_ONCE(*(int *)x); *(x + 4) = r & 1 == 0;")).toMatchObject([
    { kind: "assign", value: { kind: "load", tag: "once", address: { kind: "address", location: "x", offset: 0 } } },
    { kind: "store", address: { kind: "address", location: "x", offset: 4 }, value: { kind: "binary", operator: "&", right: { operator: "==" } } },
  ]);
});

test("smp_store_mb is a store and a fence", () => {
  expect(body("smp_store_mb(*x, 1);").map((i) => i.kind)).toEqual(["store", "fence"]);
});

test("the condition: precedence of ~, /\\, \\/, =>", () => {
  const { condition, locations, filter } = parsed("C t\n{ }\nP0(int *x) { }\nlocations [0:r1; x;]\nfilter (x=1)\nexists (~x=1 /\\ 0:r1=x \\/ 0:r2=0:r1 => false)");
  expect(locations).toHaveLength(2);
  expect(filter).toMatchObject({ kind: "equals" });
  expect(condition).toMatchObject({ kind: "implies", left: { kind: "or", left: { kind: "and", left: { kind: "not" } } }, right: { kind: "false" } });
});

describe("bad input is an error with line and column", () => {
  test.each([
    ["C t\n{ x=1 }\nP0(int *x)\n{\n\tr = foo(*x);\n}\nexists (x=1)", 5, 6, "unknown macro `foo`"],
    ["C t\n{ }\nP0(int *x)\n{\n\tr = READ_ONCE(*x)\n}\nexists (x=1)", 6, 1, "found `}`, expected `;`"],
    ["C t\n{ }\nP1(int *x)\n{ }\nexists (x=1)", 3, 1, "`P0`"],
    ["C t\n{ x=99999999999999999999999999; }\nP0() { }\nexists (x=1)", 2, 5, "too large"],
    ["C t\n{ }\nP0(int *x) { xchg(x); }\nexists (x=1)", 3, 18, "takes 2 arguments"],
    ["C t\n{", 2, 2, "found end of file"],
    ["C t\n(* open", 2, 1, "not closed"],
    ["", 1, 1, "expected `C`"],
  ])("%j", (text, line, column, message) => {
    const error = errorOf(text);
    expect(error.message).toContain(message);
    expect([error.line, error.column]).toEqual([line, column]);
  });
});

test("another dialect is refused by name", () => {
  expect(parseLitmus("AArch64 MP\n{ }\n")).toMatchObject({ ok: false, refused: true });
  expect(errorOf("PPC MP\n{ }\n").message).toContain("`PPC`");
});

test("nesting is limited, not the stack", () => {
  for (const [open, close] of [["(", ")"], ["*", ""], ["READ_ONCE(*", ")"], ["- ", ""]] as const) {
    const deep = open.repeat(10_000) + "x" + close.repeat(10_000);
    expect(errorOf(`C t\n{ }\nP0(int *x) { int r; r = ${deep}; }\nexists (x=1)`).message).toContain("nested deeper");
  }
  expect(errorOf(`C t\n{ }\nP0(int *x) { ${"{".repeat(10_000)} }\nexists (x=1)`).message).toContain("nested deeper");
  expect(errorOf(`C t\n{ }\nP0(int *x) { }\nexists (${"(".repeat(10_000)}x=1)`).message).toContain("nested deeper");
  expect(errorOf(`C t\n{ }\nP0(int *x) { }\nexists (${"~".repeat(10_000)}x=1)`).message).toContain("nested deeper");
});

test("long chains are limited too: they would nest the tree", () => {
  expect(errorOf(`C t\n{ }\nP0(int *x) { int r; r = ${"1 + ".repeat(10_000)} 1; }\nexists (x=1)`).message).toContain("operands");
  expect(errorOf(`C t\n{ }\nP0(int *x) { }\nexists (${"x=1 /\\ ".repeat(10_000)} x=1)`).message).toContain("operands");
});

test("every truncation of a file ends in a program or an error", () => {
  const text = "C t\n(* c *)\n{ int x=1; a[2]={1,2}; 0:r1=x; }\nP0(int *x)\n{\n\tint r0 = 1;\n\tif (r0 == 1) { *x = (int)r0; } else while (r0) r0 = xchg(x, 2);\n}\nlocations [x;]\nexists (0:r0=1 /\\ ~x=2)\n";
  for (let end = 0; end < text.length; end++) parseLitmus(text.slice(0, end));
  for (let at = 0; at < text.length; at++) for (const c of "({*;=\"~\0é") parseLitmus(text.slice(0, at) + c + text.slice(at + 1));
});
