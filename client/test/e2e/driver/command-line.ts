import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "./packaged.ts";

/** stdout of the command line that the same checkout builds, as a reviewer runs it in the workspace. */
export function quiesce(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot, "dist/cli.cjs"), ...args], { cwd, encoding: "utf8" });
  if (status === null || status > 1) throw new Error(`quiesce ${args.join(" ")}: ${stderr}`);
  return stdout;
}
