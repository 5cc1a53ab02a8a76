// Builds what ships: CommonJS bundles in dist/ and, beside them, the two WebAssembly files of the parser.
// `npm ci` runs this as `prepare`, so it needs neither a compiler nor anything that is not in package.json.

import { chmodSync, copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const dist = join(root, "dist");
const require = createRequire(import.meta.url);

/** CommonJS has no import.meta.url; every bundle gets the address of its own file instead. */
const bundleUrl = 'const quiesceBundleUrl = require("node:url").pathToFileURL(__filename).href;';

/** tinypool starts its worker from a file of its own package; in a bundle that file stands in dist/. */
const tinypoolWorkerBesideBundle = {
  name: "tinypool-worker-beside-bundle",
  setup(build) {
    build.onLoad({ filter: /[\\/]tinypool[\\/]dist[\\/]index\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const lookup = 'fileURLToPath(import.meta.url + "/../entry/worker.js")';
      if (!text.includes(lookup)) throw new Error(`tinypool no longer finds its worker by ${lookup}; mend server/tasks/build.mjs`);
      return { contents: text.replace(lookup, '(__dirname + "/pool-worker.cjs")'), loader: "js" };
    });
  },
};

/** Read by server/src/syntax/web-wasm.ts. */
const deflatedWasm = {
  name: "deflated-wasm",
  setup(build) {
    build.onLoad({ filter: /\.wasm$/ }, ({ path }) => ({ contents: deflateRawSync(readFileSync(path), { level: 9 }), loader: "binary" }));
  },
};

function version() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

/**
 * Options shared by every Node bundle; gen.mjs reads rule metadata through them as well.
 * web-tree-sitter must be its CommonJS build: the ESM one loses its own address in a bundle and every parse fails.
 */
export function nodeBundle() {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: bundleUrl },
    define: { "import.meta.url": "quiesceBundleUrl", "process.env.QUIESCE_VERSION": JSON.stringify(version()) },
    alias: { "web-tree-sitter": require.resolve("web-tree-sitter") },
    plugins: [tinypoolWorkerBesideBundle],
    legalComments: "none",
    logLevel: "warning",
  };
}

/**
 * A classic worker: one file with the WebAssembly in it. web-tree-sitter reads `import.meta.url` to find a file that it
 * is given as bytes here, and asks for node modules only in Node.
 */
function webBundle() {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: "browser",
    target: "es2023",
    format: "iife",
    minify: true,
    define: { "import.meta.url": '"file:///server.web.js"', "process.env.QUIESCE_VERSION": JSON.stringify(version()) },
    external: ["module", "fs", "fs/promises"],
    legalComments: "none",
    logLevel: "warning",
  };
}

/** The extension's two halves and the page of its panel; VS Code itself is there when they run. */
function clientBundles() {
  const shared = { absWorkingDir: root, bundle: true, minify: true, legalComments: "none", logLevel: "warning" };
  const extension = { ...shared, format: "cjs", external: ["vscode"] };
  return [
    { ...extension, platform: "node", target: "node20", entryPoints: ["client/src/node/main.ts"], outfile: "dist/client.cjs" },
    // The web host appends `.js` to every name that does not end with it.
    { ...extension, platform: "browser", target: "es2022", define: { global: "globalThis" }, entryPoints: ["client/src/web/main.ts"], outfile: "dist/client.web.js" },
    { ...shared, platform: "browser", target: "es2022", format: "iife", entryPoints: ["client/webview/replay.ts"], outfile: "dist/replay.js" },
    { ...shared, entryPoints: ["client/webview/replay.css"], outfile: "dist/replay.css" },
  ];
}

async function bundles(esbuild) {
  const { withoutExamples } = await import("./without-examples.mjs");
  const tinypoolWorker = join(dirname(require.resolve("tinypool")), "entry/worker.js");
  const build = (entry, outfile, extra = {}) => esbuild.build({ ...nodeBundle(), entryPoints: [entry], outfile: join("dist", outfile), ...extra });
  const shebang = { banner: { js: `#!/usr/bin/env node\n${bundleUrl}` } };
  await Promise.all([
    build("server/src/cli/main.ts", "cli.cjs", shebang),
    build("server/src/cli/worker.ts", "worker.cjs"),
    build("server/src/index/refresh-thread.ts", "index-worker.cjs"),
    // These two are in the VSIX, where every byte is downloaded.
    build("server/src/lsp/main.ts", "server.cjs", { minify: true, plugins: [...nodeBundle().plugins, withoutExamples] }),
    build("server/src/lsp/review-worker.ts", "review-worker.cjs", { minify: true, plugins: [...nodeBundle().plugins, withoutExamples] }),
    esbuild.build({ ...webBundle(), plugins: [deflatedWasm, withoutExamples], entryPoints: ["server/src/lsp/web-main.ts"], outfile: "dist/server.web.js" }),
    build(tinypoolWorker, "pool-worker.cjs"),
    ...clientBundles().map((options) => esbuild.build(options)),
  ]);
}

function copyWasm() {
  copyFileSync(require.resolve("web-tree-sitter/web-tree-sitter.wasm"), join(dist, "web-tree-sitter.wasm"));
  copyFileSync(join(dirname(require.resolve("tree-sitter-c/package.json")), "tree-sitter-c.wasm"), join(dist, "tree-sitter-c.wasm"));
}

/**
 * npm links the bins of dependencies, not of the package itself; without this link `npx --no quiesce`
 * in a checkout would look for a package of that name. On Windows a link needs rights that few have,
 * so there a .cmd stands in its place.
 */
function linkBin() {
  const bin = join(root, "node_modules/.bin");
  if (!existsSync(bin)) return;
  if (process.platform === "win32") {
    writeFileSync(join(bin, "quiesce.cmd"), '@node "%~dp0\\..\\..\\dist\\cli.cjs" %*\r\n');
    return;
  }
  const link = join(bin, "quiesce");
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync("../../dist/cli.cjs", link);
}

async function main() {
  const esbuild = await import("esbuild").catch(() => undefined);
  if (!esbuild) {
    // `npm ci --omit=dev` also runs `prepare`; then there is nothing to build with and an existing dist/ serves.
    console.error("quiesce: dist/ is not built: esbuild is not installed (npm ci without --omit=dev installs it)");
    return;
  }
  // Files are written over, never removed first: an editor's server may be running from dist/ right now.
  mkdirSync(dist, { recursive: true });
  await bundles(esbuild);
  copyWasm();
  chmodSync(join(dist, "cli.cjs"), 0o755);
  linkBin();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await main();
  } catch (error) {
    console.error(`quiesce: the build failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
