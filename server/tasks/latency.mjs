// `npm run latency`: bundles server/test/latency/ and runs it on files of a kernel tree.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { repositoryRoot, requirementsBesideTasks } from "./bundled.mjs";

const bundle = join(repositoryRoot, `.build/latency-${process.pid}.mjs`);
try {
  await build({ entryPoints: [join(repositoryRoot, "server/test/latency/main.ts")], bundle: true, packages: "external", platform: "node", target: "node20", format: "esm", outfile: bundle, logLevel: "warning", plugins: [requirementsBesideTasks] });
  process.exitCode = spawnSync(process.execPath, ["--expose-gc", bundle, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(bundle, { force: true });
}
