// `npm run mutants`: bundles emulator-core/test/mutants.ts and runs it. `-- --quiet` prints the counts only.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
// Beside its source, as the other tasks.
const bundle = join(root, "emulator-core/test/.mutants.mjs");

try {
  await build({ entryPoints: [join(root, "emulator-core/test/mutants.ts")], bundle: true, platform: "node", target: "node20", format: "esm", outfile: bundle, logLevel: "warning", packages: "external", define: { "import.meta.dirname": JSON.stringify(join(root, "emulator-core/test")), "import.meta.url": JSON.stringify(new URL("requirements.mjs", import.meta.url).href) } });
  process.exitCode = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(bundle, { force: true });
}
