// A second real client: neovim, with the snippet of docs/other-editors.md as it stands there.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { findNeovim } from "../tasks/requirements.mjs";
import { cliPath } from "./cli-harness.ts";
import { hazardousDriver } from "./cli-samples.ts";

type Result = { readonly failure?: string; readonly messages: readonly string[]; readonly actions: readonly string[]; readonly left: readonly string[]; readonly replay: string; readonly verdict_ms: number; readonly clean_ms: number };

const testTimeoutMs = 180_000;
const snippet = /```lua\n([\s\S]*?)```/.exec(readFileSync(resolve(import.meta.dirname, "../../docs/other-editors.md"), "utf8"))?.[1] ?? "";

const rcuHead = "\tstruct rcu_head rcu;\n";
const structText = hazardousDriver.slice(hazardousDriver.indexOf("struct sample_bond {"), hazardousDriver.indexOf("struct sample_domain {")).trimEnd();
const header = `#include <linux/list.h>\n\n${structText.replace(rcuHead, "")}\n`;

function runNeovim(files: Readonly<Record<string, string>>): { readonly result: Result; readonly read: (file: string) => string; readonly output: string } {
  const folder = mkdtempSync(join(tmpdir(), "quiesce-neovim-"));
  try {
    mkdirSync(join(folder, "bin"));
    symlinkSync(cliPath, join(folder, "bin/quiesce"));
    writeFileSync(join(folder, "quiesce.lua"), snippet);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    const args = ["--headless", "--clean", "-n", "--cmd", "filetype on", "-c", "luafile quiesce.lua", "-c", `luafile ${join(import.meta.dirname, "neovim.lua")}`];
    const env = { ...process.env, PATH: [join(folder, "bin"), dirname(process.execPath), process.env.PATH].join(delimiter), XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder, FILE: "driver.c", RESULT: join(folder, "result.json") };
    const { stdout, stderr, error } = spawnSync("nvim", args, { cwd: folder, env, encoding: "utf8", timeout: testTimeoutMs - 10_000 });
    if (error !== undefined) throw error;
    const texts = new Map(Object.keys(files).map((file) => [file, readFileSync(join(folder, file), "utf8")]));
    const output = `${stdout}${stderr}`;
    let result: Result;
    try {
      result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as Result;
    } catch {
      throw new Error(`neovim left no result:\n${output}`);
    }
    return { result, read: (file) => texts.get(file) ?? "", output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("neovim", () => {
  // With CI=true the tests run without it as well, and fail.
  const isSkipped = findNeovim() === undefined && process.env.CI !== "true";
  if (isSkipped) console.log("skipped: neovim is not installed (apt-get install neovim)");

  it("shows the verdict, replays, applies the fix, and the file on disk is clean", { skip: isSkipped, timeout: testTimeoutMs }, () => {
    const { result, read, output } = runNeovim({ "driver.c": hazardousDriver });
    expect(result.failure, output).toBeUndefined();
    expect(result.messages).toEqual([expect.stringMatching(/^bond is freed while sample_flush .*\nconfirmed: /)]);
    expect(result.actions[0]).toBe("Free bond with kfree_rcu()");
    expect(result.replay).toMatch(/^CONFIRMED: bond is freed/);
    expect(read("driver.c")).toContain("\tkfree_rcu(bond, rcu);\n");
    expect(read("driver.c")).not.toContain("kfree(bond)");
    expect(result.left).toEqual([]);
    console.log(`neovim: verdict after ${String(result.verdict_ms)} ms, clean file after ${String(result.clean_ms)} ms`);
  });

  it("applies a fix that reaches into a header", { skip: isSkipped, timeout: testTimeoutMs }, () => {
    const { result, read, output } = runNeovim({ "driver.c": hazardousDriver.replace(structText, '#include "sample.h"'), "sample.h": header });
    expect(result.failure, output).toBeUndefined();
    expect(read("driver.c")).toContain("kfree_rcu(bond, rcu);");
    expect(read("sample.h")).toContain(rcuHead);
    expect(result.left).toEqual([]);
  });
});
