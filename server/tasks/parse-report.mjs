// `npm run parse-report`: bundles server/test/parse-report/ and runs it on a kernel tree.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { repositoryRoot, requirementsBesideTasks } from "./bundled.mjs";

const folder = join(repositoryRoot, "server/test/parse-report");

/** Writes the tool as one file and gives its path: its threads start from the same file. */
export async function bundleParseReport(outfile) {
  await build({ entryPoints: [join(folder, "main.ts")], bundle: true, packages: "external", platform: "node", target: "node20", format: "esm", outfile, logLevel: "warning", plugins: [requirementsBesideTasks] });
  return outfile;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const bundle = await bundleParseReport(join(repositoryRoot, `.build/parse-report-${process.pid}.mjs`));
  try {
    process.exitCode = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(bundle, { force: true });
  }
}
