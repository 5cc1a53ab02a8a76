/** The knowledge table against the kernel: every header is there, and every name in it. Needs Debian's linux-source-6.12. */

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { headers } from "../src/model/kernel-api/index.ts";
import { isInRelease } from "../src/model/kernel-api/releases.ts";
import { findKernel, findOlderKernel } from "../tasks/requirements.mjs";

const kernel = findKernel();
const older = findOlderKernel();

if (kernel === undefined) console.log("skipped: no kernel tree (linux-source-6.12 through ../shared/corpus/get-kernel)");

function wordsOf(path: string): ReadonlySet<string> {
  return new Set(readFileSync(path, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "").match(/\w+/g));
}

const families = headers.map(({ header, also = [], rows }) => ({ header, files: [header, ...also, ...rows.flatMap(({ source }) => (source === undefined ? [] : [source]))], rows }));

describe.skipIf(kernel === undefined)("the knowledge table and Linux 6.12", () => {
  it.each(families)("$header declares what is said of it", ({ files, rows }) => {
    const words = files.map((file) => wordsOf(`${kernel ?? ""}/${file}`));
    const missing = rows.filter((row) => isInRelease(row, "6.12")).flatMap(({ names }) => names.filter((name) => !words.some((one) => one.has(name))));
    expect(missing).toEqual([]);
    const early = rows.filter((row) => !isInRelease(row, "6.12")).flatMap(({ names }) => names.filter((name) => words.some((one) => one.has(name))));
    expect(early).toEqual([]);
  });
});

describe.skipIf(older === undefined)("the knowledge table and Linux 6.1", () => {
  it.each(families)("$header does not declare what came later", ({ files, rows }) => {
    const words = files.map((file) => `${older ?? ""}/${file}`).filter((file) => existsSync(file)).map(wordsOf);
    const early = rows.filter((row) => !isInRelease(row, "6.1")).flatMap(({ names }) => names.filter((name) => words.some((one) => one.has(name))));
    expect(early).toEqual([]);
  });
});

it("ran against the kernel, or said why not", () => {
  if (process.env["CI"] === "true") expect(kernel).toBeDefined();
});
