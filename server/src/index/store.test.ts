import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { openIndex } from "./index.ts";
import { NamePool } from "./name-pool.ts";
import { encodeNames, NameTable } from "./name-table.ts";
import { refreshHere, type Refreshed } from "./refresh.ts";
import { refreshIndex } from "./refresh-index.ts";
import { controlCell, newControl } from "./scan-files.ts";
import { sortedIds } from "./sort-names.ts";
import { nearestFirst } from "./walk-tree.ts";

const temporary = mkdtempSync(join(tmpdir(), "quiesce-index-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

let kernel: string;
let cacheDir: string;
let count = 0;
beforeEach(() => {
  kernel = join(temporary, `tree-${String(++count)}`);
  cacheDir = join(temporary, `cache-${String(count)}`);
  for (const name of ["a", "b", "c"]) put(`drivers/${name}.c`, `void ${name}(void)\n{\n\tcommon();\n}\n`);
  put("include/x.h", "static inline void common(void) { }\n");
});
afterEach(() => expect(existsSync(join(cacheDir, "index")) ? readdirSync(join(cacheDir, "index")).filter((name) => name.endsWith(".tmp")) : []).toEqual([]));

let clock = 1_000_000;
function put(path: string, text: string): void {
  mkdirSync(dirname(join(kernel, path)), { recursive: true });
  writeFileSync(join(kernel, path), text);
  utimesSync(join(kernel, path), ++clock, clock);
}

const refresh = (filesInJournal?: number): Promise<Refreshed> => refreshHere({ kernel, cacheDir, near: "", control: newControl() }, [], filesInJournal);

function callers(): readonly string[] {
  const opened = openIndex({ kernel, cacheDir });
  if (!opened.ok) throw new Error(opened.error.reason);
  return opened.value.index.callersByName("common").map((fn) => opened.value.index.info(fn).name);
}

const stored = (suffix: string): string => join(cacheDir, "index", readdirSync(join(cacheDir, "index")).find((name) => name.endsWith(suffix))!);

describe("an index", () => {
  it("is made, and then found right", async () => {
    expect(await refresh()).toMatchObject({ read: 4, wrote: "base", isComplete: true });
    expect(callers()).toEqual(["a", "b", "c"]);
    expect(await refresh()).toMatchObject({ read: 0, wrote: "nothing", rebuiltBecause: undefined });
  });

  it("takes changed, new and removed files into a journal, which counts at once", async () => {
    await refresh();
    const base = readFileSync(stored(".index"));
    put("drivers/a.c", "void a2(void)\n{\n\tcommon();\n}\n");
    put("drivers/d.c", "void d(void)\n{\n\tcommon();\n}\n");
    rmSync(join(kernel, "drivers/b.c"));
    expect(await refresh()).toMatchObject({ read: 2, removed: 1, wrote: "journal" });
    expect(callers()).toEqual(["c", "a2", "d"]);
    put("drivers/a.c", "void a3(void)\n{\n\tcommon();\n}\n");
    put("drivers/b.c", "void b(void) { }\n");
    expect(await refresh()).toMatchObject({ read: 2, wrote: "journal" });
    expect(callers()).toEqual(["c", "a3", "d"]);
    expect(readFileSync(stored(".index")).equals(base)).toBe(true);
    expect(await refresh()).toMatchObject({ read: 0, wrote: "nothing" });
  });

  it("is made anew from base and journal when the journal has grown, and is what a fresh one is", async () => {
    await refresh();
    put("drivers/a.c", "void a2(void)\n{\n\tcommon();\n}\n#define M(x) common(x)\n");
    await refresh();
    put("drivers/c.c", "static int c(struct p *p, int n)\n{\n\tcommon(n, p);\n}\nstatic const struct o o = { .f = c };\n");
    expect(await refresh(1)).toMatchObject({ read: 1, wrote: "base" });
    const compacted = openIndex({ kernel, cacheDir });
    cacheDir = `${cacheDir}-fresh`;
    await refresh();
    const fresh = openIndex({ kernel, cacheDir });
    if (!compacted.ok || !fresh.ok) throw new Error("not opened");
    const facts = ({ index }: typeof fresh.value): unknown => ["drivers/a.c", "drivers/b.c", "drivers/c.c", "include/x.h"].map((file) => index.functionsOfFile(file).map((fn) => [index.info(fn), index.callsOf(fn)]));
    expect(facts(compacted.value)).toEqual(facts(fresh.value));
    expect(compacted.value.index.entriesOf("c")).toEqual(fresh.value.index.entriesOf("c"));
    expect(compacted.value.index.counts()).toEqual(fresh.value.index.counts());
  });

  it("is the same bytes for the same files, however many threads read them", async () => {
    await refresh();
    const one = readFileSync(stored(".index"));
    cacheDir = `${cacheDir}-other`;
    const { scanFiles } = await import("./scan-files.ts");
    await refreshHere({ kernel, cacheDir, near: "drivers/b.c", control: newControl() }, [(top, paths, control) => Promise.resolve(scanFiles(top, paths, control))]);
    expect(readFileSync(stored(".index")).equals(one)).toBe(true);
  });

  it("replaces a file by the text of an open document, and leaves the stored one alone", async () => {
    await refresh();
    const opened = openIndex({ kernel, cacheDir });
    if (!opened.ok) throw new Error(opened.error.reason);
    const text = Buffer.from("void edited(void)\n{\n\tcommon();\n}\n");
    const over = opened.value.index.withText("drivers/a.c", text);
    expect(over.callersByName("common").map((fn) => over.info(fn).name)).toEqual(["b", "c", "edited"]);
    expect([over.describes("drivers/a.c", text), opened.value.index.describes("drivers/a.c", text)]).toEqual([true, false]);
    expect(opened.value.index.describes("drivers/b.c", readFileSync(join(kernel, "drivers/b.c")))).toBe(true);
    expect(callers()).toEqual(["a", "b", "c"]);
  });

  it("keeps what was read when it is cancelled, nearest first, and the next refresh reads the rest", async () => {
    for (let i = 0; i < 60; i++) put(`far/f${String(i)}.c`, `void f${String(i)}(void) { }\n`);
    const control = newControl();
    // A helper that cancels after the first batch stands for the person who presses Ctrl-C.
    const { scanFiles } = await import("./scan-files.ts");
    const outcome = await refreshHere({ kernel, cacheDir, near: "drivers/a.c", control }, [
      (top, paths) => {
        const shard = scanFiles(top, paths.slice(0, 3), newControl());
        Atomics.store(control, controlCell.cancel, 1);
        return Promise.resolve(shard);
      },
    ]);
    expect(outcome).toMatchObject({ isComplete: false, wrote: "base", read: 3 });
    expect(callers()).toEqual(["a", "b", "c"]);
    expect(await refresh()).toMatchObject({ read: 61, isComplete: true });
    expect(callers()).toEqual(["a", "b", "c"]);
  });
});

describe("a stored index is not believed", () => {
  const damages: readonly (readonly [string, (bytes: Buffer) => Uint8Array])[] = [
    ["cut short", (bytes) => bytes.subarray(0, bytes.length - 9)],
    ["empty", () => new Uint8Array(0)],
    ["with one bit turned in its columns", (bytes) => ((bytes[bytes.length - 40]! ^= 4), bytes)],
    ["with one bit turned in its head", (bytes) => ((bytes[60]! ^= 1), bytes)],
    ["something else", () => Buffer.from("#!/bin/sh\nexit 1\n".repeat(10))],
    ["of another format", (bytes) => (bytes.writeInt32LE(999, 4), bytes)],
  ];

  it.each(damages)("when it is %s: it is made anew, and says why", async (_, damage) => {
    await refresh();
    writeFileSync(stored(".index"), damage(readFileSync(stored(".index"))));
    expect(openIndex({ kernel, cacheDir })).toMatchObject({ ok: false });
    const again = await refresh();
    expect(again).toMatchObject({ read: 4, wrote: "base" });
    expect(again.rebuiltBecause).toMatch(/\w/);
    expect(callers()).toEqual(["a", "b", "c"]);
  });

  it("at any single byte that was turned", async () => {
    await refresh();
    const good = readFileSync(stored(".index"));
    for (let at = 0; at < good.length; at += 7) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x10;
      writeFileSync(stored(".index"), bad);
      const opened = openIndex({ kernel, cacheDir });
      // Padding and unused cells of the head may be anything: then everything that is read is as it was.
      if (opened.ok) expect(callers(), String(at)).toEqual(["a", "b", "c"]);
    }
  });

  it("when it is about another tree", async () => {
    await refresh();
    const first = stored(".index");
    const bytes = readFileSync(first);
    const other = kernel;
    kernel = join(temporary, "elsewhere");
    put("drivers/z.c", "void z(void) { }\n");
    await refresh();
    writeFileSync(stored(".index").replace(/[^/]+$/, readdirSync(join(cacheDir, "index")).find((name) => name.startsWith("elsewhere"))!), bytes);
    expect(openIndex({ kernel, cacheDir })).toMatchObject({ ok: false, error: { kind: "foreign", reason: `it is about ${other}` } });
  });

  it("nor is a damaged journal, or one of another base: its files are found changed again", async () => {
    await refresh();
    put("drivers/a.c", "void a2(void)\n{\n\tcommon();\n}\n");
    await refresh();
    appendFileSync(stored(".journal"), "x");
    expect(callers()).toEqual(["a", "b", "c"]);
    expect(await refresh()).toMatchObject({ read: 1, wrote: "journal" });
    expect(callers()).toEqual(["b", "c", "a2"]);
  });
});

it("names are sorted as strings are, and found again", () => {
  let seed = 3;
  const random = (n: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
  const names = new Set(["", "a", "aa", "aaa", "ab", "b", "\u00e9"]);
  for (let i = 0; i < 3000; i++) names.add(`${"shared_prefix_".slice(0, random(15))}${"abc\u00ff_".charAt(random(5)).repeat(random(4))}${String(random(300))}`);
  const pool = new NamePool();
  for (const name of names) pool.internText(name);
  const sorted = Array.from(sortedIds(pool.table()), (id) => pool.text(id));
  expect(sorted).toEqual([...names].sort());
  const table = new NameTable(encodeNames(sorted));
  expect(table.all()).toEqual(sorted);
  sorted.forEach((name, id) => expect([table.find(name), table.text(id)]).toEqual([id, name]));
  for (const name of ["~", "aaaa0", "shared_prefix_x"]) expect(table.find(name)).toBe(-1);
  expect(new NameTable(encodeNames([])).find("a")).toBe(-1);
});

it("the nearest folders come first, then headers", () => {
  expect(nearestFirst(["mm/a.c", "include/x.h", "drivers/net/n.c", "drivers/iommu/amd/i.c", "drivers/iommu/c.c"], "drivers/iommu/amd/i.c")).toEqual(["drivers/iommu/amd/i.c", "drivers/iommu/c.c", "drivers/net/n.c", "include/x.h", "mm/a.c"]);
});

describe("on threads of its own", () => {
  const workerFile = join(temporary, "index-worker.cjs");
  const source = join(import.meta.dirname, "refresh-thread.ts");
  const built = build({ entryPoints: [source], outfile: workerFile, bundle: true, platform: "node", format: "cjs", logLevel: "silent" });

  it("reads, tells its progress and answers", async () => {
    await built;
    for (let i = 0; i < 200; i++) put(`far/f${String(i)}.c`, `void f${String(i)}(void) { common(); }\n`);
    expect(await refreshIndex({ kernel, cacheDir, workerFile, jobs: 2, onProgress: () => undefined })).toMatchObject({ read: 204, wrote: "base", isComplete: true });
    expect(callers()).toHaveLength(203);
  });

  it("may be refreshed by several at once, and is whole afterwards", async () => {
    await built;
    for (let i = 0; i < 100; i++) put(`far/f${String(i)}.c`, `void f${String(i)}(void) { common(); }\n`);
    const all = await Promise.all(Array.from({ length: 4 }, () => refreshIndex({ kernel, cacheDir, workerFile, jobs: 2 })));
    expect(all.every(({ isComplete }) => isComplete)).toBe(true);
    expect(callers()).toHaveLength(103);
    put("drivers/a.c", "void a2(void)\n{\n\tcommon();\n}\n");
    await Promise.all(Array.from({ length: 4 }, () => refreshIndex({ kernel, cacheDir, workerFile, jobs: 1 })));
    expect(callers()).toContain("a2");
    expect(callers()).toHaveLength(103);
  });

  it("that are cancelled before they begin write nothing", async () => {
    await built;
    expect(await refreshIndex({ kernel, cacheDir, workerFile, jobs: 1, signal: AbortSignal.abort() })).toMatchObject({ isComplete: false, wrote: "nothing" });
    expect(openIndex({ kernel, cacheDir })).toMatchObject({ ok: false, error: { kind: "missing" } });
  });

  it("that cannot write say so", async () => {
    await built;
    writeFileSync(cacheDir, "a file where the folder should be");
    await expect(refreshIndex({ kernel, cacheDir, workerFile, jobs: 1 })).rejects.toThrow(/EEXIST|ENOTDIR/);
    rmSync(cacheDir);
  });
});
