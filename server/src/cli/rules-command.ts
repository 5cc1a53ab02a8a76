/** `quiesce rules [ID]`: lists the rules, or explains one. */

import type { Example, RuleMeta } from "../rules/rule.ts";
import { ruleDescriptions } from "./engine.ts";
import { nearestNames } from "./nearest-names.ts";
import { complain, type ExitStatus, printOut } from "./terminal.ts";

export type RulesSettings = { readonly id: string | undefined; readonly format: "text" | "json" };

export function runRulesCommand({ id, format }: RulesSettings): ExitStatus {
  const rules = ruleDescriptions();
  if (id === undefined) {
    printOut(format === "json" ? jsonOf({ version: 1, rules }) : ruleList(rules));
    return 0;
  }
  const rule = rules.find((candidate) => candidate.id === id);
  if (!rule) {
    complain(unknownRule(id));
    return 2;
  }
  printOut(format === "json" ? jsonOf({ version: 1, rules: [rule] }) : explanation(rule));
  return 0;
}

export function unknownRule(id: string): string {
  const near = nearestNames(id, ruleDescriptions().map((rule) => rule.id));
  return `no rule ${id} ${near.length > 0 ? `(did you mean ${near.join(", ")}?)` : "(quiesce rules lists them)"}`;
}

function ruleList(rules: readonly RuleMeta[]): string {
  const width = Math.max(0, ...rules.map((rule) => rule.id.length));
  return rules.map((rule) => `${rule.id.padEnd(width)}  ${rule.severity.padEnd(7)}  ${rule.earns.padEnd(6)}  ${rule.title}\n`).join("");
}

/** What, why, example, fix: in that order, because the first line is often all that is read. */
function explanation(rule: RuleMeta): string {
  const earned = {
    replay: "confirmed by an execution that the memory model allows",
    path: "confirmed by a call path from the entry point",
    text: "never confirmed: there is nothing to replay",
  }[rule.earns];
  const parts = [
    `${rule.id} (${rule.severity}; ${earned})`,
    rule.title,
    `Why: ${rule.why}`,
    ...rule.bad.map((example) => exampleText("Wrong", example)),
    ...rule.good.map((example) => exampleText("Right", example)),
    `Fix: ${rule.fix}`,
    ...(rule.sources.length > 0 ? [`Sources:\n${rule.sources.map((source) => `  ${source}`).join("\n")}`] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

function exampleText(heading: string, { code, title }: Example): string {
  const indented = code.replaceAll(/^\n+|\s+$/g, "").split("\n").map((line) => (line === "" ? "" : `    ${line}`));
  return `${heading}: ${title}\n\n${indented.join("\n")}`;
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
