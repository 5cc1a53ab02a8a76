// `node server/tasks/gen-macros.mjs --kernel DIR`: writes server/src/syntax/macro-snapshot.ts from the headers of that tree.
// It needs a kernel, so it is no part of `npm run gen`; a test compares the file with the tree that it names, where that is there.

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { nodeBundle } from "./build.mjs";
import { findKernel } from "./requirements.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const file = join(root, "server/src/syntax/macro-snapshot.ts");

/** "6.12.1", as the tree's Makefile has it. */
export function kernelVersion(kernel) {
  const makefile = readFileSync(join(kernel, "Makefile"), "utf8");
  return ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map((name) => new RegExp(`^${name} = (\\d+)$`, "m").exec(makefile)?.[1] ?? "0").join(".");
}

/** The release that the shipped snapshot was made from. */
export function snapshotVersion() {
  return /Linux ([\d.]+)/.exec(readFileSync(file, "utf8"))?.[1];
}

export function shippedSnapshot() {
  return readFileSync(file, "utf8");
}

/** The text of the snapshot for a tree. */
export async function snapshotOf(kernel) {
  const { discoverMacros, looksLikeLoop } = await discovery();
  const folder = join(kernel, "include");
  const headers = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".h"));
  const { attributes, attributeCalls, loops } = discoverMacros(headers.map((name) => readFileSync(join(folder, name), "utf8")));
  const unknown = loops.filter((name) => !looksLikeLoop.test(name));
  return [
    `// Generated from include/ of Linux ${kernelVersion(kernel)} by server/tasks/gen-macros.mjs; do not edit.`,
    "",
    'const words = (lines: readonly string[]): readonly string[] => lines.flatMap((line) => line.split(" "));',
    "",
    "/** Names only; of the loops those that do not say so in their name. */",
    "export const snapshot = {",
    list("attributes", attributes),
    list("attributeCalls", attributeCalls),
    list("loops", unknown),
    "};",
    "",
  ].join("\n");
}

async function discovery() {
  const temporary = mkdtempSync(join(tmpdir(), "quiesce-gen-"));
  const outfile = join(temporary, "discovery.cjs");
  const contents = 'export { discoverMacros } from "./discover-macros.ts"; export { looksLikeLoop } from "./loop-names.ts";';
  try {
    await build({ ...nodeBundle(), stdin: { contents, resolveDir: join(root, "server/src/syntax"), loader: "ts" }, outfile });
    return createRequire(import.meta.url)(outfile);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Lines of about a hundred characters. */
function list(key, names) {
  const lines = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length > 100) lines.push(name);
    else lines[lines.length - 1] = `${last} ${name}`;
  }
  return [`  ${key}: words([`, ...lines.map((line) => `    "${line}",`), "  ]),"].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const at = process.argv.indexOf("--kernel");
  const kernel = at < 0 ? findKernel() : process.argv[at + 1];
  if (!kernel) {
    console.error("gen-macros: no kernel tree: name one with --kernel");
    process.exitCode = 2;
  } else {
    writeFileSync(file, await snapshotOf(kernel));
    console.log(`server/src/syntax/macro-snapshot.ts: macros of Linux ${kernelVersion(kernel)}`);
  }
}
