// `npm start [-- PATH…]`: reviews examples/ or the paths, shows every verdict, and replays the first confirmed hazard.
// Finding hazards is what it is for: the status is 0 then, and 2 only when something could not be done.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const cli = join(root, "dist/cli.cjs");

/** npm runs scripts in the package; a path means what it means where the person stands. */
const here = process.env.INIT_CWD ?? process.cwd();

/** Reports of a whole kernel tree; Node's default of 1 MB would cut them. */
const outputBytesMax = 1 << 30;

function quiesce(args) {
  return spawnSync(process.execPath, [cli, ...args], { cwd: root, encoding: "utf8", maxBuffer: outputBytesMax });
}

function main(args) {
  const option = args.find((arg) => arg.startsWith("-"));
  if (option) return cannot(`npm start takes paths only, not ${option} (npx --no quiesce check has options)`);
  if (!existsSync(cli)) return cannot("dist/cli.cjs is not built (npm ci builds it)");
  const paths = args.length > 0 ? args.map((path) => relative(root, resolve(here, path)) || ".") : ["examples"];
  const checked = quiesce(["check", "--evidence", "all", "--format", "json", "--", ...paths]);
  if (checked.stdout === "") {
    process.stderr.write(checked.stderr);
    return 2;
  }
  const { findings } = JSON.parse(checked.stdout);
  for (const finding of findings) printFinding(finding);
  // The summary, and complaints about single paths, belong under the findings.
  process.stderr.write(checked.stderr);
  const isReplayed = replayFirstConfirmed(findings, paths);
  return checked.status === 2 || !isReplayed ? 2 : 0;
}

function printFinding({ file, line, column, severity, message, rule, evidence }) {
  console.log(`${file}:${line}:${column}: ${severity}: ${message} [${rule}, ${evidence.verdict}]`);
  const why = [evidence.reason, evidence.limit ? `limit met: ${evidence.limit.kind} ${evidence.limit.value}` : ""].filter((part) => part);
  for (const part of why) console.log(`    ${part}`);
}

/** true also when there is nothing confirmed to replay. Findings with a class have an execution to show; a path has none. */
function replayFirstConfirmed(findings, paths) {
  const confirmed = findings.filter(({ evidence }) => evidence.verdict === "confirmed" && evidence.class !== "compiler");
  const finding = confirmed.find(({ evidence }) => evidence.class !== null) ?? confirmed[0];
  if (!finding) return true;
  const replayed = quiesce(["emulate", `${locate(finding.file, paths)}:${finding.function}`]);
  process.stderr.write(replayed.stderr);
  if (replayed.status === 0) console.log(`\nThe first confirmed one, replayed:\n\n${replayed.stdout.trimEnd()}`);
  return replayed.status === 0;
}

/** Findings inside a kernel tree are named from its top, which lies somewhere above the paths. */
function locate(file, paths) {
  for (const path of [root, ...paths.map((given) => resolve(root, given))]) {
    for (let folder = path; ; folder = dirname(folder)) {
      if (existsSync(join(folder, file))) return join(folder, file);
      if (dirname(folder) === folder) break;
    }
  }
  return file;
}

function cannot(line) {
  console.error(`quiesce: ${line}`);
  return 2;
}

process.exitCode = main(process.argv.slice(2));
