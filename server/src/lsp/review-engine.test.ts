import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Tree } from "web-tree-sitter";
import { createParser } from "../syntax/parser.ts";
import { ReviewEngine } from "./review-engine.ts";
import type { Answer, Question } from "./review-messages.ts";

const require = createRequire(import.meta.url);
const driver = readFileSync(new URL("../../../examples/riscv-bond.c", import.meta.url), "utf8");

const openParser = (): ReturnType<typeof createParser> =>
  createParser({
    runtimeWasm: readFileSync(join(dirname(require.resolve("web-tree-sitter")), "web-tree-sitter.wasm")),
    grammarWasm: readFileSync(join(dirname(require.resolve("tree-sitter-c/package.json")), "tree-sitter-c.wasm")),
  });

const engineOf = (shouldStop = (): boolean => false): ReviewEngine => new ReviewEngine({ openParser, readText: () => undefined, shouldStop });

async function answers(engine: ReviewEngine, text: string, uri = "file:///w/a.c"): Promise<readonly Answer[]> {
  const all: Answer[] = [];
  const question: Question = { kind: "review", uri, text, folder: "file:///w", kernel: null, open: [], rules: "all", emulate: false };
  await engine.answer(question, (answer) => all.push(answer));
  return all;
}

afterEach(() => { vi.restoreAllMocks(); });

test("a text that is typed in is reviewed as if it were read for the first time", async () => {
  const engine = engineOf();
  for (const text of [driver, `\n\n${driver}`, driver.replace("kfree", "kfreee"), driver.replace("{", "{{"), driver]) expect(await answers(engine, text)).toEqual(await answers(engineOf(), text));
});

test("trees are deleted when too many documents were asked about", async () => {
  const engine = engineOf();
  await answers(engine, driver);
  const remove = vi.spyOn(Tree.prototype, "delete");
  for (let i = 1; i <= 5; i++) await answers(engine, driver, `file:///w/${String(i)}.c`);
  expect(remove.mock.calls.length).toBe(0);
  for (let i = 6; i <= 8; i++) await answers(engine, driver, `file:///w/${String(i)}.c`);
  expect(remove.mock.calls.length).toBe(3);
});

test("after a failure of the wasm module the thread is spent, and a new one answers", async () => {
  const engine = engineOf();
  const before = await answers(engine, driver);
  vi.spyOn(Tree.prototype, "copy").mockImplementation(() => { throw new Error("memory access out of bounds"); });
  expect(await answers(engine, `${driver}\n`)).toEqual([{ kind: "failed", message: "the parser failed (memory access out of bounds)", isThreadSpent: true }]);
  vi.restoreAllMocks();
  expect(await answers(engine, driver)).toMatchObject([{ kind: "failed", isThreadSpent: true }]);
  expect(await answers(engineOf(), driver)).toEqual(before);
});

test("a question that was taken back while its text was parsed is answered rightly when it is asked again", async () => {
  let stop = false;
  const engine = engineOf(() => stop);
  await answers(engine, driver);
  const long = driver + "int f(void) { return 1 + 2; }\n".repeat(20_000);
  stop = true;
  expect(await answers(engine, long)).toMatchObject([{ kind: "failed", isThreadSpent: false }]);
  stop = false;
  expect(await answers(engine, `${driver} `)).toEqual(await answers(engineOf(), `${driver} `));
});
