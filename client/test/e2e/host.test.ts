/** The tests that run inside the extension host (client/test/host), in the packaged extension and a real VS Code. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostTestReport } from "../host/index.ts";
import { projectRoot } from "./driver/packaged.ts";
import { canRun, example, fixture, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

/** Not in a folder of the system: the host would not find it again. */
const folder = join(projectRoot, ".build/host-tests");

describe.skipIf(!canRun("node"))("in the extension host", () => {
  let session: Session;
  let results: string;
  beforeAll(async () => {
    results = join(mkdtempSync(join(tmpdir(), "quiesce-host-tests-")), "results.json");
    await bundle();
    session = await Session.start({
      files: { "riscv-bond.c": example("riscv-bond.c"), "riscv-bond-posted.c": example("riscv-bond-posted.c"), "lnk.c": fixture("lnk.c"), "lnk.h": fixture("lnk.h") },
      tests: { extension: folder, module: join(folder, "index.cjs"), env: { QUIESCE_HOST_RESULTS: results } },
    });
  });
  afterAll(async () => {
    await session.stop();
    rmSync(join(results, ".."), { recursive: true, force: true });
  });

  test("every test passes", async () => {
    session.watch();
    const report = (): HostTestReport | undefined => {
      try {
        return JSON.parse(readFileSync(results, "utf8")) as HostTestReport;
      } catch {
        // Not there yet, or half written.
        return undefined;
      }
    };
    const { results: rows } = await until("the end of the tests in the extension host", () => (report()?.done ? report() : undefined), { patienceMs: 150_000 });
    for (const { title, ms, error } of rows) console.log(`${error === null ? "passed" : "FAILED"}  ${String(ms).padStart(6)} ms  ${title}`);
    expect(rows.filter(({ error }) => error !== null).map(({ title, error }) => `${title}: ${error}`)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });
});

/** An extension that does nothing but carry the tests; the one under test is installed from its VSIX. */
async function bundle(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { engines } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { readonly engines: { readonly vscode: string } };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "quiesce-host-tests", publisher: "quiesce", version: "0.0.0", engines: { vscode: engines.vscode } }));
  await build({
    entryPoints: [join(projectRoot, "client/test/host/index.ts")], outfile: join(folder, "index.cjs"),
    bundle: true, platform: "node", target: "node20", format: "cjs", external: ["vscode"], sourcemap: "inline", logLevel: "warning",
    // mocha names files by which it would run tests in parallel; these run one after the other.
    logOverride: { "require-resolve-not-external": "silent" },
  });
}
