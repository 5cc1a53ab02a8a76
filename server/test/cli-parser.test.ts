// --parser: the native parser is an option of the command line that changes no answer, and whose absence breaks nothing.

import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../src/protocol/index.ts";
import { openNativeGrammar } from "../src/syntax/native-grammar.ts";
import { cliPath, complaints, expectOneComplaint, type Workspace, workspace } from "./cli-harness.ts";
import { hazardousDriver } from "./cli-samples.ts";

const dist = dirname(cliPath);
const deep = `int deep(void)\n{\n\treturn ${"(".repeat(50_000)}1${")".repeat(50_000)};\n}\n`;

let here: Workspace;
beforeAll(() => {
  here = workspace({ "good.c": hazardousDriver, "deep.c": deep });
});
afterAll(() => here.remove());

const problem = ((): string | undefined => {
  try {
    openNativeGrammar(createRequire(import.meta.url));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
})();
if (problem !== undefined) console.log(`skipped: the native parser does not load (${problem})`);

const timeless = (text: string): unknown => {
  const report = JSON.parse(text) as Report;
  return { ...report, stats: { ...report.stats, wallMs: 0 } };
};

describe.skipIf(problem !== undefined)("--parser native", () => {
  it("answers check as wasm does, deep files included", () => {
    const [native, wasm] = ["native", "wasm"].map((parser) => here.run("check", "--format", "json", "--parser", parser, "."));
    expect(timeless(native!.out)).toEqual(timeless(wasm!.out));
    expect((JSON.parse(native!.out) as Report).findings.length).toBeGreaterThan(0);
    expect(complaints(native!)).toEqual(complaints(wasm!));
    expect(native!.status).toBe(1);
  });

  it.each([["facts", "good.c"], ["facts", "deep.c"], ["emulate", "good.c:sample_detach"]])("answers %s %s as wasm does", (command, target) => {
    const [native, wasm] = ["native", "wasm"].map((parser) => here.run(command, target, "--format", "json", "--parser", parser));
    expect(native).toEqual(wasm);
    expect(native!.status).toBe(0);
  });
});

describe("where the native parser does not load", () => {
  it("one line says so, and the answer is the same", () => {
    // Beside no node_modules its packages cannot be found.
    const bare = workspace({ "good.c": hazardousDriver });
    cpSync(dist, join(bare.folder, "dist"), { recursive: true });
    const run = (...args: string[]) => spawnSync(process.execPath, [join(bare.folder, "dist/cli.cjs"), ...args], { cwd: bare.folder, encoding: "utf8" });
    const [native, wasm] = ["native", "wasm"].map((parser) => run("check", "good.c", "--format", "json", "--parser", parser));
    const facts = run("facts", "good.c", "--parser", "native");
    bare.remove();
    const said = native!.stderr.split("\n").filter((line) => line.startsWith("quiesce: "));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^quiesce: the native parser does not load, so the WebAssembly one is used \(Cannot find module 'tree-sitter'\)$/);
    expect(timeless(native!.stdout)).toEqual(timeless(wasm!.stdout));
    expect([native!.status, wasm!.status, facts.status]).toEqual([1, 1, 0]);
    expect(facts.stderr).toContain("the native parser does not load");
  });
});

describe("who may choose", () => {
  it("another name is refused", () => {
    expectOneComplaint(here.run("check", "--parser", "clang", "good.c"), /Allowed choices are wasm, native\./);
  });

  it("without the option nothing is said of it", () => {
    expect(complaints(here.run("check", "good.c"))).toEqual([]);
  });

  it("the language server and the web know nothing of it", () => {
    for (const bundle of ["server.cjs", "review-worker.cjs", "server.web.js", "client.cjs", "client.web.js"]) {
      expect(readFileSync(join(dist, bundle), "utf8"), bundle).not.toMatch(/["']tree-sitter(-c)?["']/);
    }
  });
});
