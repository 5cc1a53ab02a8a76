/*
 * `npm run mutants`: all mutants of all scenarios against the slow enumerator. `-- --quiet` prints the counts only.
 * Exit status 1 when one differs.
 */
import { scenarios } from "../scenarios/index.ts";
import { checkMutant, mutantsOfRow, MutantCounts, whyNoHerd } from "./mutant-check.ts";

const isQuiet = process.argv.includes("--quiet");
console.log(whyNoHerd === undefined ? "compared with the slow enumerator and with herd7" : `compared with the slow enumerator only: ${whyNoHerd}`);
const counts = new MutantCounts();
for (const row of scenarios) {
  counts.rows++;
  const start = performance.now();
  const mutants = mutantsOfRow(row);
  for (const mutant of mutants) {
    const checked = checkMutant(mutant);
    counts.add(checked);
    if (checked.kind === "compared" && checked.differences.length > 0) {
      process.exitCode = 1;
      console.log(`${row.name}, ${mutant.title}: ${checked.differences.join("; ")}`);
    } else if (!isQuiet) console.log(`${row.name}\t${checked.kind === "compared" ? `${checked.verdict} ${checked.reason}`.trimEnd() : `${checked.kind}: ${checked.words}`}\t${mutant.title}`);
  }
  console.error(`${row.name}: ${String(mutants.length)} mutants in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
console.log(counts.line);
