/** What `quiesce index` answers: as text for people and as data for scripts, from the same values. */

import { callersOf, domainRoles, entriesReaching, type Entry, type Fact, type FunctionId, type KernelIndex, Resolver, type Step, Summaries, type Summary } from "../index/index.ts";
import { compareText, plural } from "./terminal.ts";

/** `name` may be FILE:FUNCTION where several functions have the name. */
export type IndexQuestion = { readonly kind: "callers" | "entries" | "ops"; readonly name: string };

export type IndexAnswer = { readonly text: string; readonly data: object; readonly problem?: string };

export function answerTo(index: KernelIndex, { kind, name }: IndexQuestion): IndexAnswer {
  return kind === "ops" ? opsAnswer(index, name) : functionAnswer(index, kind, name);
}

function functionAnswer(index: KernelIndex, kind: "callers" | "entries", asked: string): IndexAnswer {
  const colon = asked.lastIndexOf(":");
  const name = asked.slice(colon + 1);
  const functions = index.functionsNamed(name).filter((fn) => colon < 0 || index.fileOf(fn) === asked.slice(0, colon));
  const resolver = new Resolver(index);
  if (functions.length === 0) return kind === "callers" ? strangerAnswer(index, asked, name) : { text: "", data: {}, problem: `no function ${asked} in this tree` };
  const sections = functions.map((fn) => (kind === "callers" ? callersSection(index, resolver, fn) : entriesSection(index, resolver, new Summaries(index, resolver), fn)));
  return { text: sections.map(({ text }) => text).join("\n"), data: { version: 1, [kind]: sections.map(({ data }) => data) } };
}

/** A name that is called and defined nowhere: a macro that pastes, or an assembler function. */
function strangerAnswer(index: KernelIndex, asked: string, name: string): IndexAnswer {
  const callers = index.callersByName(name).map((fn) => placeOf(index, fn));
  if (callers.length === 0) return { text: "", data: {}, problem: `no function ${asked} in this tree, and nothing calls it` };
  const text = `${name}: not defined in this tree; ${plural(callers.length, "caller")}\n${callers.map((at) => `  ${at.file}:${String(at.line)}: ${at.function}\n`).join("")}`;
  return { text, data: { version: 1, callers: [{ function: name, callers }] } };
}

type Section = { readonly text: string; readonly data: object };

function placeOf(index: KernelIndex, fn: FunctionId, line?: number): { readonly function: string; readonly file: string; readonly line: number } {
  const info = index.info(fn);
  return { function: info.name, file: info.file, line: line ?? info.line };
}

function callersSection(index: KernelIndex, resolver: Resolver, fn: FunctionId): Section {
  const callers = callersOf(index, resolver, fn)
    .map(({ fn: caller, line, isPassed, confidence }) => ({ ...placeOf(index, caller, line), passed: isPassed, confidence }))
    .sort((a, b) => compareText(a.file, b.file) || a.line - b.line);
  const place = placeOf(index, fn);
  const head = `${place.function} (${place.file}:${String(place.line)}): ${plural(callers.length, "caller")}\n`;
  const text = callers.map((at) => `  ${at.file}:${String(at.line)}: ${at.function}${at.passed ? " hands it on" : ""} [${at.confidence}]\n`).join("");
  return { text: head + text, data: { ...place, callers } };
}

function entriesSection(index: KernelIndex, resolver: Resolver, summaries: Summaries, fn: FunctionId): Section {
  const reach = entriesReaching(index, resolver, fn);
  const place = placeOf(index, fn);
  const summary = summaries.of(fn);
  const steps = (path: readonly Step[]): readonly object[] => path.map(({ fn: at, line }) => placeOf(index, at, line));
  const entries = reach.entries.map(({ entry, path, confidence }) => ({ ...entry, roles: rolesOf(index, entry), confidence, path: steps(path) }));
  const lines = reach.entries.map(({ entry, path, confidence }) => `  ${entryName(index, entry)}  ${entry.file}:${String(entry.line)}  ${pathText(index, path)} [${confidence}]\n`);
  const ends = [
    ...reach.exported.map((path) => `  exported, without a caller in the tree: ${pathText(index, path)}\n`),
    ...(reach.stoppedAt.length > 0 ? [`  not followed further: ${reach.stoppedAt.join(", ")}\n`] : []),
    ...(reach.isCut ? ["  cut: there are callers beyond the depth that is followed\n"] : []),
  ];
  const head = `${place.function} (${place.file}:${String(place.line)}): ${lines.length === 0 ? "reached from no entry point" : plural(lines.length, "entry point")}\n`;
  const facts = summaryLines(index, summary).map((line) => `  ${line}\n`);
  return {
    text: [head, ...lines, ...ends, ...facts].join(""),
    data: { ...place, entries, exported: reach.exported.map(steps), stoppedAt: reach.stoppedAt, cut: reach.isCut, summary: summaryData(index, summary) },
  };
}

function entryName(index: KernelIndex, entry: Entry): string {
  const roles = rolesOf(index, entry);
  return `${entry.table === "" ? "?" : entry.table}.${entry.field}${roles.length > 0 ? ` (${roles.join(", ")} domain)` : ""}`;
}

function rolesOf(index: KernelIndex, entry: Entry): readonly string[] {
  return entry.table === "iommu_domain_ops" ? domainRoles(index, entry) : [];
}

function pathText(index: KernelIndex, path: readonly Step[]): string {
  return path.map(({ fn }) => index.info(fn).name).join(" -> ");
}

function summaryLines(index: KernelIndex, summary: Summary): readonly string[] {
  const via = (fact: { readonly api: string; readonly path: readonly Step[] }): string => `${pathText(index, fact.path)} -> ${fact.api}`;
  return [
    ...summary.frees.map((fact) => `frees its argument ${String(fact.parameter + 1)}: ${via(fact)}`),
    ...(summary.waits === undefined ? [] : [`waits for a grace period: ${via(summary.waits)}`]),
    ...(summary.sleeps === undefined ? [] : [`may sleep: ${via(summary.sleeps)}`]),
    ...summary.locks.map((fact) => `takes a ${fact.class} lock: ${via(fact)}`),
  ];
}

function summaryData(index: KernelIndex, summary: Summary): object {
  const fact = (found: Fact): object => ({ ...found, path: found.path.map(({ fn, line }) => placeOf(index, fn, line)) });
  return {
    frees: summary.frees.map(fact),
    waits: summary.waits === undefined ? null : fact(summary.waits),
    sleeps: summary.sleeps === undefined ? null : fact(summary.sleeps),
    locks: summary.locks.map(fact),
    unknownCalls: summary.unknownCalls,
    cut: summary.isCut,
  };
}

function opsAnswer(index: KernelIndex, type: string): IndexAnswer {
  const tables = index.tablesOfType(type).map((table) => ({ ...table, roles: type === "iommu_domain_ops" ? domainRoles(index, table) : [] }));
  if (tables.length === 0) return { text: "", data: {}, problem: `no table of type ${type} with a function in it` };
  const parts = tables.map(({ owner, via, file, line, roles, entries }) => {
    const name = `${owner}${via === "" ? "" : ` .${via}`}${roles.length > 0 ? ` (${roles.join(", ")} domain)` : ""}`;
    return `${file}:${String(line)}: ${name}\n${entries.map((entry) => `  .${entry.field} = ${entry.value}\n`).join("")}`;
  });
  const text = `${type}: ${plural(tables.length, "table")}, ${String(tables.reduce((sum, { entries }) => sum + entries.length, 0))} entries\n${parts.join("")}`;
  return { text, data: { version: 1, type, tables } };
}
