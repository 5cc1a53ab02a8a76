/** Runs inside the extension host: VS Code calls `run`, and every result goes to a file that the outer test reads. */

import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import { findingsSuite } from "./findings.ts";
import { replaySuite } from "./replay.ts";

export type HostTestResult = { readonly title: string; readonly ms: number; readonly error: string | null };

export type HostTestReport = { readonly results: readonly HostTestResult[]; readonly done: boolean };

/** Nothing takes as long unless something is wrong: the machine may do other things too. */
const timeoutMs = 60_000;

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: timeoutMs });
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  findingsSuite();
  replaySuite();
  const results: HostTestResult[] = [];
  const write = (done: boolean): void => {
    const report: HostTestReport = { results, done };
    writeFileSync(process.env.QUIESCE_HOST_RESULTS ?? "", JSON.stringify(report));
  };
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    const note = (test: Mocha.Test, error: string | null): void => {
      results.push({ title: test.fullTitle(), ms: test.duration ?? 0, error });
      write(false);
    };
    runner.on("pass", (test) => note(test, null));
    runner.on("fail", (test: Mocha.Test, error: Error) => note(test, error.stack ?? error.message));
  });
  write(true);
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
