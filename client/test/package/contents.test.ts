/** What ships is a list in the project: a file too many or too few is a decision, and shows in a review. */

import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot, unzip, vsixPath } from "../e2e/driver/packaged.ts";

/** The most that a person downloads. */
const vsixBytesMax = 1_500_000;

const list = (name: string): readonly string[] =>
  readFileSync(join(import.meta.dirname, "..", name), "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("#"));

/** `*` is one name, or the part of one. */
const matches = (pattern: string, file: string): boolean =>
  new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.[\]\\+?^${}()|]/g, "\\$&")).join("[^/]+")}$`).test(file);

function expectAsListed(files: readonly string[], lines: readonly string[]): void {
  expect(files.filter((file) => !lines.some((line) => matches(line, file))), "shipped, but not on the list").toEqual([]);
  expect(lines.filter((line) => !files.some((file) => matches(line, file))), "on the list, but not shipped").toEqual([]);
}

test("the VSIX holds what its list says", () => {
  expectAsListed(unzip(readFileSync(vsixPath())).map(({ name }) => name), list("vsix-contents.txt"));
});

test("the VSIX is at most 1.5 MB", () => {
  console.log(`VSIX: ${statSync(vsixPath()).size} bytes`);
  expect(statSync(vsixPath()).size).toBeLessThanOrEqual(vsixBytesMax);
});

/** First bytes of programs that one system alone can run: ELF, PE, Mach-O in both orders and sizes, and of several machines. */
const nativeBeginnings = ["7f454c46", "4d5a", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe"];

test("the VSIX holds no native binary", () => {
  const native = unzip(readFileSync(vsixPath())).filter(({ name, bytes }) => name.endsWith(".node") || nativeBeginnings.some((magic) => bytes.subarray(0, 4).toString("hex").startsWith(magic)));
  expect(native.map(({ name }) => name)).toEqual([]);
});

test("the VSIX names no path of the machine that built it", () => {
  const root = Buffer.from(projectRoot);
  expect(unzip(readFileSync(vsixPath())).filter(({ bytes }) => bytes.includes(root)).map(({ name }) => name)).toEqual([]);
});

test("every bundle of the VSIX is the one in dist/", () => {
  const bundles = unzip(readFileSync(vsixPath())).filter(({ name }) => name.startsWith("extension/dist/"));
  expect(bundles.length).toBeGreaterThan(0);
  const stale = bundles.filter(({ name, bytes }) => !bytes.equals(readFileSync(join(projectRoot, name.slice("extension/".length)))));
  expect(stale.map(({ name }) => name), "npm run package").toEqual([]);
});

test("npm would ship what its list says", () => {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: projectRoot, encoding: "utf8", shell: process.platform === "win32" });
  expect(status, stderr).toBe(0);
  const packed = JSON.parse(stdout) as unknown;
  const [{ files }] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as [{ readonly files: readonly { readonly path: string }[] }];
  expectAsListed(files.map(({ path }) => path), list("npm-contents.txt"));
});
