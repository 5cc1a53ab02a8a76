/** The tables of `npm run inject`, and its last line. */

import { percent, tableOf } from "../reviewing/table.ts";
import type { Site, Tried } from "./run.ts";
import { operators } from "./operators.ts";

/** `places`: what could have been broken. */
export function listOf(places: readonly Site[]): string {
  const rows = operators.map(({ name, rules }) => {
    const own = places.filter(({ operator }) => operator === name);
    const count = (wanted: (neutral: string) => boolean): string => String(own.filter(({ neutral }) => wanted(neutral)).length);
    return [name, count((neutral) => neutral === ""), count((neutral) => neutral !== "" && neutral !== "?"), count((neutral) => neutral === "?"), rules.join(", ")];
  });
  return tableOf(["operator", "bugs", "harmless", "not told", "rules that would be right"], rows);
}

export function reportOf(tried: readonly Tried[], explain: boolean): string {
  const bugs = tried.filter(({ site }) => site.neutral === "");
  const harmless = tried.filter(({ site }) => site.neutral !== "");
  const names = [...new Set(tried.map(({ site }) => site.operator))].sort();
  const rows = names.map((name) => {
    const own = bugs.filter(({ site }) => site.operator === name);
    const twins = harmless.filter(({ site }) => site.operator === name);
    return [name, String(own.length), share(own, isFlagged), share(own, isConfirmed), String(own.filter(isNoted).length), String(own.filter((one) => "failed" in one).length), String(twins.length), String(twins.filter(isFlagged).length), String(twins.filter(isConfirmed).length)];
  });
  const count = (one: (tried: Tried) => boolean): number => bugs.filter(one).length;
  const noted = bugs.filter(({ site }) => operators.find(({ name }) => name === site.operator)?.isNote === true);
  const reported = harmless.filter(isFlagged);
  return [
    tableOf(["operator", "injected", "flagged", "confirmed", "by a note", "not reviewed", "harmless", "false reports", "confirmed ones"], rows),
    ...tried.flatMap((one) => ("failed" in one ? [`not reviewed: ${placeOf(one)}: ${one.failed}`] : [])),
    ...reported.map((one) => `false report: ${placeOf(one)}, harmless because: ${one.site.neutral}; ${"judged" in one ? one.judged.said : ""}`),
    ...(explain ? bugs.filter((one) => isFlagged(one) && !isConfirmed(one)).map((one) => `undecided: ${placeOf(one)}: ${"judged" in one ? one.judged.said : ""}`) : []),
    ...(explain ? bugs.filter((one) => !isFlagged(one) && "judged" in one).map((one) => `missed: ${placeOf(one)}${"judged" in one && one.judged.said !== "" ? `: ${one.judged.said}` : ""}`) : []),
    `false reports on harmless injections: ${String(reported.length)} of ${String(harmless.length)}, ${String(reported.filter(isConfirmed).length)} of them confirmed`,
    ...(noted.length === 0 || noted.length === bugs.length ? [] : [`of ${String(noted.length)} that are notes at most (${[...new Set(noted.map(({ site }) => site.operator))].join(", ")}) ${String(noted.filter(isNoted).length)} are said by one; without them ${totalOf(bugs.filter((one) => !noted.includes(one)))}`]),
    `${String(count(isNoted))} more are said by a note alone, and do not count as flagged`,
    // The last line is what scripts read (contract, section 6).
    `injected ${String(bugs.length)}: flagged ${String(count(isFlagged))} (${percent(count(isFlagged), bugs.length)}), confirmed ${String(count(isConfirmed))} (${percent(count(isConfirmed), bugs.length)})`,
  ].join("\n");
}

function totalOf(bugs: readonly Tried[]): string {
  return `${String(bugs.length)}: flagged ${share(bugs, isFlagged)}, confirmed ${share(bugs, isConfirmed)}`;
}

function placeOf({ site }: Tried): string {
  return `${site.file}:${String(site.line)} ${site.function}() ${site.operator}`;
}

function share(own: readonly Tried[], counts: (one: Tried) => boolean): string {
  const number = own.filter(counts).length;
  return `${String(number)} (${percent(number, own.length)})`;
}

const isFlagged = (one: Tried): boolean => "judged" in one && (one.judged.verdict === "flagged" || one.judged.verdict === "confirmed");
const isNoted = (one: Tried): boolean => "judged" in one && one.judged.verdict === "noted";
const isConfirmed = (one: Tried): boolean => "judged" in one && one.judged.verdict === "confirmed";
