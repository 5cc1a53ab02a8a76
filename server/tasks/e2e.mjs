// `npm run e2e [-- HOST] [-- --screenshots] [-- WORD…]`: packs the extension and shows it in real hosts of VS Code.
// HOST is lts (VS Code 1.100 with Node), latest (the newest one), or web; without it lts and web run, as in `npm test`.
// `--screenshots` writes the pictures of the README and the documents; a word picks the test files that hold it.

import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { hostNames, provideHost } from "./hosts.mjs";
import { findChromium, requirements } from "./requirements.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Words of test files that belong to one host; every other file is for the host with Node. */
const webFiles = "client/test/e2e/web";

function main(args) {
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--screenshots");
  if (unknown) return cannot(`there is no option ${unknown}: npm run e2e [-- lts|latest|web] [--screenshots] [WORD…]`);
  const named = hostNames.filter((name) => args.includes(name));
  if (named.length > 1) return cannot(`one host at a time, not ${named.join(" and ")}; none means lts and web`);
  const hosts = named.length > 0 ? named : ["lts", "web"];
  const missing = provide(hosts);
  if (missing) return cannot(missing);
  if (node("server/tasks/package.mjs") !== 0) return 2;
  const words = args.filter((arg) => !arg.startsWith("-") && !hostNames.includes(arg));
  return vitest(hosts, words, args.includes("--screenshots"));
}

function vitest(hosts, words, keepsScreenshots) {
  const isWebAlone = hosts.length === 1 && hosts[0] === "web";
  const files = isWebAlone && words.length === 0 ? [webFiles] : words;
  const without = hosts.includes("web") ? [] : ["--exclude", `${webFiles}*`];
  const env = { ...(hosts.includes("latest") ? { QUIESCE_E2E_HOST: "latest" } : {}), ...(keepsScreenshots ? { QUIESCE_SCREENSHOTS: "docs" } : {}) };
  const startedMs = Date.now();
  const status = node("node_modules/vitest/vitest.mjs", ["run", "--project", "e2e", "--reporter=verbose", ...without, ...files], env);
  console.log(`e2e on ${hosts.join(" and ")}: ${status === 0 ? "passed" : "FAILED"} in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  return status;
}

/** The reason why it cannot be run; undefined when all is there. */
function provide(hosts) {
  const chromium = requirements.find(({ name }) => name === "chromium").provide();
  if (!findChromium()) return chromium.missing;
  for (const name of hosts) {
    const provided = provideHost(name);
    if (typeof provided !== "string") return `host ${name}: ${provided.missing}`;
    console.log(`host ${name}: ${provided}`);
  }
  return undefined;
}

function node(script, args = [], env = {}) {
  return spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit", env: { ...process.env, ...env } }).status ?? 2;
}

function cannot(line) {
  console.error(`quiesce: ${line}`);
  return 2;
}

process.exitCode = main(process.argv.slice(2));
