/** Runs vscode-tmgrammar-test over the fixtures beside this file: carets under a line say which scopes it must have. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseGrammarTestCase, runGrammarTestCase } from "vscode-tmgrammar-test/dist/unit/index.js";
import { editorRegistry, type Registry } from "./grammars.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const fixtures = readdirSync(folder).filter((name) => /\.test\.(c|litmus)$/.test(name)).sort();
/** What the fixtures hold today, rounded down: a run that skips most of them is not a pass. */
const assertionsMin = 450;

type Outcome = { readonly assertions: number; readonly failures: readonly string[] };

async function run(registry: Registry, name: string, text: string): Promise<Outcome> {
  const testCase = parseGrammarTestCase(text);
  const wrong = await runGrammarTestCase(registry, testCase);
  const failures = wrong.map(({ line, start, end, missing, unexpected, actual }) => {
    const reasons = [...missing.map((scope) => `lacks ${scope}`), ...unexpected.map((scope) => `must not be ${scope}`)];
    return `${name}:${line + 1}: columns ${start}-${end} ${reasons.join(", ")}; is ${actual.join(" ") || "outside the line"}`;
  });
  let assertions = 0;
  for (const { sourceLineNumber, testCaseLineNumber, scopeAssertions } of testCase.assertions) {
    assertions += scopeAssertions.length;
    const length = testCase.source[sourceLineNumber]?.length ?? 0;
    // The tool passes over an assertion of absent scopes that stands right of its line.
    for (const { to } of scopeAssertions) if (to > length) failures.push(`${name}:${testCaseLineNumber + 1}: a caret stands right of the line`);
  }
  return { assertions, failures };
}

describe("grammar fixtures", () => {
  const registry = editorRegistry();

  it.each(fixtures)("%s", async (name) => {
    const text = readFileSync(`${folder}${name}`, "utf8");
    const { assertions, failures } = await run(registry, name, text);
    expect(failures).toEqual([]);
    expect(assertions).toBeGreaterThan(0);
  });

  it.each(fixtures.filter((name) => name.endsWith(".c")))("%s as C++, which VS Code takes for headers", async (name) => {
    const text = readFileSync(`${folder}${name}`, "utf8").replaceAll("source.c ", "source.cpp ").replace('"source.c"', '"source.cpp"');
    const { failures } = await run(registry, name, text);
    expect(failures).toEqual([]);
  });

  it("has run them all", async () => {
    const outcomes = await Promise.all(fixtures.map((name) => run(registry, name, readFileSync(`${folder}${name}`, "utf8"))));
    const assertions = outcomes.reduce((sum, outcome) => sum + outcome.assertions, 0);
    console.log(`${fixtures.length} grammar fixtures, ${assertions} assertions`);
    expect(assertions).toBeGreaterThanOrEqual(assertionsMin);
  });

  it("fails on a wrong scope, a scope that must not be, and a caret beside the line", async () => {
    const fixture = (assertion: string): string => ['# SYNTAX TEST "source.c" "planted"', " smp_mb();", assertion].join("\n");
    const failuresOf = async (assertion: string): Promise<readonly string[]> => (await run(registry, "planted", fixture(assertion))).failures;
    expect(await failuresOf("#^^^^^^ support.function.barrier.kernel.c")).toEqual([]);
    expect(await failuresOf("#^^^^^^ support.function.rcu.kernel.c")).toHaveLength(1);
    expect(await failuresOf("#^^^^^^ - support.function.barrier.kernel.c")).toHaveLength(1);
    expect(await failuresOf("#               ^^^ - support.function.rcu.kernel.c")).toHaveLength(1);
  });
});
