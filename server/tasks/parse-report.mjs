// `npm run parse-report`: bundles server/test/parse-report/ and runs it on a kernel tree.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = join(root, "server/test/parse-report");

/** Writes the tool as one file and gives its path: its threads start from the same file. */
export async function bundleParseReport(outfile) {
  await build({ entryPoints: [join(folder, "main.ts")], bundle: true, packages: "external", platform: "node", target: "node20", format: "esm", outfile, logLevel: "warning", plugins: [requirementsBesideTasks] });
  return outfile;
}

/** requirements.mjs finds the repository from its own place, so it stays there. */
const requirementsBesideTasks = {
  name: "requirements-beside-tasks",
  setup(plugins) {
    plugins.onResolve({ filter: /requirements\.mjs$/ }, () => ({ path: pathToFileURL(join(root, "server/tasks/requirements.mjs")).href, external: true }));
  },
};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const bundle = await bundleParseReport(join(root, `.build/parse-report-${process.pid}.mjs`));
  try {
    process.exitCode = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(bundle, { force: true });
  }
}
