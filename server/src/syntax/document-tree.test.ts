import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Tree } from "web-tree-sitter";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { CDocument } from "./document-tree.ts";
import { originOf } from "./moved.ts";
import { createParser, type CParser } from "./parser.ts";
import { testParser } from "../test-support/review.ts";

const driver = readFileSync(new URL("../../../examples/riscv-bond.c", import.meta.url), "utf8");
const parser = await testParser();

function unitAfter(document: CDocument, source: string): unknown {
  const outcome = document.update(source);
  if (outcome.kind !== "parsed") throw new Error(outcome.reason);
  return outcome.unit;
}

function withDocument(use: (document: CDocument) => void): void {
  const document = parser.openDocument();
  try {
    use(document);
  } finally {
    document.dispose();
  }
}

afterEach(() => { vi.restoreAllMocks(); });

test("after every edit the unit is that of a fresh parse, damage of earlier edits included", () => {
  const inserted = fc.constantFrom("", "x", "7", " ", "\n", ";", "{", "}", "(", ")", '"', "/*", "*/", "#if X\n", "#endif\n", "struct s ", "=", "static int v;\n", "return ");
  const edits = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0, 0, 1, 7), inserted), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(edits, (list) => {
      withDocument((document) => {
        let source = driver;
        unitAfter(document, source);
        for (const [share, removed, text] of list) {
          const at = Math.floor(share * source.length);
          source = source.slice(0, at) + text + source.slice(at + removed);
          expect({ kind: "parsed", unit: unitAfter(document, source) }).toEqual(parser.parse(source));
        }
      });
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("a key in one function converts that one alone, and the others keep where they come from", () => {
  withDocument((document) => {
    const before = document.update(driver);
    const at = driver.lastIndexOf("return");
    const after = document.update(`${driver.slice(0, at)} ${driver.slice(at)}`);
    expect(document.madeCount).toBe(1);
    if (before.kind !== "parsed" || after.kind !== "parsed") throw new Error("refused");
    expect(after.unit.functions.filter((fn, index) => originOf(fn) !== originOf(before.unit.functions[index]!))).toHaveLength(1);
    const moved = document.update(`\n\n${driver}`);
    if (moved.kind !== "parsed") throw new Error("refused");
    expect(moved.unit.functions.map((fn) => fn.body.start)).toEqual(before.unit.functions.map((fn) => fn.body.start + 2));
  });
});

test("a key that changes how a far-off function is read converts that one, and nothing between", () => {
  const between = Array.from({ length: 5 }, (_, index) => `static int f${String(index)}(void)\n{\n\treturn ${String(index)};\n}\n`).join("\n");
  const source = `#define demo_mark __attribute__((used))\nint first;\n\n${between}\nstatic demo_mark int last(void)\n{\n\treturn 1;\n}\n\nint end;\n`;
  withDocument((document) => {
    unitAfter(document, source);
    const next = source.replace("demo_mark", "demo_mork!");
    expect({ kind: "parsed", unit: unitAfter(document, next) }).toEqual(parser.parse(next));
    // The item behind the directive, and the one that is marked.
    expect(document.madeCount).toBeLessThanOrEqual(2);
    expect({ kind: "parsed", unit: unitAfter(document, source) }).toEqual(parser.parse(source));
  });
});

test("units that were given out stay as they were", () => {
  withDocument((document) => {
    const first = unitAfter(document, driver);
    unitAfter(document, `int before;\n${driver}`);
    unitAfter(document, driver.replace("{", "{ x();"));
    expect({ kind: "parsed", unit: first }).toEqual(parser.parse(driver));
  });
});

test("a stopped update leaves the document at its text, and the next one is right", () => {
  const long = "int f(void) { return 1 + 2; }\n".repeat(20_000);
  withDocument((document) => {
    unitAfter(document, driver);
    expect(document.update(long, { shouldStop: () => true })).toEqual({ kind: "refused", reason: "the parse was stopped" });
    const next = driver.replace("return", "return 1 +");
    expect({ kind: "parsed", unit: unitAfter(document, next) }).toEqual(parser.parse(next));
    expect(document.update(`${next}\0`).kind).toBe("refused");
    expect({ kind: "parsed", unit: unitAfter(document, driver) }).toEqual(parser.parse(driver));
  });
});

test("a failure of the wasm module damages the parser and all its documents; a new one reads the text", async () => {
  const doomed = await freshParser();
  const document = doomed.openDocument();
  expect(document.update(driver).kind).toBe("parsed");
  vi.spyOn(Tree.prototype, "copy").mockImplementation(() => { throw new Error("memory access out of bounds"); });
  expect(document.update(`${driver} `)).toEqual({ kind: "refused", reason: "the parser failed (memory access out of bounds)" });
  expect([document.isDamaged(), doomed.isDamaged(), doomed.parse("int x;").kind]).toEqual([true, true, "refused"]);
  document.dispose();
  vi.restoreAllMocks();
  const again = (await freshParser()).openDocument();
  expect(again.update(driver)).toEqual(parser.parse(driver));
  again.dispose();
});

test("every tree is deleted: those before an update, those of a stopped one, and the last", () => {
  const copy = vi.spyOn(Tree.prototype, "copy");
  const remove = vi.spyOn(Tree.prototype, "delete");
  const document = parser.openDocument();
  document.update(driver);
  const updates = 5;
  for (let i = 0; i < updates; i++) document.update(driver.replace("return", `return ${String(i)} +`));
  // The first tree, and of each update but the last the copy and the tree.
  expect(remove.mock.calls.length).toBe(2 * updates);
  document.dispose();
  expect(remove.mock.calls.length).toBe(2 * updates + 1);
  expect(copy.mock.calls.length).toBe(updates);
});

async function freshParser(): Promise<CParser> {
  const require = createRequire(import.meta.url);
  return createParser({
    runtimeWasm: readFileSync(join(dirname(require.resolve("web-tree-sitter")), "web-tree-sitter.wasm")),
    grammarWasm: readFileSync(join(dirname(require.resolve("tree-sitter-c/package.json")), "tree-sitter-c.wasm")),
  });
}
