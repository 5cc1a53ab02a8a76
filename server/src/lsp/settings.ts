/** Settings as editors send them: unknown JSON, checked once. A wrong one is named and its default taken. */

import { ruleIds } from "../rules/rule-ids.ts";

export type Settings = {
  /** Replay findings in the emulator; without it they come without verdicts. */
  readonly emulate: boolean;
  /** The least verdict shown. */
  readonly evidence: "confirmed" | "undecided" | "all";
  readonly rules: readonly string[] | "all";
  /** The kernel tree for headers; "" for the nearest one above each file. */
  readonly kernel: string;
  /** "Emulate" over functions with findings. */
  readonly codeLens: boolean;
};

export const defaultSettings: Settings = { emulate: true, evidence: "undecided", rules: "all", kernel: "", codeLens: true };

export type CheckedSettings = { readonly settings: Settings; readonly problems: readonly string[] };

/** `given` is the value of the section `quiesce`. What is not known here belongs to the client and is left alone. */
export function checkSettings(given: unknown): CheckedSettings {
  if (given === undefined || given === null) return { settings: defaultSettings, problems: [] };
  if (!isRecord(given)) return { settings: defaultSettings, problems: [`quiesce must be an object of settings, not ${shown(given)}.`] };
  const problems: string[] = [];
  const read = <T>(name: keyof Settings, expected: string, parse: (value: unknown) => T | undefined, byDefault: T): T => {
    const value = given[name];
    if (value === undefined || value === null) return byDefault;
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    problems.push(`quiesce.${name} must be ${expected}, not ${shown(value)}; the default is used.`);
    return byDefault;
  };
  const settings: Settings = {
    emulate: read("emulate", "true or false", asBoolean, defaultSettings.emulate),
    evidence: read("evidence", '"confirmed", "undecided" or "all"', (value) => verdictWords.find((word) => word === value), defaultSettings.evidence),
    rules: read("rules", "an object of rule ids with true or false", (value) => enabledRules(value, problems), defaultSettings.rules),
    kernel: read("kernel", "the path of a folder", (value) => (typeof value === "string" ? value : undefined), defaultSettings.kernel),
    codeLens: read("codeLens", "true or false", asBoolean, defaultSettings.codeLens),
  };
  return { settings, problems };
}

const asBoolean = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);

const verdictWords = ["confirmed", "undecided", "all"] as const;

/** Rules that are not named are on. */
function enabledRules(value: unknown, problems: string[]): Settings["rules"] | undefined {
  if (!isRecord(value) || Object.values(value).some((one) => typeof one !== "boolean")) return undefined;
  for (const id of Object.keys(value)) if (!ruleIds.includes(id)) problems.push(`quiesce.rules names an unknown rule, ${shown(id)}.`);
  const off = ruleIds.filter((id) => value[id] === false);
  return off.length === 0 ? "all" : ruleIds.filter((id) => !off.includes(id));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Long values are cut: the message has to fit a notification. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
