// `npm run parse-report`: bundles server/test/parse-report/ and runs it on a kernel tree.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Writes the tool of that folder of server/test as one file and gives its path: its threads start from the same file. */
async function bundleTool(tool, outfile) {
  await build({ entryPoints: [join(root, "server/test", tool, "main.ts")], bundle: true, packages: "external", platform: "node", target: "node20", format: "esm", outfile, logLevel: "warning", plugins: [requirementsBesideTasks] });
  return outfile;
}

/** requirements.mjs finds the repository from its own place, so it stays there. */
const requirementsBesideTasks = {
  name: "requirements-beside-tasks",
  setup(plugins) {
    plugins.onResolve({ filter: /requirements\.mjs$/ }, () => ({ path: pathToFileURL(join(root, "server/tasks/requirements.mjs")).href, external: true }));
  },
};

/** Runs the tool with these arguments; gives its exit status. */
export async function runTool(tool, args) {
  const bundle = await bundleTool(tool, join(root, `.build/${tool}-${process.pid}.mjs`));
  try {
    return spawnSync(process.execPath, [bundle, ...args], { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(bundle, { force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await runTool("parse-report", process.argv.slice(2));
}
