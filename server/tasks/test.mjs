// `npm test`: everything that CI runs. Ends with one line, `N passed, M failed`, over all runners:
// every test of vitest counts, every other step counts as one.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { requirements } from "./requirements.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const isCi = process.env.CI === "true" || process.env.CI === "1";

/** Every step runs even when an earlier one failed: one run shows all that is wrong. */
const steps = [
  { name: "build", command: ["node", "server/tasks/build.mjs"] },
  { name: "generated files", command: ["node", "server/tasks/gen.mjs", "--check"] },
  { name: "lint", command: ["node", "node_modules/eslint/bin/eslint.js", "."] },
  { name: "types", command: ["node", "node_modules/typescript/bin/tsc", "-b"] },
  { name: "package", command: ["node", "server/tasks/package.mjs"] },
];

const projects = ["layers", "unit", "syntaxes", "cli", "editors", "panel", "package", "e2e", "shared"];

/** Their files need no display and no port of their own: one for each core. Left alone, vitest keeps a core for itself. */
const parallel = new Set(["unit", "cli", "shared"]);

const total = { passed: 0, failed: 0, skipped: 0 };

function heading(text) {
  console.log(`\n== ${text}`);
}

function run([command, ...args], env = {}) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } }).status;
}

function runStep({ name, command }) {
  heading(name);
  const passed = run(command) === 0;
  console.log(passed ? `${name}: passed` : `${name}: FAILED`);
  total[passed ? "passed" : "failed"] += 1;
}

/** Missing requirements skip their tests, with the reason printed here; on CI each is a failure. */
function provideRequirements() {
  heading("what the tests need");
  for (const { name, provide } of requirements) {
    const provided = provide();
    if (typeof provided === "string") {
      console.log(`${name}: ${provided}`);
      continue;
    }
    console.log(`${name}: ${isCi ? "FAILED" : "its tests are skipped"}: ${provided.missing}`);
    if (isCi) total.failed += 1;
  }
}

function runProject(project) {
  heading(`tests: ${project}`);
  const folder = mkdtempSync(join(tmpdir(), "quiesce-test-"));
  const report = join(folder, "report.json");
  try {
    const vitest = ["node", "node_modules/vitest/vitest.mjs", "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...(parallel.has(project) ? [`--maxWorkers=${availableParallelism()}`] : [])];
    const status = run(vitest);
    addCounts(project, status, existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addCounts(project, status, report) {
  if (!report) {
    // vitest itself did not start, or the project has no test file: a check that checked nothing.
    total.failed += 1;
    return;
  }
  // A file that could not be loaded has no tests, but it is not nothing.
  const unloaded = report.testResults.filter(({ status: result, assertionResults }) => result === "failed" && assertionResults.length === 0).length;
  const failed = report.numFailedTests + unloaded;
  total.passed += report.numPassedTests;
  total.failed += failed === 0 && status !== 0 ? 1 : failed;
  total.skipped += report.numPendingTests + report.numTodoTests;
  for (const { assertionResults } of report.testResults) {
    for (const { status: result, fullName } of assertionResults) if (result === "pending" || result === "skipped" || result === "todo") console.log(`skipped: ${fullName.trim()}`);
  }
}

steps.forEach(runStep);
provideRequirements();
projects.forEach(runProject);
console.log("");
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;
