/** Function facts as text: a header with the summary, a line for each point, and what was not followed. */

import type { FactControl, FactExit, FactLock, FactPoint, FactSection, FunctionFacts, NotSeen } from "../protocol/index.ts";

export function renderFacts(facts: FunctionFacts): string {
  const { file, line, endLine, points, exits, notFollowed } = facts;
  const header = `${facts.function}()  ${file}:${String(line)}-${String(endLine)}`;
  const rows = [...points.map((point) => ({ at: point, text: pointText(point) })), ...exits.map((exit) => ({ at: exit, text: exitText(exit) }))]
    .toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const width = Math.max(0, ...rows.map(({ at }) => placeText(at).length));
  return [
    header,
    ...summaryLines(facts),
    "",
    ...rows.map(({ at, text }) => `${placeText(at).padEnd(width)}  ${text}`.trimEnd()),
    "",
    ...(notFollowed.length === 0 ? ["Everything was followed."] : ["Not followed:", ...notFollowed.map(({ reason, line: from, endLine: to }) => `  ${from === null ? "" : `${linesText(from, to)}: `}${reason}`)]),
    "",
  ].join("\n");
}

function placeText({ line, column }: { readonly line: number; readonly column: number }): string {
  return `${String(line)}:${String(column)}`;
}

function linesText(from: number, to: number | null): string {
  return to === null || to === from ? `line ${String(from)}` : `lines ${String(from)}-${String(to)}`;
}

const onText = { all: "", some: " on some paths" } as const;

function summaryLines({ summary, objects, control }: FunctionFacts): readonly string[] {
  const { acquires, releases, frees, waits, sleeps, needs } = summary;
  const lineList = (lines: readonly number[]): string => `${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}`;
  const unknown = sleeps.unknownCalls === 0 ? "" : `; ${String(sleeps.unknownCalls)} ${sleeps.unknownCalls === 1 ? "call is" : "calls are"} unknown`;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["needs", needs.map(({ what, line }) => `${what}${line === null ? "" : ` (line ${String(line)})`}`)],
    ["acquires", acquires.map(({ place, on }) => `${place}${onText[on]}`)],
    ["releases", releases.map(({ place, on }) => `${place}${onText[on]}`)],
    ["frees", frees.map(({ parameter, object, when, on }) => `${object} (parameter ${String(parameter)}) ${when}${onText[on]}`)],
    ["waits", waits.map((wait) => `${wait.domain === "" ? wait.flavour : wait.domain}: ${wait.api}()${wait.for === "callbacks" ? " for callbacks" : ""}${onText[wait.on]}, line ${String(wait.line)}`)],
    ["sleeps", [sleeps.answer === "no" ? `nothing known to sleep${unknown}` : `${sleeps.answer === "yes" ? "may sleep" : "may sleep if the flags allow"}: ${lineList(sleeps.lines)}${unknown}`]],
    ["objects", objects.map(({ name, is, also }) => `${name}: ${is}${also.length === 0 ? "" : ` (also ${also.join(", ")})`}`)],
    ["control", control.map(controlText)],
  ];
  return sections.flatMap(([title, lines]) => lines.map((line, index) => `  ${(index === 0 ? title : "").padEnd(9)} ${line}`));
}

function controlText(control: FactControl): string {
  switch (control.kind) {
    case "loop": return `${linesText(control.line, control.endLine)}: ${control.head} loop`;
    case "switch": return `${linesText(control.line, control.endLine)}: switch with ${String(control.cases)} cases`;
    case "label": return `line ${String(control.line)}: ${control.name}, ${control.from.length === 0 ? "no goto" : `from ${linesList(control.from)}`}`;
    case "guard": return `${linesText(control.line, control.endLine)}: ${control.name}`;
    case "cleanup": return `line ${String(control.line)}: ${control.name} has ${control.class}`;
  }
}

function linesList(lines: readonly number[]): string {
  return `${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}`;
}

/** Wide enough for every effect. */
const effectWidth = 12;

function pointText(point: FactPoint): string {
  const { effect, place, detail, via, escapes, does, sleeps } = point;
  const extra = [
    detail,
    ...(does.length === 0 ? [] : [`does ${does.join(" ")}`]),
    ...(escapes.length === 0 ? [] : [`escapes: ${escapes.join(" ")}`]),
    ...(via.length === 0 ? [] : [`in ${via.join(" → ")}`]),
    ...(sleeps === "yes" ? ["may sleep"] : sleeps === "by flags" ? ["may sleep by flags"] : []),
  ].filter((part) => part !== "");
  return [effect.padEnd(effectWidth), place, extra.length === 0 ? "" : `(${extra.join("; ")})`, contextText(point)].filter((part) => part !== "").join("  ");
}

function exitText(exit: FactExit): string {
  const extra = [...(exit.escapes.length === 0 ? [] : ["escapes"]), ...(exit.isBalanced ? [] : ["UNBALANCED"])];
  return [exit.kind.padEnd(effectWidth), exit.value, extra.length === 0 ? "" : `(${extra.join("; ")})`, contextText(exit)].filter((part) => part !== "").join("  ");
}

function contextText({ locks, sections }: { readonly locks: readonly FactLock[]; readonly sections: readonly FactSection[] }): string {
  const parts = [
    ...locks.map(({ place, class: kind, on, isAsserted, guard }) => `${place}${kind === "read" || kind === "write" ? `:${kind}` : ""}${words([isAsserted ? "asserted" : "", guard ?? "", on === "some" ? "some paths" : ""])}`),
    ...sections.map(({ name, domain, on, guard }) => `${domain === "" ? name : `${name} ${domain}`}${words([guard ?? "", on === "some" ? "some paths" : ""])}`),
  ];
  return parts.map((part) => `[${part}]`).join(" ");
}

function words(parts: readonly string[]): string {
  const said = parts.filter((part) => part !== "");
  return said.length === 0 ? "" : ` (${said.join(", ")})`;
}

/** Names of one kind and reason on a line. */
export function notSeenText(notSeen: readonly NotSeen[]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { kind, name, reason } of notSeen) {
    const key = kind === "index" ? `${name}: ${reason}` : `${kind}s with ${reason === "not found" ? "no file" : reason}`;
    byReason.set(key, [...(byReason.get(key) ?? []), ...(kind === "index" ? [] : [kind === "name" ? `${name}()` : name])]);
  }
  if (byReason.size === 0) return [];
  return [["Not seen in other files:", ...[...byReason].map(([reason, names]) => `  ${reason}${names.length === 0 ? "" : `: ${names.join(", ")}`}`), ""].join("\n")];
}
