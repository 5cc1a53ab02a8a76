// `npm run package`: builds, and packs the extension into quiesce-VERSION.vsix in the project's root. One file for every
// platform: what runs is JavaScript and WebAssembly. What goes in is .vscodeignore's to say; a test reads what came out.

import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createVSIX } from "@vscode/vsce";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

export function vsixPath() {
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return join(root, `${name}-${version}.vsix`);
}

async function main() {
  const built = spawnSync(process.execPath, [join(root, "server/tasks/build.mjs")], { cwd: root, stdio: "inherit" });
  if (built.status !== 0) throw new Error("the build failed");
  const packagePath = vsixPath();
  await createVSIX({
    cwd: root,
    packagePath,
    // Bundles hold their dependencies.
    dependencies: false,
    allowMissingRepository: true,
    // There is no repository address to put before them; the pages that the README links to are inside.
    rewriteRelativeLinks: false,
  });
  console.log(`${packagePath}: ${statSync(packagePath).size} bytes`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main();
  } catch (error) {
    console.error(`quiesce: packaging failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
