/** A Makefile or Kbuild file of the kernel: under what options it builds which objects and enters which folders. */

import { all, always, type Expression, not, parseExpression, symbol, unknown } from "./expression.ts";

export type BuildLine = {
  /** `obj` and its kin build what they list; any other name is an object made of what it lists: `iommufd` is `iommufd.o`. */
  readonly list: string;
  readonly condition: Expression;
  /** `file.o`, `folder/file.o` or `folder/`; what make variables stand for is not among them. */
  readonly items: readonly string[];
};

/** Lists that are built by themselves; all but the first two are of the root Makefile in older trees. */
const builtLists = new Set(["obj", "lib", "subdir", "core", "drivers", "init", "libs", "net", "virt"]);

export const isBuilt = (list: string): boolean => builtLists.has(list);

export function parseMakefile(text: string): readonly BuildLine[] {
  const result: BuildLine[] = [];
  const guards: Expression[] = [];
  for (const raw of text.replaceAll(/\\\r?\n/g, " ").split(/\r?\n/)) {
    const line = raw.replace(/#.*$/, "").trim();
    if (followGuard(line, guards)) continue;
    const [, head = "", value = ""] = /^(\S.*?)\s*(?:\+=|::?=|\?=|=)\s*(.*)$/.exec(line) ?? [];
    const [, list, suffix] = /^(.+)-(y|m|objs)$/.exec(head) ?? /^([^$]+)-(\$.*)$/.exec(head) ?? [];
    if (list === undefined || suffix === undefined) continue;
    const items = value.split(/\s+/).filter((item) => item.endsWith(".o") || item.endsWith("/")).map((item) => item.replace(/^\.\//, ""));
    if (items.length > 0) result.push({ list, condition: all([...guards, conditionOf(suffix)]), items });
  }
  return result;
}

/** True where the line is one of make's own conditionals. */
function followGuard(line: string, guards: Expression[]): boolean {
  const [, word, rest = ""] = /^(ifdef|ifndef|ifeq|ifneq|else|endif)\b\s*(.*)$/.exec(line) ?? [];
  switch (word) {
    case undefined: return false;
    case "endif": guards.pop(); break;
    case "else": {
      const before = guards.pop() ?? unknown;
      guards.push(rest === "" ? not(before) : unknown);
      break;
    }
    default: guards.push(guardOf(word, rest));
  }
  return true;
}

function guardOf(word: string, rest: string): Expression {
  const defined = /^CONFIG_(\w+)$/.exec(rest)?.[1];
  if (defined !== undefined) return word === "ifdef" ? symbol(defined) : word === "ifndef" ? not(symbol(defined)) : unknown;
  const [, name, value] = /^\(\s*\$\(CONFIG_(\w+)\)\s*,\s*([ym]?)\s*\)$/.exec(rest) ?? [];
  if (name === undefined) return unknown;
  const equal = value === "" ? not(symbol(name)) : parseExpression(`${name}=${value ?? ""}`);
  return word === "ifeq" ? equal : word === "ifneq" ? not(equal) : unknown;
}

function conditionOf(suffix: string): Expression {
  if (!suffix.startsWith("$")) return always;
  const name = /^\$\((?:subst m,y,\$\()?CONFIG_(\w+)\)?\)$/.exec(suffix)?.[1];
  return name === undefined ? unknown : symbol(name);
}
