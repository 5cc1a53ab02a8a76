// What some tests need from outside the repository, found or, where that is allowed, installed.
// Tests call `find…` and skip without it; `npm test` calls `provide…` first and prints what is missing and why.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findHost, provideHost } from "./hosts.mjs";

export { findHost };

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const shared = join(root, "../shared");
const kernelSeries = "6.12";

/** The folder beside the repository with oracle data and corpus; undefined when it is not there. */
export function findShared() {
  return existsSync(join(shared, "oracle")) ? shared : undefined;
}

/** The drivers of ours that show what is found. */
export function findExamples() {
  return join(root, "examples");
}

/** A Linux 6.12 source tree; undefined when it is not there. */
export function findKernel() {
  const trees = [process.env.QUIESCE_KERNEL, join(linuxSources(), kernelSeries, `linux-source-${kernelSeries}`)];
  return trees.find((tree) => tree && existsSync(join(tree, "MAINTAINERS")));
}

/** A Linux 6.1 source tree, which nothing installs; undefined when it is not there. */
export function findOlderKernel() {
  const folders = existsSync(linuxSources()) ? readdirSync(linuxSources()).filter((folder) => /^6\.1(?:$|[.-])/.test(folder)).sort() : [];
  return folders.map((folder) => join(linuxSources(), folder, "linux-source-6.1")).findLast((tree) => existsSync(join(tree, "MAINTAINERS")));
}

function linuxSources() {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "linux-source");
}

/** The path of neovim; undefined when it is not installed. */
export function findNeovim() {
  return findCommand("nvim");
}

/** The path of herd7, which nothing installs; undefined when it is not there. */
export function findHerd7() {
  return findCommand("herd7");
}

/** The path of a Chromium that can be driven; undefined when none is installed. */
export function findChromium() {
  const named = process.env.QUIESCE_CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"].map(findCommand).find((path) => path);
}

/** The path of Universal Ctags (another ctags has other options); undefined when it is not installed. */
export function findCtags() {
  const found = ["ctags-universal", "ctags"].map(findCommand).find((path) => path);
  return found && spawnSync(found, ["--version"], { encoding: "utf8" }).stdout?.includes("Universal Ctags") ? found : undefined;
}

function findCommand(name) {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

function mayInstall() {
  return process.getuid?.() === 0 && spawnSync("sh", ["-c", "command -v apt-get"]).status === 0;
}

const noApt = "not installed, and only root with apt-get could install it";

/** Each: its name, what it is for, and `provide`, which answers with a path or with the reason it is missing. */
export const requirements = [
  {
    name: "shared",
    provide: () => findShared() ?? { missing: "the folder ../shared is not beside the repository" },
  },
  {
    name: "kernel",
    provide() {
      const found = findKernel();
      if (found) return found;
      const getKernel = join(shared, "corpus/get-kernel");
      if (!existsSync(getKernel)) return { missing: "../shared/corpus/get-kernel is not there" };
      if (!mayInstall()) return { missing: `Linux ${kernelSeries} source: ${noApt}` };
      return tried(() => execFileSync("bash", [getKernel, kernelSeries], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim());
    },
  },
  { name: "ctags", provide: () => findCtags() ?? fromDebian("universal-ctags", findCtags) },
  { name: "neovim", provide: () => findNeovim() ?? fromDebian("neovim", findNeovim) },
  { name: "chromium", provide: () => findChromium() ?? fromDebian("chromium", findChromium) },
  ...["lts", "web"].map((name) => ({
    name: `host ${name}`,
    // 400 MB that nobody could look at.
    provide: () => (findChromium() ? provideHost(name) : { missing: "there is no chromium to show it" }),
  })),
];

function fromDebian(name, find) {
  if (!mayInstall()) return { missing: `${name}: ${noApt}` };
  return tried(() => {
    const install = `apt-get install -y -qq --no-install-recommends ${name}`;
    execFileSync("sh", ["-c", `${install} || { apt-get update -qq && ${install}; }`], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    return find() ?? { missing: `${name}: apt-get installed it, but the command is not there` };
  });
}

function tried(install) {
  try {
    return install();
  } catch (error) {
    return { missing: `apt failed: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}` };
  }
}
