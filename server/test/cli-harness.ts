/** Runs the built command line in a folder of its own. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect } from "vitest";

export const cliPath = resolve(import.meta.dirname, "../../dist/cli.cjs");

export type CliResult = { readonly status: number | null; readonly out: string; readonly err: readonly string[] };

export type Workspace = {
  readonly folder: string;
  readonly write: (file: string, content: string | Uint8Array) => string;
  readonly run: (...args: string[]) => CliResult;
  /** Interrupts (SIGINT) as soon as stderr matches. */
  readonly interrupt: (when: RegExp, ...args: string[]) => Promise<CliResult>;
  readonly remove: () => void;
};

export function workspace(files: Readonly<Record<string, string | Uint8Array>> = {}): Workspace {
  if (!existsSync(cliPath)) throw new Error("dist/cli.cjs is not built: npm run build");
  const folder = mkdtempSync(join(tmpdir(), "quiesce-cli-"));
  const write = (file: string, content: string | Uint8Array): string => {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  for (const [file, content] of Object.entries(files)) write(file, content);
  return {
    folder,
    write,
    run(...args) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [cliPath, ...args], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
      return { status, out: stdout, err: linesOf(stderr) };
    },
    interrupt: (when, ...args) =>
      new Promise((done) => {
        const child = spawn(process.execPath, [cliPath, ...args], { cwd: folder });
        let out = "";
        let err = "";
        let isInterrupted = false;
        child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on("data", (chunk: Buffer) => {
          err += chunk.toString();
          if (isInterrupted || !when.test(err)) return;
          isInterrupted = true;
          child.kill("SIGINT");
        });
        child.on("close", (status) => done({ status, out, err: linesOf(err) }));
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Complaints of ours; the summary line is not one. */
export function complaints(result: CliResult): readonly string[] {
  return result.err.filter((line) => line.startsWith("quiesce: "));
}

/** Neither Node's stack traces nor our own sources may ever reach the user. */
export function expectNoStackTrace(result: CliResult): void {
  const all = `${result.out}\n${result.err.join("\n")}`;
  expect(all).not.toMatch(/^\s+at \S+ ?\(|node:internal|cli\.cjs:\d|worker\.cjs:\d|UnhandledPromise/m);
}

/** One complaint, with the status that goes with it, and nothing that looks like a crash. */
export function expectOneComplaint(result: CliResult, expected: RegExp, status = 2): void {
  expectNoStackTrace(result);
  expect(complaints(result)).toHaveLength(1);
  expect(complaints(result)[0]).toMatch(expected);
  expect(complaints(result)[0]).not.toMatch(/broke down/);
  expect(result.status).toBe(status);
}
