// `npm run seeds`: bundles emulator-core/test/seeds.ts and runs it. `-- --export DIR` writes every scenario as a litmus test.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
// Beside its source: it finds ../shared from there.
const bundle = join(root, "emulator-core/test/.seeds.mjs");

try {
  await build({ entryPoints: [join(root, "emulator-core/test/seeds.ts")], bundle: true, platform: "node", target: "node20", format: "esm", outfile: bundle, logLevel: "warning", define: { "import.meta.dirname": JSON.stringify(join(root, "emulator-core/test")) } });
  process.exitCode = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(bundle, { force: true });
}
