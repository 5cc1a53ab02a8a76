// What `npm run corpus`, `inject` and `noise` share: one bundle of the tool, with the parser's WebAssembly beside it, run as a process.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(import.meta.url);

/** requirements.mjs finds the repository from its own place, so it stays there. */
const requirementsBesideTasks = {
  name: "requirements-beside-tasks",
  setup(plugins) {
    plugins.onResolve({ filter: /requirements\.mjs$/ }, () => ({ path: pathToFileURL(join(root, "server/tasks/requirements.mjs")).href, external: true }));
  },
};

/** Writes server/test/NAME/main.ts as one file, from which its threads start as well; gives the path. */
export async function bundleTool(name, folder) {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}.mjs`);
  await build({ entryPoints: [join(root, `server/test/${name}/main.ts`)], bundle: true, packages: "external", platform: "node", target: "node20", format: "esm", outfile, logLevel: "warning", plugins: [requirementsBesideTasks] });
  copyFileSync(join(dirname(require.resolve("web-tree-sitter")), "web-tree-sitter.wasm"), join(folder, "web-tree-sitter.wasm"));
  copyFileSync(join(dirname(require.resolve("tree-sitter-c/package.json")), "tree-sitter-c.wasm"), join(folder, "tree-sitter-c.wasm"));
  return outfile;
}

/** Runs the tool with the arguments of this process and takes over its exit status. Ctrl-C is the tool's to handle. */
export async function runTool(name) {
  const folder = join(root, `.build/${name}-${process.pid}`);
  process.on("SIGINT", () => undefined);
  try {
    const bundle = await bundleTool(name, folder);
    process.exitCode = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
