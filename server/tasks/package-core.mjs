// `npm run package-core [-- FOLDER]`: emulator-core as a package of its own in dist/emulator-core or FOLDER: one ES module,
// its types, no dependency; for Node, browsers and workers alike. `npm pack FOLDER` makes the archive.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const core = join(root, "emulator-core");

function manifest() {
  const { version, license, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    name: "quiesce-emulator-core",
    description: "Decides what a small concurrent program may do under the Linux kernel memory model.",
    version,
    license,
    type: "module",
    sideEffects: false,
    engines: { node: engines.node },
    exports: { ".": { types: "./types/index.d.ts", default: "./index.js" } },
    files: ["index.js", "types"],
  };
}

/** Declarations import each other as the sources do; a package has no sources. */
function copyTypes(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".d.ts")) continue;
    const path = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readFileSync(path, "utf8").replaceAll(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, "$1$2.js$1").replaceAll(/\n?\/\/# sourceMappingURL=.*/g, ""));
  }
}

export async function packageCore(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const types = join(folder, "types");
  // A build of its own: what the incremental one wrote may be older than the sources.
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const emitted = join(folder, ".types");
  execFileSync(process.execPath, [compiler, "-p", core, "--composite", "false", "--incremental", "false", "--tsBuildInfoFile", "null", "--outDir", emitted], { cwd: root, stdio: "inherit" });
  copyTypes(emitted, types);
  rmSync(emitted, { recursive: true });
  await build({ absWorkingDir: root, entryPoints: [join(core, "src/index.ts")], bundle: true, platform: "neutral", format: "esm", target: "es2022", outfile: join(folder, "index.js"), legalComments: "none", logLevel: "warning" });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  writeFileSync(join(folder, "README.md"), readFileSync(join(core, "README.md"), "utf8").replaceAll('"./src/index.ts"', '"quiesce-emulator-core"'));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(root, "dist/emulator-core"));
  await packageCore(folder);
  console.log(relative(process.cwd(), folder) || ".");
}
