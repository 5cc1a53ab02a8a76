/** `quiesce.toml`: what a team says once for every door. Its `[[api]]` tables extend the knowledge table, `[rules]` switches rules off. */

import { parse, TomlError } from "smol-toml";
import { projectTable, type ProjectTable } from "../model/kernel-api/index.ts";
import { rowsFromConfig } from "../model/kernel-api/config.ts";
import type { NotAnalysedRegion } from "../protocol/index.ts";
import { ruleIds } from "../rules/rule-ids.ts";
import { projectFileName } from "./project-file-name.ts";
import type { SourceFile } from "./reviewer-types.ts";
import { similarNames } from "./similar.ts";

export type ProjectConfig = {
  readonly table: ProjectTable;
  readonly rulesOff: ReadonlySet<string>;
  /** With one, nothing of the file counts: half of a table would give verdicts that nobody asked for. */
  readonly errors: readonly { readonly line: number; readonly message: string }[];
};

const noConfig: ProjectConfig = { table: projectTable([]), rulesOff: new Set(), errors: [] };

const sections = ["api", "rules"];

/** Remembers the last files read, by their texts, so that a table stays the same as long as its text does. */
export class ProjectConfigs {
  readonly #byText = new Map<string, ProjectConfig>();

  of(source: SourceFile | undefined): ProjectConfig {
    if (source === undefined) return noConfig;
    let config = this.#byText.get(source.text);
    if (config === undefined) {
      config = readProjectConfig(source.text);
      if (this.#byText.size >= textsMax) this.#byText.clear();
      this.#byText.set(source.text, config);
    }
    return config;
  }
}

/** Texts remembered; while one is being written each key makes another. */
const textsMax = 8;

export function readProjectConfig(text: string): ProjectConfig {
  let written: Record<string, unknown>;
  try {
    written = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { ...noConfig, errors: [{ line: error.line, message: error.message.split("\n")[0] ?? "is no TOML" }] };
  }
  const errors: { line: number; message: string }[] = [];
  for (const key of Object.keys(written)) if (!sections.includes(key)) errors.push({ line: lineOfKey(text, key), message: `${key} is not known; known are [[api]] and [rules]` });
  const tables = linesOfTables(text);
  const rows = rowsFromConfig(written, (index) => tables[index]);
  if (!rows.ok) for (const { line, key, message } of rows.error) errors.push({ line: line ?? lineOfKey(text, "api"), message: `${key} ${message}` });
  const rulesOff = rulesOffIn(written["rules"], (key, message) => errors.push({ line: lineOfKey(text, key), message }));
  if (errors.length > 0 || !rows.ok) return { ...noConfig, errors: errors.toSorted((a, b) => a.line - b.line) };
  return { table: projectTable(rows.value), rulesOff, errors };
}

/** `[rules]` with "rcu/double-fetch" = false. */
function rulesOffIn(written: unknown, fail: (key: string, message: string) => void): ReadonlySet<string> {
  if (written === undefined) return new Set();
  if (typeof written !== "object" || written === null || Array.isArray(written)) {
    fail("rules", "rules is a table: [rules]");
    return new Set();
  }
  const off = new Set<string>();
  for (const [id, value] of Object.entries(written)) {
    if (!ruleIds.includes(id)) {
      const [near] = similarNames(id, ruleIds);
      fail(id, `${id} is no rule${near === undefined ? "" : `; did you mean ${near}?`}`);
    } else if (typeof value !== "boolean") fail(id, `${id} is true or false`);
    else if (!value) off.add(id);
  }
  return off;
}

/** Lines of the `[[api]]` headers, from 1, in the order of the tables. */
function linesOfTables(text: string): readonly number[] {
  return text.split("\n").flatMap((line, index) => (/^\s*\[\[\s*api\s*\]\]/.test(line) ? [index + 1] : []));
}

function lineOfKey(text: string, key: string): number {
  const found = text.split("\n").findIndex((line) => !line.trimStart().startsWith("#") && line.includes(key));
  return found < 0 ? 1 : found + 1;
}

/** Said of the file that it was meant for, which every door shows. */
export function unreadConfig(file: string, project: SourceFile | undefined, { errors }: ProjectConfig): readonly NotAnalysedRegion[] {
  return project === undefined ? [] : errors.map(({ line, message }) => ({ file, line: 1, endLine: 1, reason: unreadWords(project.file, line, message) }));
}

const unreadEnd = `; nothing of ${projectFileName} counts until it is mended`;

export const isUnreadConfig = (reason: string): boolean => reason.endsWith(unreadEnd);

export const unreadWords = (file: string, line: number, message: string): string => `${file}:${String(line)}: ${message}${unreadEnd}`;
