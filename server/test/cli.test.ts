import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FactsReport, Report } from "../src/protocol/index.ts";
import { complaints, expectNoStackTrace, type Workspace, workspace } from "./cli-harness.ts";
import { harmlessDriver, hazardousDriver, storeBuffering } from "./cli-samples.ts";

let here: Workspace;
beforeAll(() => {
  here = workspace({
    "hazard.c": hazardousDriver,
    "harmless.c": harmlessDriver,
    "tree/Kbuild": "",
    "tree/MAINTAINERS": "",
    "tree/Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n",
    "tree/drivers/b.c": hazardousDriver,
    "tree/drivers/a.c": hazardousDriver,
    "sb.litmus": storeBuffering("Sometimes"),
    "tests/one.litmus": storeBuffering("Sometimes"),
    "tests/two.litmus": storeBuffering("Never"),
  });
});
afterAll(() => here.remove());

const jsonOf = (text: string): Report => JSON.parse(text) as Report;
const withoutTimes = (text: string): string => text.replaceAll(/"(wallMs|ms)": \d+/g, '"$1": 0');

describe("quiesce", () => {
  it("prints its version", () => {
    const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../package.json"), "utf8")) as { version: string };
    expect(here.run("--version")).toMatchObject({ status: 0, out: `${version}\n`, err: [] });
  });

  it("explains itself and each command", () => {
    expect(here.run("help")).toMatchObject({ status: 0, err: [] });
    for (const command of ["check", "emulate", "facts", "litmus", "index", "rules", "lsp"]) {
      const help = here.run("help", command);
      expect(help).toMatchObject({ status: 0, err: [] });
      expect(help.out).toMatch(new RegExp(`^Usage: quiesce ${command}`));
    }
  });
});

describe("check", () => {
  it("prints a confirmed finding in the shape of gcc and answers with status 1", () => {
    const result = here.run("check", "hazard.c");
    expect(result.out).toMatch(/^hazard\.c:\d+:\d+: (error|warning): \S.* \[rcu\/free-before-grace-period, confirmed\]$/m);
    expect(result.status).toBe(1);
    expect(complaints(result)).toEqual([]);
  });

  it("is silent with status 0 when there is nothing to report", () => {
    expect(here.run("check", "--quiet", "harmless.c")).toEqual({ status: 0, out: "", err: [] });
  });

  it("prints JSON that the published schema accepts", () => {
    const result = here.run("check", "--format", "json", "--evidence", "all", ".");
    const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../docs/findings.schema.json"), "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    const report: unknown = JSON.parse(result.out);
    validate(report);
    expect(validate.errors ?? []).toEqual([]);
    expect(jsonOf(result.out).findings.length).toBeGreaterThan(0);
    expect(jsonOf(result.out).stats).toMatchObject({ files: 4 });
  });

  it("has a schema that accepts nothing else", () => {
    const report = jsonOf(here.run("check", "--format", "json", "--evidence", "all", "hazard.c").out);
    const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../docs/findings.schema.json"), "utf8")) as object;
    const validate = new Ajv2020().compile(schema);
    expect(validate(report)).toBe(true);
    expect(validate({ ...report, extra: 1 })).toBe(false);
    const [finding] = report.findings;
    expect(finding?.evidence).toBeTruthy();
    expect(validate({ ...report, findings: [{ ...finding, line: 0 }] })).toBe(false);
    expect(validate({ ...report, findings: [{ ...finding, evidence: { ...finding?.evidence, verdict: "undecided", reason: "" } }] })).toBe(false);
  });

  it("names files relative to the kernel tree they are in, sorted, and the kernel in the profile", () => {
    const report = jsonOf(here.run("check", "--format", "json", "tree/drivers").out);
    expect([...new Set(report.findings.map(({ file }) => file))]).toEqual(["drivers/a.c", "drivers/b.c"]);
    expect(report.stats.profile.kernel).toBe("6.12");
  });

  it("names files relative to --kernel, where that is given", () => {
    const report = jsonOf(here.run("check", "--format", "json", "--kernel", "tree/drivers", "tree/drivers/a.c").out);
    expect([...new Set(report.findings.map(({ file }) => file))]).toEqual(["a.c"]);
  });

  it("prints the same bytes twice, with one thread or two", () => {
    const one = here.run("check", "--format", "json", "--evidence", "all", "--jobs", "1", ".");
    const two = here.run("check", "--format", "json", "--evidence", "all", "--jobs", "2", ".");
    expect(withoutTimes(two.out)).toBe(withoutTimes(one.out));
  });

  it("keeps stdout for the answer", () => {
    const result = here.run("check", "--format", "json", "--progress", ".");
    expect(() => jsonOf(result.out)).not.toThrow();
    expect(result.err.length).toBeGreaterThan(0);
  });

  it("gives findings without evidence with --no-emulate", () => {
    const report = jsonOf(here.run("check", "--format", "json", "--no-emulate", "hazard.c").out);
    expect(report.findings.length).toBeGreaterThan(0);
    expect(report.findings.every(({ evidence }) => evidence === null)).toBe(true);
  });

  it("runs only the rules of --rule", () => {
    const report = jsonOf(here.run("check", "--format", "json", "--evidence", "all", "--rule", "rcu/missing-dereference", "hazard.c").out);
    expect(report.findings.filter(({ rule }) => rule !== "rcu/missing-dereference")).toEqual([]);
  });

  it("reviews a file once, however often it is named", () => {
    const report = jsonOf(here.run("check", "--format", "json", "hazard.c", "./hazard.c", here.folder + "/hazard.c").out);
    expect(report.stats.files).toBe(1);
  });
});

describe("check as make C=1 runs it", () => {
  const flags = ["-D__linux__", "-Dlinux", "-nostdinc", "-I./include", "-isystem", "/usr/lib/gcc/include", "-include", "./include/linux/kconfig.h", "-D__KERNEL__", "-Wp,-MMD,.x.o.d", "-std=gnu11", "-O2", "-mcmodel=kernel", "-fno-strict-aliasing", "-Wall", "--param=allow-store-data-races=0", '-DKBUILD_MODNAME="x"', "-g"];

  it("ignores compiler flags, looks at the one file, and never breaks the build", () => {
    const result = here.run("check", ...flags, "hazard.c");
    expect(result.out).toMatch(/^hazard\.c:\d+:\d+: /m);
    expect(result.status).toBe(0);
    expect(result.err).toEqual([]);
  });

  it("gives the usual status with --error-exitcode", () => {
    expect(here.run("check", "--error-exitcode", ...flags, "hazard.c").status).toBe(1);
    expect(here.run("check", "--kbuild", "--error-exitcode", "hazard.c").status).toBe(1);
    expect(here.run("check", "--kbuild", "hazard.c").status).toBe(0);
  });

  it("says that a file is missing and still does not break the build", () => {
    const result = here.run("check", ...flags, "missing.c");
    expect(complaints(result)).toEqual(["quiesce: missing.c: no such file or folder"]);
    expect(result.status).toBe(0);
  });
});

describe("emulate", () => {
  it("prints a table of at most 78 columns without tabs", () => {
    const result = here.run("emulate", "hazard.c:sample_detach");
    expect(result).toMatchObject({ status: 0, err: [] });
    expect(result.out).not.toContain("\t");
    expect(Math.max(...result.out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it("takes a counterpart by name", () => {
    expect(here.run("emulate", "hazard.c:sample_detach", "--with", "hazard.c:sample_flush").status).toBe(0);
  });

  it("prints a litmus test that answers as the run says", () => {
    const json = JSON.parse(here.run("emulate", "--format", "json", "hazard.c:sample_detach").out) as { runs: { counts: { observation: string; positive: number; negative: number } }[] };
    here.write("emulated.litmus", here.run("emulate", "--format", "litmus", "hazard.c:sample_detach").out);
    const [, row = ""] = here.run("litmus", "--format", "tsv", "emulated.litmus").out.split("\n");
    const counts = json.runs[0]?.counts;
    expect(row.split("\t").slice(1, 4)).toEqual([counts?.observation, String(counts?.positive), String(counts?.negative)]);
  });
});

describe("litmus", () => {
  it("prints what herd7 prints", () => {
    const result = here.run("litmus", "sb.litmus");
    expect(result.out.split("\n")).toEqual([
      "Test SB+sample Allowed",
      "States 4",
      "0:r0=0; 1:r0=0;",
      "0:r0=0; 1:r0=1;",
      "0:r0=1; 1:r0=0;",
      "0:r0=1; 1:r0=1;",
      "Ok",
      "Witnesses",
      "Positive: 1 Negative: 3",
      "Condition exists (0:r0=0 /\\ 1:r0=0)",
      "Observation SB+sample Sometimes 1 3",
      "",
      "",
    ]);
    expect(result.status).toBe(0);
  });

  it("prints a row per test with --format tsv, and the states with --states", () => {
    const [header, row] = here.run("litmus", "--format", "tsv", "--states", "sb.litmus").out.split("\n");
    expect(header).toBe("file\tobservation\tpositive\tnegative\tstates\tflags\tms\tfinal");
    expect(row?.replace(/\t\d+\t(?=[^\t]*$)/, "\t0\t")).toBe(
      "sb.litmus\tSometimes\t1\t3\t4\t\t0\t0:r0=0; 1:r0=0; | 0:r0=0; 1:r0=1; | 0:r0=1; 1:r0=0; | 0:r0=1; 1:r0=1;",
    );
  });

  it("counts nothing in --mode verdict", () => {
    const [, row = ""] = here.run("litmus", "--format", "tsv", "--mode", "verdict", "sb.litmus").out.split("\n");
    expect(row.split("\t").slice(0, 5)).toEqual(["sb.litmus", "Sometimes", "-", "-", "-"]);
  });

  it("is sequentially consistent where asked", () => {
    const [, row = ""] = here.run("litmus", "--format", "tsv", "--model", "sc", "sb.litmus").out.split("\n");
    expect(row.split("\t").slice(0, 4)).toEqual(["sb.litmus", "Never", "0", "3"]);
  });

  it("answers 1 when a test contradicts its own Result comment", () => {
    const result = here.run("litmus", "--format", "tsv", "tests");
    expect(result.out.split("\n").map((row) => row.split("\t")[0])).toEqual(["file", "tests/one.litmus", "tests/two.litmus", ""]);
    expect(complaints(result)).toEqual(["quiesce: tests/two.litmus: its Result comment says Never, the model says Sometimes"]);
    expect(result.err.at(-1)).toBe("2 tests: 1 agree with their Result, 1 differ, 0 undecided, 0 refused");
    expect(result.status).toBe(1);
  });

  it("is JSON with --format json", () => {
    const { tests } = JSON.parse(here.run("litmus", "--format", "json", "tests").out) as { tests: { file: string; agrees: boolean }[] };
    expect(tests.map(({ file, agrees }) => [file, agrees])).toEqual([
      ["tests/one.litmus", true],
      ["tests/two.litmus", false],
    ]);
  });
});

describe("facts", () => {
  it("shows one function, a line a point", () => {
    const result = here.run("facts", "hazard.c:sample_detach");
    expect(result).toMatchObject({ status: 0, err: [] });
    expect(result.out).toBe(`sample_detach()  hazard.c:29-35
  frees     bond (parameter 2) now
  sleeps    nothing known to sleep

31:2  lock          domain->lock  (spin)
32:2  unlink        bond->list  (rcu)  [domain->lock]
33:2  unlock        domain->lock  (spin)  [domain->lock]
34:2  free          bond  (kfree)
35:1  end

Everything was followed.

Not seen in other files:
  headers with no file: linux/rculist.h, linux/rcupdate.h, linux/slab.h, linux/spinlock.h
`);
  });

  it("shows all functions of a file", () => {
    const result = here.run("facts", "hazard.c");
    expect(result.status).toBe(0);
    expect(result.out.match(/^\w+\(\) {2}hazard\.c:\d+-\d+$/gm)).toHaveLength(3);
    expect(result.out).toContain("[rcu]");
  });

  it("prints JSON that the published schema accepts, and nothing else", () => {
    const report = JSON.parse(here.run("facts", "--format", "json", "hazard.c").out) as FactsReport;
    const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../docs/facts.schema.json"), "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    validate(report);
    expect(validate.errors ?? []).toEqual([]);
    const [first] = report.functions;
    expect(report.functions.map((one) => one.function)).toEqual(["sample_flush", "sample_detach", "sample_attach"]);
    expect(validate({ ...report, functions: [{ ...first, line: 0 }] })).toBe(false);
    expect(validate({ ...report, functions: [{ ...first, points: [{ ...first?.points[0], effect: "magic" }] }] })).toBe(false);
  });

  it("names similar functions, and refuses what it cannot read", () => {
    const result = here.run("facts", "hazard.c:sample_dettach");
    expect(result).toMatchObject({ status: 2, out: "" });
    expect(complaints(result)).toEqual(["quiesce: hazard.c: no function sample_dettach (did you mean sample_detach, sample_attach?)"]);
    expect(here.run("facts", "nowhere.c").status).toBe(2);
    expect(here.run("facts", "sb.litmus:f").status).toBe(2);
  });

  it("says what of the file could not be read", () => {
    here.write("broken.c", "void f(void)\n{\n\trcu_read_lock();\n\trcu_read_unlock();\n}\n\nstruct ) { ( %% @@ int x = = = ;\n\nvoid g(void)\n{\n}\n");
    const result = here.run("facts", "broken.c");
    expectNoStackTrace(result);
    expect(result.status).toBe(0);
    expect(result.out).toContain("reader-enter");
    expect(result.err.join("\n")).toMatch(/^quiesce: broken\.c:\d+-\d+: not analysed: /m);
  });
});

describe("rules", () => {
  it("lists every rule with its severity and what confirms it", () => {
    const result = here.run("rules");
    expect(result).toMatchObject({ status: 0, err: [] });
    expect(result.out).toMatch(/^rcu\/free-before-grace-period +error +replay +\S/m);
    expect(result.out).toMatch(/^rcu\/grace-period-on-attach-path +warning +path +\S/m);
  });

  it("explains one: what, why, example, fix", () => {
    const result = here.run("rules", "rcu/missing-dereference");
    expect(result).toMatchObject({ status: 0, err: [] });
    for (const heading of [/^Why: /m, /^Wrong/m, /^Right/m, /^Fix: /m]) expect(result.out).toMatch(heading);
  });

  it("is JSON with --format json", () => {
    const { rules } = JSON.parse(here.run("rules", "--format", "json").out) as { rules: { id: string }[] };
    expect(rules.length).toBeGreaterThanOrEqual(3);
  });
});

describe("an interrupt", () => {
  it("keeps what was found and prints it", async () => {
    const many = workspace(Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`f${String(index).padStart(3, "0")}.c`, hazardousDriver])));
    const result = await many.interrupt(/\[100\/400\]/, "check", "--format", "json", "--progress", ".");
    many.remove();
    expectNoStackTrace(result);
    const report = jsonOf(result.out);
    expect(report.stats.files).toBeGreaterThanOrEqual(100);
    expect(report.stats.files).toBeLessThan(400);
    expect(report.findings.length).toBeGreaterThan(0);
    expect(complaints(result)).toEqual([expect.stringMatching(/^quiesce: interrupted: \d+ of 400 files reviewed$/)]);
    expect(result.status).toBe(2);
  });
});
