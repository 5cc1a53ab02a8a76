import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import { mutantOf, seededRandom } from "../test-support/mutants.ts";
import { openNativeGrammar } from "./native-grammar.ts";
import type { NativeGrammar } from "./native-grammar.ts";
import { createParser } from "./parser.ts";
import type { CParser, ParseOutcome } from "./parser.ts";

const require = createRequire(import.meta.url);

function opened(): NativeGrammar | string {
  try {
    return openNativeGrammar(require);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const grammar = opened();
if (typeof grammar === "string") console.log(`skipped: the native parser does not load (${grammar})`);

let byWasm: CParser;
let byNative: CParser;
const asked: boolean[] = [];
beforeAll(async () => {
  const bytes = { runtimeWasm: readFileSync(require.resolve("web-tree-sitter/web-tree-sitter.wasm")), grammarWasm: readFileSync(require.resolve("tree-sitter-c/tree-sitter-c.wasm")) };
  byWasm = await createParser(bytes);
  byNative = await createParser(bytes, {
    treeOf(text) {
      const tree = typeof grammar === "string" ? undefined : grammar.treeOf(text);
      asked.push(tree !== undefined);
      return tree;
    },
  });
});

const sample = `#include <linux/slab.h>
struct a { int x; struct list_head l; };
static int f(struct a *p)
{
	list_for_each_entry_rcu(p, &h, l)
		g(p->x ? "é 漢" : 0);
	guard(rcu)();
	return -EINVAL;
}
`;

const alike = (source: string): ParseOutcome => {
  const outcome = byNative.parse(source);
  expect(outcome).toEqual(byWasm.parse(source));
  return outcome;
};

describe.skipIf(typeof grammar === "string")("the native grammar", () => {
  test("gives the same unit", () => {
    const outcome = alike(sample);
    expect(outcome.kind === "parsed" && outcome.unit.functions.map(({ name }) => name)).toEqual(["f"]);
    expect(asked.at(-1)).toBe(true);
  });

  test("gives the same unit of longer and of broken texts", () => {
    const long = sample.repeat(200);
    expect(long.length).toBeGreaterThan(2 * 16_384);
    alike(long);
    const random = seededRandom(7);
    for (let round = 0; round < 300; round++) alike(mutantOf(sample.repeat(3), random));
  });

  test("refuses what the other refuses, in the same words", () => {
    expect(alike("int a;\0").kind).toBe("refused");
    expect(alike("a".repeat(9 * 1024 * 1024)).kind).toBe("refused");
  });

  test.each(["(", "{", "[", "if (x) ", "a ? ", "-", "a + ", "*", "struct a { ", "f(", "({ ", "do ", "#if X\n", "x->", "case 1: ", "(int)", "if (x) y; else "])("10,000 times %j ends nothing", (piece) => {
    expect(alike(`int f(void)\n{\n\tx = ${piece.repeat(10_000)};\n}\n`).kind).toBe("parsed");
  });

  test("50,000 parentheses, and as many operators that bring none, end nothing", () => {
    for (const [open, close] of [["(", ")"], ["-", ""], ["x->", ""]] as const) alike(`int f(void)\n{\n\tx = ${open.repeat(50_000)}y${close.repeat(50_000)};\n}\n`);
  });

  test("a text with very deep brackets is not its business", () => {
    if (typeof grammar === "string") return;
    expect(grammar.treeOf("(".repeat(50_000))).toBeUndefined();
    expect(grammar.treeOf("int a;")?.count).toBeGreaterThan(3);
  });

  test("nor is one with a mistake: what is made of it differs between releases", () => {
    if (typeof grammar === "string") return;
    expect(grammar.treeOf("int f(void) { x = = 3; }")).toBeUndefined();
    expect(grammar.treeOf("int f(void) { x = 3 }")).toBeUndefined();
  });

  test("counts what it parsed", () => {
    if (typeof grammar === "string") return;
    const before = grammar.parsedLength();
    grammar.treeOf("int a;");
    expect(grammar.parsedLength()).toBe(before + 6);
  });

  test("a parse that may be stopped goes to the other", () => {
    const count = asked.length;
    expect(byNative.parse(sample, { shouldStop: () => false }).kind).toBe("parsed");
    expect(asked).toHaveLength(count);
  });
});

describe("packages that do not load", () => {
  test("are named by what keeps them", () => {
    expect(() => openNativeGrammar((name) => { throw new Error(`no ${name}`); })).toThrow("no tree-sitter");
  });
});
