import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findKernel } from "../tasks/requirements.mjs";
import { type CliResult, complaints, expectNoStackTrace, expectOneComplaint, type Workspace, workspace } from "./cli-harness.ts";
import { storeBuffering } from "./cli-samples.ts";

const test = (name: string, bodies: readonly string[], condition: string): string =>
  `C ${name}\n\n{}\n\n${bodies.map((body, k) => `P${String(k)}(int *x, int *y, int *z, int *w, struct srcu_struct *s)\n{\n\t${body}\n}\n`).join("\n")}\nexists (${condition})\n`;

/** Linux 6.12 forbids it because dependencies are carried through plain accesses; Linux 6.1 does not. */
const carried = test("carried", ["int a = READ_ONCE(*x); *z = a; *w = *z; if (*w == 1) WRITE_ONCE(*y, 1);", "int r = smp_load_acquire(y); smp_store_release(x, r);"], "x=1 /\\ y=1");

let here: Workspace;
beforeAll(() => {
  here = workspace({
    "sb.litmus": storeBuffering("Sometimes"),
    "carried.litmus": carried,
    "tests/a.litmus": storeBuffering("Sometimes"),
    "tests/b.litmus": storeBuffering("Never"),
    "tests/c.litmus": storeBuffering("Maybe"),
    "tests/d.litmus": "PPC d\n{ }\n P0 ;\n lwz r1,0(r2) ;\nexists (0:r1=0)\n",
    "old.litmus": test("old", ["int a = srcu_read_lock(s); srcu_read_unlock(s, a); smp_mb__after_srcu_read_unlock();"], "x=0"),
    "own.litmus": test("own", ["int r = my_load(x);"], "0:r=0"),
    "drifted/Kbuild": "",
    "drifted/MAINTAINERS": "",
    "drifted/tools/memory-model/linux-kernel.cat": "(* another *) acyclic po as everything",
    "drifted/tools/memory-model/linux-kernel.bell": "x",
    "drifted/tools/memory-model/lock.cat": "x",
    "drifted/tools/memory-model/linux-kernel.def": "READ_ONCE(X) __load{once}(X)\nmy_load(X) __load{acquire}(*X)\nxchg(X,V) __xchg{once}(X,V)\n",
    "drifted/t/own.litmus": test("own", ["int r = my_load(x);"], "0:r=0"),
    "bare/Kbuild": "",
    "bare/MAINTAINERS": "",
    "bare/sb.litmus": storeBuffering("Sometimes"),
  });
});
afterAll(() => here.remove());

const rows = ({ out }: CliResult): readonly (readonly string[])[] => out.trimEnd().split("\n").slice(1).map((row) => row.split("\t"));
const observations = (...args: readonly string[]): readonly (string | undefined)[] => rows(here.run("litmus", "--format", "tsv", ...args)).map((row) => row[1]);

describe("litmus --model", () => {
  it("lkmm is Linux 6.12, lkmm-6.1 is Linux 6.1", () => {
    expect(observations("carried.litmus")).toEqual(["Never"]);
    expect(observations("--model", "lkmm-6.1", "carried.litmus")).toEqual(["Sometimes"]);
  });

  it("lkmm-6.1 refuses a macro that Linux 6.1 does not have", () => {
    expect(observations("old.litmus")).toEqual(["Always"]);
    expectOneComplaint(here.run("litmus", "--model", "lkmm-6.1", "old.litmus"), /^quiesce: old\.litmus:7:\d+: unknown macro `smp_mb__after_srcu_read_unlock`: expected one of linux-kernel\.def \(Linux 6\.1\)$/);
  });

  it.each(["lkmm", "lkmm-6.1", "mca", "tso", "sc"])("%s is known", (model) => {
    expect(observations("--model", model, "sb.litmus")).toEqual([model === "sc" ? "Never" : "Sometimes"]);
  });

  it("another one is refused with the choices", () => {
    expectOneComplaint(here.run("litmus", "--model", "c11", "sb.litmus"), /c11.*lkmm, lkmm-6\.1, mca, sc, tso/);
  });
});

describe("litmus --mode and --states", () => {
  it.each([
    ["executions", ["Sometimes", "1", "3", "4"], 4],
    ["states", ["Sometimes", "-", "-", "4"], 4],
    ["verdict", ["Sometimes", "-", "-", "-"], undefined],
  ] as const)("%s", (mode, columns, states) => {
    const [row = []] = rows(here.run("litmus", "--format", "tsv", "--states", "--mode", mode, "sb.litmus"));
    expect(row.slice(1, 5)).toEqual(columns);
    if (states !== undefined) expect(row[7]?.split(" | ").length).toBe(states);
    const { tests } = JSON.parse(here.run("litmus", "--format", "json", "--states", "--mode", mode, "sb.litmus").out) as { tests: { positive: number | null; states: number | null }[] };
    expect(tests[0]).toMatchObject({ positive: mode === "executions" ? 1 : null, states: mode === "verdict" ? null : 4 });
  });
});

describe("litmus --jobs", () => {
  it("prints the same rows in the same order whatever the number of threads", () => {
    const withoutTimes = (...args: readonly string[]): readonly (readonly string[])[] => rows(here.run("litmus", "--format", "tsv", ...args, "tests", "sb.litmus", "carried.litmus")).map((row) => row.slice(0, 6));
    const one = withoutTimes("--jobs", "1");
    expect(one.map((row) => row[0])).toEqual(["carried.litmus", "sb.litmus", "tests/a.litmus", "tests/b.litmus", "tests/c.litmus", "tests/d.litmus"]);
    expect(withoutTimes("--jobs", "3")).toEqual(one);
  });
});

describe("litmus on stderr", () => {
  it("says how many tests agree, differ, are undecided and refused", () => {
    const result = here.run("litmus", "--format", "tsv", "tests");
    expect(result.err.at(-1)).toBe("4 tests: 1 agree with their Result, 1 differ, 0 undecided, 1 refused");
    expect(complaints(result)).toEqual([
      "quiesce: tests/b.litmus: its Result comment says Never, the model says Sometimes",
      "quiesce: tests/d.litmus:1:1: found a test for `PPC`, expected `C`: only C litmus tests of the Linux kernel are read",
    ]);
    expect(result.status).toBe(1);
  });

  it("has no progress in a pipe unless asked, and nothing but complaints with --quiet", () => {
    expect(here.run("litmus", "sb.litmus").err).toEqual(["1 test: 1 agree with their Result, 0 differ, 0 undecided, 0 refused"]);
    expect(here.run("litmus", "--progress", "sb.litmus").err[0]).toBe("[1/1] sb.litmus");
    expect(here.run("litmus", "--quiet", "sb.litmus").err).toEqual([]);
  });

  it.each(["PPC", "AArch64", "ARM", "X86", "X86_64", "RISCV", "MIPS", "LISA", "Bell", "JAVA", "CPP", "BPF"])("refuses a test for %s by name", (dialect) => {
    here.write(`other/${dialect}.litmus`, `${dialect} t\n{ }\n P0 ;\nexists (0:r1=0)\n`);
    const result = here.run("litmus", `other/${dialect}.litmus`);
    expectOneComplaint(result, new RegExp(`^quiesce: other/${dialect}\\.litmus:1:1: found a test for \`${dialect}\`, expected \`C\``));
    expect(result.out).toBe("");
  });

  it.each([
    ["r0 = READ_ONCE(*x;", /7:25: found `;`, expected `\)` to close the call of `READ_ONCE`/],
    ["r0 = 1", /8:1: found `}`, expected `;` after the statement/],
    ["WRITE_ONCE(*x);", /7:18: `WRITE_ONCE` takes 2 arguments, found 1/],
    ["for (;;) { }", /7:8: unknown macro `for`: expected one of linux-kernel\.def/],
    ["frobnicate(x);", /7:8: unknown macro `frobnicate`/],
    ["if (r0 { }", /7:15: found `{`, expected `\)` to close the condition of `if`/],
  ])("names line, column and the token expected: %s", (body, line) => {
    here.write("wrong.litmus", `C wrong\n\n{}\n\nP0(int *x)\n{\n       ${body}\n}\n\nexists (x=0)\n`);
    expectOneComplaint(here.run("litmus", "wrong.litmus"), new RegExp(`^quiesce: wrong\\.litmus:${line.source}`));
  });
});

describe("litmus in a kernel tree", () => {
  it("reports model files that are unknown, in one line and in JSON", () => {
    const result = here.run("litmus", "--format", "json", "drifted/t/own.litmus");
    expect(complaints(result)).toHaveLength(1);
    expect(complaints(result)[0]).toMatch(
      /^quiesce: model drift: tools\/memory-model of \S+\/drifted \(linux-kernel\.bell is unknown, linux-kernel\.cat is unknown, lock\.cat is unknown, linux-kernel\.def: my_load is new, linux-kernel\.def: xchg is defined otherwise\): verdicts are for the 6\.12 profile$/,
    );
    const { profile, modelDrift, tests } = JSON.parse(result.out) as { profile: string; modelDrift: string; tests: { observation: string }[] };
    expect({ profile, modelDrift: `quiesce: ${modelDrift}`, observation: tests[0]?.observation }).toEqual({ profile: "6.12", modelDrift: complaints(result)[0], observation: "Always" });
  });

  it("uses the tree's own macros, and only there", () => {
    expect(observations("--kernel", "drifted", "own.litmus")).toEqual(["Always"]);
    expectOneComplaint(here.run("litmus", "own.litmus"), /^quiesce: own\.litmus:7:\d+: unknown macro `my_load`/);
  });

  it("says nothing of a tree without a model, and without a tree", () => {
    expect(complaints(here.run("litmus", "bare/sb.litmus"))).toEqual([]);
    const { modelDrift } = JSON.parse(here.run("litmus", "--format", "json", "sb.litmus").out) as { modelDrift: string | null };
    expect(modelDrift).toBeNull();
  });

  const kernel = findKernel();
  it.skipIf(kernel === undefined)("says nothing of Linux 6.12, and notices one changed line of it", () => {
    const folder = join(here.folder, "copy/tools/memory-model");
    mkdirSync(folder, { recursive: true });
    for (const name of ["Kbuild", "MAINTAINERS"]) here.write(`copy/${name}`, "");
    for (const name of ["linux-kernel.bell", "linux-kernel.cat", "lock.cat", "linux-kernel.def"]) copyFileSync(join(kernel ?? "", "tools/memory-model", name), join(folder, name));
    expect(complaints(here.run("litmus", "--kernel", "copy", "sb.litmus"))).toEqual([]);
    expect(complaints(here.run("litmus", "--kernel", "copy", "--model", "lkmm-6.1", "sb.litmus"))).toEqual([expect.stringMatching(/the model of Linux 6\.12; --model lkmm answers by it\): verdicts are for the 6\.1 profile$/)]);
    here.write("copy/tools/memory-model/linux-kernel.cat", readFileSync(join(folder, "linux-kernel.cat"), "utf8").replace("acyclic hb as happens-before", "(* off *)"));
    expect(complaints(here.run("litmus", "--kernel", "copy", "sb.litmus"))).toEqual([expect.stringMatching(/model drift: \S+ of \S+\/copy \(linux-kernel\.cat is unknown\): verdicts are for the 6\.12 profile$/)]);
  });
});

describe("litmus on hostile files", () => {
  const body = (text: string): string => `C hostile\n{ }\nP0(int *x)\n{\n${text}\n}\nexists (x=1)\n`;
  const nested = "(".repeat(10_000) + "1" + ")".repeat(10_000);
  const digits = "9".repeat(100_000);
  /** Each: the text, and the complaint; `undefined` where there is an answer. */
  const hostile: readonly (readonly [string, string, RegExp])[] = [
    ["10,000 nested parentheses", body(`WRITE_ONCE(*x, ${nested});`), /3?:?\d+:\d+: nested deeper than 200 levels$/],
    ["10,000 nested parentheses in the condition", `C h\n{ }\nP0(int *x) { }\nexists ${"(".repeat(10_000)}x=1${")".repeat(10_000)}\n`, /4:\d+: nested deeper than 200 levels$/],
    ["10,000 nested blocks", body("{".repeat(10_000) + "}".repeat(10_000)), /5:\d+: nested deeper than 200 levels$/],
    ["10,000 nested ifs", body("if (1) ".repeat(10_000) + ";"), /5:\d+: nested deeper than 200 levels$/],
    ["10,000 stars", body(`int r = ${"*".repeat(10_000)}x;`), /5:\d+: nested deeper than 200 levels$/],
    ["10,000 casts", body(`int r = ${"(int)".repeat(10_000)}1;`), /5:\d+: nested deeper than 200 levels$/],
    ["an integer of 100,000 digits", body(`WRITE_ONCE(*x, ${digits});`), /5:16: number of 100000 digits is too large/],
    ["an integer of 70 bits", body("WRITE_ONCE(*x, 1180591620717411303424);"), /5:16: number `1180591620717411303424` is too large: expected one of at most 64 bits$/],
    ["a huge thread number", `C h\n{ }\nP0(int *x) { }\nexists (99999999999999999999999999:r0=1)\n`, /4:9: number of 26 digits is too large/],
    ["a thread number out of turn", `C h\n{ }\nP7(int *x) { }\nexists (x=1)\n`, /3:1: found `P7`, expected `P0`/],
    ["a huge array", `C h\n{ int a[1000000000]; }\nP0(int *a) { }\nexists (true)\n`, /2:8: array of 1000000000 words: expected 1 to 4096$/],
    ["an unclosed comment", `C h\n(* never ends\n{ }\nP0(int *x) { }\n`, /2:1: comment `\(\*` is not closed: expected `\*\)`$/],
    ["a file cut in the middle", storeBuffering("Sometimes").slice(0, 100), /\d+:\d+: found end of file, expected/],
  ];

  it.each(hostile)("%s is one error line", (name, text, line) => {
    here.write("hostile.litmus", text);
    const startMs = performance.now();
    const result = here.run("litmus", "hostile.litmus", "sb.litmus");
    expectOneComplaint(result, new RegExp(`^quiesce: hostile\\.litmus:${line.source}`));
    expect(result.out, name).toMatch(/^Observation SB\+sample Sometimes 1 3$/m);
    expect(performance.now() - startMs).toBeLessThan(20_000);
  });

  const threads = (count: number, text: (k: number) => string): string =>
    `C many\n{ }\n${Array.from({ length: count }, (_, k) => `P${String(k)}(int *x, int *y) { ${text(k)} }`).join("\n")}\nexists (x=${String(count)})\n`;

  const heavy: readonly (readonly [string, string, RegExp])[] = [
    ["40 threads that write and read", threads(40, (k) => `int r; int q; WRITE_ONCE(*x, ${String(k)}); r = READ_ONCE(*y); q = READ_ONCE(*x);`), /limit (executions|time) \d+ met/],
    ["40 threads in one lock", `C locks\n{ }\n${Array.from({ length: 40 }, (_, k) => `P${String(k)}(spinlock_t *l, int *x) { int r; spin_lock(l); r = *x; *x = r + 1; spin_unlock(l); }`).join("\n")}\nexists (x=7)\n`, /limit (executions|time) \d+ met/],
    ["60 branches in a row", body(`int r;\n${"r = READ_ONCE(*x); if (r) { WRITE_ONCE(*x, 2); }\n".repeat(60)}`), /limit (executions|events) \d+ met/],
    ["600 accesses", body("WRITE_ONCE(*x, 1);\n".repeat(600)), /limit events \d+ met/],
  ];

  it.each(heavy)("%s: undecided, with the limit named", (name, text, line) => {
    here.write("heavy.litmus", text);
    const startMs = performance.now();
    const result = here.run("litmus", "--format", "tsv", "--timeout-ms", "1500", "heavy.litmus");
    expect(rows(result)[0]?.[1], name).toBe("Undecided");
    expect(complaints(result)).toEqual([expect.stringMatching(line)]);
    expect(performance.now() - startMs).toBeLessThan(20_000);
    expect(result.err.at(-1)).toBe("1 test: 0 agree with their Result, 0 differ, 1 undecided, 0 refused");
    expectNoStackTrace(result);
  });

  it("a thread that loops for ever is cut as herd7 cuts it, and says Loop", () => {
    here.write("loop.litmus", body("while (1) { WRITE_ONCE(*x, 1); }"));
    const result = here.run("litmus", "loop.litmus");
    expect(result.out).toMatch(/^Loop No$/m);
    expect(result.out).toMatch(/^Observation hostile Never 0 0$/m);
    expectNoStackTrace(result);
  });
});
