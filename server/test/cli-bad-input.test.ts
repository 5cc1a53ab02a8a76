// Every bad input: one clear line, the right status, no stack trace, and the good files of the same run still reviewed.

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../src/protocol/index.ts";
import { complaints, expectNoStackTrace, expectOneComplaint, type Workspace, workspace } from "./cli-harness.ts";
import { hazardousDriver, storeBuffering } from "./cli-samples.ts";

const megabytes = 1_000_000;
const binary = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0, 255, 254]);
const huge = `int big[] = {\n${"0x12345678, ".repeat((20 * megabytes) / 12)}\n};\n`;
const unbalanced = hazardousDriver.replace("rcu_read_unlock();\n\treturn sum;\n}", "rcu_read_unlock();\n\tif (sum) {\n\treturn sum;\n}");
const badFiles = { "binary.c": binary, "empty.c": "", "huge.c": huge, "unbalanced.c": unbalanced };

let here: Workspace;
beforeAll(() => {
  here = workspace({ ...badFiles, "good.c": hazardousDriver, "notes/readme.txt": "no C here\n", "readme.txt": "text\n" });
  for (const [file, content] of Object.entries({ ...badFiles, "good.c": hazardousDriver })) here.write(`mixed/${file}`, content);
  here.write("good.litmus", storeBuffering("Sometimes"));
  here.write("broken.litmus", storeBuffering("Sometimes").replace("r0 = READ_ONCE(*y);", "r0 = READ_ONCE(*y"));
  here.write("broken/broken.litmus", "C broken\n{}\nP0(int *x) { @@@ }\nexists (x=1)\n");
  here.write("broken/good.litmus", storeBuffering("Sometimes"));
});
afterAll(() => here.remove());

const findingsOf = (text: string): Report["findings"] => (JSON.parse(text) as Report).findings;
const goodIsReviewed = (out: string): void => expect(findingsOf(out).map(({ file }) => file)).toContain("good.c");

describe("check, with a good file beside", () => {
  it.each([
    ["binary.c", /^quiesce: binary\.c: binary file, not C$/],
    ["empty.c", /^quiesce: empty\.c: empty file, nothing to review$/],
    ["huge.c", /^quiesce: huge\.c: too large \(20\.0 MB; the limit is 8\.0 MB\)$/],
    ["unbalanced.c", /^quiesce: unbalanced\.c: line \d+: unbalanced braces: this `\{` is never closed; /],
    ["missing.c", /^quiesce: missing\.c: no such file or folder$/],
    ["good.c/inside.c", /^quiesce: good\.c\/inside\.c: no such file or folder \(a part of the path is a file\)$/],
    ["notes", /^quiesce: notes: no C files \(\.c\) in this folder$/],
    ["readme.txt", /^quiesce: readme\.txt: not supported; name a folder or a file that ends in \.c or \.h$/],
  ])("%s", (path, line) => {
    const result = here.run("check", "--format", "json", path, "good.c");
    expectOneComplaint(result, line);
    goodIsReviewed(result.out);
  });

  it("a project file that nobody can follow is named with its line, and the file is reviewed without it", () => {
    here.write("team/quiesce.toml", "[[api]]\nname = \"foo_put\"\neffects = [\"fry\"]\n");
    here.write("team/good.c", hazardousDriver);
    const result = here.run("check", "--format", "json", "team/good.c");
    expectOneComplaint(result, /^quiesce: team\/quiesce\.toml:1: effects "fry" is no effect; known are harmless, .*; nothing of quiesce\.toml counts until it is mended$/);
    expect(findingsOf(result.out).map(({ file }) => file)).toContain("team/good.c");
  });

  it("a project file switches rules off, and a rule named by --rule runs all the same", () => {
    here.write("quiet/good.c", hazardousDriver);
    const found = findingsOf(here.run("check", "--format", "json", "quiet/good.c").out);
    const [rule = ""] = found.map((finding) => finding.rule);
    here.write("quiet/quiesce.toml", `[rules]\n"${rule}" = false\n`);
    expect(findingsOf(here.run("check", "--format", "json", "quiet/good.c").out).map((finding) => finding.rule)).not.toContain(rule);
    expect(findingsOf(here.run("check", "--format", "json", "--rule", rule, "quiet/good.c").out).map((finding) => finding.rule)).toContain(rule);
  });

  it("inside a folder they are skipped, with reasons, and the status is that of the findings", () => {
    const result = here.run("check", "--format", "json", "mixed");
    expectNoStackTrace(result);
    expect(complaints(result)).toEqual([]);
    const report = JSON.parse(result.out) as Report;
    expect(report.skipped.map(({ file }) => file)).toEqual(["mixed/binary.c", "mixed/empty.c", "mixed/huge.c", "mixed/unbalanced.c"]);
    expect(report.skipped.map(({ reason }) => reason).join("\n")).not.toMatch(/broke down/);
    expect(report.findings.map(({ file }) => file)).toContain("mixed/good.c");
    expect(result.status).toBe(1);
  });

  it("the text form names what a folder held and was skipped", () => {
    const result = here.run("check", "mixed");
    expect(result.err).toContain("skipped mixed/binary.c: binary file, not C");
    expect(result.err.filter((line) => line.startsWith("skipped "))).toHaveLength(4);
  });
});

describe("odd trees", () => {
  it("loops of symbolic links end", () => {
    const odd = workspace({ "a/good.c": hazardousDriver });
    symlinkSync("..", join(odd.folder, "a/up"));
    symlinkSync("self.c", join(odd.folder, "a/self.c"));
    symlinkSync("nowhere.c", join(odd.folder, "a/dangling.c"));
    const result = odd.run("check", "--format", "json", ".");
    odd.remove();
    expectNoStackTrace(result);
    const report = JSON.parse(result.out) as Report;
    expect(report.stats.files).toBe(1);
    expect(report.skipped).toEqual([
      { file: "a/dangling.c", reason: "no such file or folder" },
      { file: "a/self.c", reason: "a loop of symbolic links" },
    ]);
  });

  it("folders named like a C file are folders", () => {
    const odd = workspace({ "x.c/inner.c": hazardousDriver });
    mkdirSync(join(odd.folder, "empty.c"));
    const result = odd.run("check", "--format", "json", ".");
    odd.remove();
    expect((JSON.parse(result.out) as Report).stats.files).toBe(1);
    expect(complaints(result)).toEqual([]);
  });

  it("text that is not UTF-8, CRLF, a byte order mark, and names with spaces and commas are fine", () => {
    const crlf = hazardousDriver.replaceAll("\n", "\r\n");
    const odd = workspace({ "a b,c.c": crlf, "bom.c": `\uFEFF${hazardousDriver}`, "latin.c": Buffer.from(`/* caf\u00e9 */\n${hazardousDriver}`, "latin1") });
    const result = odd.run("check", "--format", "json", "a b,c.c", "bom.c", "latin.c");
    odd.remove();
    expect(complaints(result)).toEqual([]);
    expect([...new Set(findingsOf(result.out).map(({ file }) => file))]).toEqual(["a b,c.c", "bom.c", "latin.c"]);
  });

  it("blocks nested thousands deep do not end the run", () => {
    const deep = `void f(void)\n{\n${"if (a) {\n".repeat(20_000)}${"}\n".repeat(20_000)}}\n`;
    const expression = `int f(void)\n{\n\treturn ${"(".repeat(50_000)}1${")".repeat(50_000)};\n}\n`;
    const odd = workspace({ "deep.c": deep, "expression.c": expression, "good.c": hazardousDriver });
    const result = odd.run("check", "--format", "json", ".");
    odd.remove();
    expectNoStackTrace(result);
    goodIsReviewed(result.out);
    expect([0, 1]).toContain(result.status);
  });
});

describe.each(["wasm", "native"])("a tree of bad files, with the %s parser", (parser) => {
  const detach = hazardousDriver.indexOf("void sample_detach");
  const swallowing = `${hazardousDriver.slice(0, detach)}ROWS(sample,\n${hazardousDriver.slice(detach)}`;
  const files = {
    "Kbuild": "",
    "MAINTAINERS": "",
    "d/good.c": hazardousDriver,
    "d/regs.h": "#define regSOME_LONG_REGISTER_NAME_BASE_IDX 5\n".repeat(220_000),
    "d/regs.c": `#include "regs.h"\n${hazardousDriver}`,
    "d/parentheses.c": `int deep(void)\n{\n\treturn ${"(".repeat(50_000)}1${")".repeat(50_000)};\n}\n${hazardousDriver}`,
    "d/deep.h": `struct deep { int a[${"(".repeat(50_000)}1${")".repeat(50_000)}]; };\n`,
    "d/deep.c": `#include "deep.h"\n${hazardousDriver}`,
    "d/nul.c": `${hazardousDriver}\0\0`,
    "d/nul.h": "struct nul { int a; };\0",
    "d/nul-header.c": `#include "nul.h"\n${hazardousDriver}`,
    "d/crlf.c": hazardousDriver.replaceAll("\n", "\r\n"),
    "d/swallowing.c": swallowing,
  };
  let odd: Workspace;
  beforeAll(() => {
    odd = workspace(files);
  });
  afterAll(() => odd.remove());
  const regions = (report: Pick<Report, "notAnalysed">): readonly string[] => report.notAnalysed.map(({ file, line, reason }) => `${file}:${String(line)} ${reason}`);

  it("check reviews what it can and names the rest, in seconds", () => {
    const started = performance.now();
    const result = odd.run("check", "--format", "json", "--parser", parser, "d");
    expect(performance.now() - started).toBeLessThan(60_000);
    expectNoStackTrace(result);
    const report = JSON.parse(result.out) as Report;
    expect(report.skipped).toEqual([{ file: "d/nul.c", reason: "binary file, not C" }]);
    expect([...new Set(report.findings.map(({ file }) => file))]).toEqual(["d/crlf.c", "d/deep.c", "d/good.c", "d/nul-header.c", "d/parentheses.c", "d/regs.c"]);
    expect(regions(report)).toContain("d/parentheses.c:3 in deep: nested too deeply to be followed");
    expect(regions(report)).toContain("d/regs.c:1 the header regs.h was not read: too large (10.1 MB; the limit is 8.0 MB)");
    expect(regions(report)).toContain("d/nul-header.c:1 the header nul.h was not read: binary file, not C");
    expect(regions(report).some((line) => line.startsWith("d/swallowing.c:"))).toBe(true);
    expect(result.status).toBe(1);
  });

  it.each([
    ["regs.h", /^quiesce: d\/regs\.h: too large \(10\.1 MB; the limit is 8\.0 MB\)$/],
    ["nul.c", /^quiesce: d\/nul\.c: binary file, not C$/],
  ])("facts refuses %s", (file, line) => {
    expectOneComplaint(odd.run("facts", `d/${file}`, "--parser", parser), line);
  });

  it.each([
    ["regs.c", ["the header regs.h was not read"], ["sample_flush", "sample_detach", "sample_attach"]],
    ["nul-header.c", ["the header nul.h was not read: binary file"], ["sample_flush", "sample_detach", "sample_attach"]],
    ["parentheses.c", ["in deep: nested too deeply"], ["deep", "sample_flush", "sample_detach", "sample_attach"]],
    ["deep.c", [], ["sample_flush", "sample_detach", "sample_attach"]],
    ["crlf.c", [], ["sample_flush", "sample_detach", "sample_attach"]],
    ["swallowing.c", ["a `(` has no partner", "the body of a function"], ["sample_flush", "sample_attach"]],
  ])("facts of %s say what was not analysed", (file, reasons, functions) => {
    const result = odd.run("facts", `d/${file}`, "--parser", parser, "--format", "json");
    expectNoStackTrace(result);
    const report = JSON.parse(result.out) as Pick<Report, "notAnalysed"> & { readonly functions: readonly { readonly function: string }[] };
    expect(report.functions.map((one) => one.function)).toEqual(functions);
    expect(report.notAnalysed).toHaveLength(reasons.length);
    for (const reason of reasons) expect(regions(report).join("\n")).toContain(reason);
    expect(complaints(result)).toHaveLength(reasons.length);
    expect(result.status).toBe(0);
  });

  it.runIf(parser === "wasm")("index takes them all in, and answers about the good ones", () => {
    const ask = (...args: string[]) => odd.run("index", "--kernel", ".", "--cache", "cache", "--quiet", ...args);
    const result = ask("--format", "json");
    expectNoStackTrace(result);
    expect(JSON.parse(result.out)).toMatchObject({ complete: true, files: 11 });
    const { out } = ask("--callers", "list_del_rcu");
    for (const file of ["good", "crlf", "parentheses", "regs", "deep"]) expect(out).toContain(`d/${file}.c`);
  });
});

describe("bad arguments", () => {
  it.each([
    [["check", "--frmat", "json"], /unknown option '--frmat' \(Did you mean --format\?\)/],
    [["check", "--format", "yaml"], /option '--format <format>' argument 'yaml' is invalid\. Allowed choices are text, json\./],
    [["check", "--jobs", "0"], /option '--jobs <n>' argument '0' is invalid/],
    [["check", "--rule", "rcu/missing-derefrence"], /no rule rcu\/missing-derefrence \(did you mean rcu\/missing-dereference\?\)/],
    [["check", "--kernel", "nowhere"], /option '--kernel <dir>' argument 'nowhere' is invalid\. There is no such folder\./],
    [["chek"], /unknown command 'chek' \(Did you mean check\?\)/],
    [["help", "chek"], /unknown command 'chek'/],
    [["emulate"], /missing required argument 'file:function' \(quiesce help emulate explains\)/],
    [["litmus"], /missing required argument 'path' \(quiesce help litmus explains\)/],
    [["rules", "rcu/nothing-like-it-at-all"], /no rule rcu\/nothing-like-it-at-all \(quiesce rules lists them\)/],
    [["rules", "a", "b"], /too many arguments/],
    [["emulate", "good.c:sample_detach", "--model", "power"], /Allowed choices are lkmm, mca, sc, tso\./],
  ])("%j", (args, line) => {
    const result = here.run(...args);
    expectOneComplaint(result, line);
    expect(result.out).toBe("");
  });

  it.each([
    ["check", "--patch", "x.diff"],
    ["check", "--patch=-"],
    ["check", "--mailback"],
    ["check", "--baseline", "b.json"],
    ["check", "--write-baseline", "b.json"],
    ["check", "--shard", "1/4"],
    ["check", "--cache", "/tmp/c"],
    ["emulate", "good.c:sample_detach", "--tty"],
  ])("what comes later is refused by name: %s %s", (...args) => {
    const result = here.run(...args);
    const name = args.find((arg) => arg.startsWith("--"))?.split("=")[0];
    expectOneComplaint(result, new RegExp(`^quiesce: not available yet: ${String(name)} \\(comes with `));
    expect(result.out).toBe("");
  });

  it.each(["sarif", "checkpatch"])("so is --format %s", (format) => {
    for (const args of [["--format", format], [`--format=${format}`]]) {
      expectOneComplaint(here.run("check", ...args, "good.c"), new RegExp(`^quiesce: not available yet: --format ${format} `));
    }
  });
});

describe("emulate", () => {
  it.each([
    ["good.c:sample_detch", /^quiesce: good\.c: no function sample_detch \(did you mean sample_detach/],
    ["good.c", /^quiesce: good\.c: write it as FILE:FUNCTION/],
    ["missing.c:f", /^quiesce: missing\.c: no such file or folder$/],
    ["binary.c:f", /^quiesce: binary\.c: binary file, not C$/],
    ["huge.c:f", /^quiesce: huge\.c: too large/],
  ])("%s", (target, line) => {
    const result = here.run("emulate", target);
    expectOneComplaint(result, line);
    expect(result.out).toBe("");
  });
});

describe("litmus", () => {
  it("names line and column of a syntax error, and runs the other tests", () => {
    const result = here.run("litmus", "--format", "tsv", "broken.litmus", "good.litmus");
    expectOneComplaint(result, /^quiesce: broken\.litmus:\d+:\d+: \S/);
    const rows = result.out.trim().split("\n").slice(1).map((row) => row.split("\t").slice(0, 2));
    expect(rows).toEqual([["broken.litmus", "Refused"], ["good.litmus", "Sometimes"]]);
  });

  it("a broken test inside a folder does not change the status", () => {
    const result = here.run("litmus", "--format", "tsv", "broken");
    expectOneComplaint(result, /^quiesce: broken\/broken\.litmus:3:\d+: \S/, 0);
    expect(result.err.at(-1)).toBe("2 tests: 1 agree with their Result, 0 differ, 0 undecided, 1 refused");
  });

  it.each([
    ["missing.litmus", /^quiesce: missing\.litmus: no such file or folder$/],
    ["notes", /^quiesce: notes: no litmus tests in this folder$/],
    ["binary.c", /^quiesce: binary\.c: binary file, not a litmus test$/],
    ["empty.c", /^quiesce: empty\.c: empty file, nothing to run$/],
    ["good.c", /^quiesce: good\.c:\d+:\d+: \S/],
  ])("%s", (path, line) => {
    const result = here.run("litmus", path, "good.litmus");
    expectOneComplaint(result, line);
    expect(result.out).toMatch(/^Observation SB\+sample Sometimes 1 3$/m);
  });
});
