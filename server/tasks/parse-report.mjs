// `npm run parse-report`: bundles server/test/parse-report/ and runs it on a kernel tree.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { repositoryRoot, requirementsBesideTasks } from "./bundled.mjs";

/** Writes the tool of that folder of server/test as one file and gives its path: its threads start from the same file. */
async function bundleTool(tool, outfile) {
  await build({ entryPoints: [join(repositoryRoot, "server/test", tool, "main.ts")], bundle: true, packages: "external", platform: "node", target: "node20", format: "esm", outfile, logLevel: "warning", plugins: [requirementsBesideTasks] });
  return outfile;
}

/** Runs the tool with these arguments; gives its exit status. */
export async function runTool(tool, args) {
  const bundle = await bundleTool(tool, join(repositoryRoot, `.build/${tool}-${process.pid}.mjs`));
  try {
    return spawnSync(process.execPath, [bundle, ...args], { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(bundle, { force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await runTool("parse-report", process.argv.slice(2));
}
