/**
 * emulator-core as others get it: packed, unpacked into an empty folder, imported by plain Node, type-checked by a
 * strict compiler without Node's types, and run where there is nothing but the language.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createContext, runInContext } from "node:vm";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "quiesce-core-"));
const installed = join(folder, "user/node_modules/quiesce-emulator-core");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  execFileSync(process.execPath, [join(root, "server/tasks/package-core.mjs"), join(folder, "package")], { cwd: folder });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, join(folder, "package")], { cwd: folder });
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, "quiesce-emulator-core-0.1.0.tgz"), "--strip-components=1", "-C", installed]);
});

const litmus = `C SB
{ }
P0(int *x, int *y) { int r0; WRITE_ONCE(*x, 1); r0 = READ_ONCE(*y); }
P1(int *x, int *y) { int r0; WRITE_ONCE(*y, 1); r0 = READ_ONCE(*x); }
exists (0:r0=0 /\\ 1:r0=0)`;

it("has no dependency and asks for nothing of Node", () => {
  const { dependencies, type, exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown>;
  expect({ dependencies, type, exports }).toEqual({ dependencies: undefined, type: "module", exports: { ".": { types: "./types/index.d.ts", default: "./index.js" } } });
  expect(readFileSync(join(installed, "index.js"), "utf8")).not.toMatch(/^\s*import |\brequire\(|"node:|\bprocess\.|\bBuffer\b|__dirname/m);
});

it("runs in plain Node from an empty folder, as its README says", () => {
  const code = (/```ts\n([^]*?)```/.exec(readFileSync(join(installed, "README.md"), "utf8"))?.[1] ?? "").replace("parsed.errors[0]!", "parsed.errors[0]");
  expect(code).toContain('from "quiesce-emulator-core"');
  writeFileSync(join(folder, "user/readme.mjs"), `${code}\nconsole.log(JSON.stringify([result.observation, result.states.length, result.witness.inversions.length, check(parsed.program, { model: "sc" }).observation]));\n`);
  const { stdout, stderr } = spawnSync(process.execPath, ["readme.mjs"], { cwd: join(folder, "user"), encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual(["Sometimes", 4, 1, "Never"]);
});

it("has types for a strict compiler that knows neither Node nor a browser", () => {
  const source = `import { check, parseLitmus, recognizeModel, type CheckResult, type Program } from "quiesce-emulator-core";
const parsed = parseLitmus("", { model: "lkmm-6.1" });
const program: Program | undefined = parsed.ok ? parsed.program : undefined;
export const result: CheckResult | undefined = program && check(program, { mode: "states", onProgress: (explored: number) => void explored });
export const model: "lkmm" | "lkmm-6.1" | undefined = recognizeModel({}).model;
// @ts-expect-error: there is no such model
export const wrong = program && check(program, { model: "x86" });
`;
  writeFileSync(join(folder, "user/user.mts"), source);
  const compilerOptions = { noEmit: true, strict: true, module: "nodenext", target: "es2023", lib: ["es2023"], types: [] };
  writeFileSync(join(folder, "user/tsconfig.json"), JSON.stringify({ compilerOptions, files: ["user.mts"] }));
  const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], { cwd: join(folder, "user"), encoding: "utf8" });
  expect(stdout).toBe("");
});

it("runs where there is nothing but the language, as in a worker of a browser", () => {
  const entry = join(folder, "user/page.mjs");
  writeFileSync(entry, `import { check, parseLitmus } from "quiesce-emulator-core";\nconst parsed = parseLitmus(${JSON.stringify(litmus)});\nglobalThis.answer = parsed.ok ? check(parsed.program).observation : "refused";\n`);
  const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, platform: "browser", format: "iife", write: false, logLevel: "silent" });
  const page = createContext({});
  runInContext(outputFiles[0]?.text ?? "", page);
  expect(runInContext("answer", page)).toBe("Sometimes");
});
