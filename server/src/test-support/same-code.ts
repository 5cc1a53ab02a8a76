/** The same code in other words: what a file names itself is named otherwise, and its functions stand in another order. */

import type { FileFacts } from "../model/file-facts.ts";
import { apiOf } from "../model/kernel-api/index.ts";
import { walkStmts } from "../model/ast-walk.ts";

/** Fields are told from other names by what stands before them. */
export type OwnNames = { readonly tags: ReadonlySet<string>; readonly fields: ReadonlySet<string>; readonly others: ReadonlySet<string> };

export function ownNamesOf({ unit }: FileFacts): OwnNames {
  const tags = new Set<string>();
  const fields = new Set<string>();
  const others = new Set<string>();
  const add = (structs: typeof unit.structs): void => {
    for (const { name, fields: members } of structs) {
      if (name !== undefined) tags.add(name);
      for (const field of members) {
        fields.add(field.name);
        if (field.nested !== undefined) add([field.nested]);
      }
    }
  };
  add(unit.structs);
  for (const fn of unit.functions) {
    others.add(fn.name);
    for (const parameter of fn.parameters) others.add(parameter.name);
    walkStmts(fn.body, (stmt) => { if (stmt.kind === "declaration") for (const declarator of stmt.declarators) others.add(declarator.name); });
  }
  for (const { declarator } of unit.globals) others.add(declarator.name);
  for (const macro of unit.macros) others.add(macro.name);
  const own = (names: ReadonlySet<string>): ReadonlySet<string> => new Set([...names].filter((name) => name !== "" && apiOf(name) === undefined));
  return { tags: own(tags), fields: own(fields), others: own(others) };
}

export const otherName = (name: string): string => `q${Array.from(name).reverse().join("")}`;

const quoted = /\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|^#include[^\n]*/gm;

/** Comments, texts and includes stay; so do the initialisers of fields, which may be the kernel's. */
export function renamed(text: string, { tags, fields, others }: OwnNames): string {
  const code = (part: string): string => part.replace(/((?:->|\.)\s*|\b(?:struct|union)\s+)?\b([A-Za-z_]\w*)\b/g, (whole, before: string | undefined, word: string, at: number) => {
    const isMember = before !== undefined && /^(?:->|\.)/.test(before);
    if (isMember && before.startsWith(".") && /^\s*=[^=]/.test(part.slice(at + whole.length))) return whole;
    const isOwn = isMember ? fields.has(word) : before !== undefined ? tags.has(word) : others.has(word) || fields.has(word);
    return isOwn ? `${before ?? ""}${otherName(word)}` : whole;
  });
  let done = 0;
  const parts: string[] = [];
  for (const found of text.matchAll(quoted)) {
    parts.push(code(text.slice(done, found.index)), found[0]);
    done = found.index + found[0].length;
  }
  return [...parts, code(text.slice(done))].join("");
}

/** Types and macros, then every function declared, then what stood between, then the functions from the last to the first. */
export function reversed(text: string, { unit }: FileFacts): string {
  const functions = [...unit.functions].sort((a, b) => a.start - b.start);
  const first = functions[0]?.start ?? text.length;
  const declared = functions.map((fn) => `${text.slice(fn.start, fn.body.start).trimEnd()};\n`);
  const between = functions.map((fn, k) => text.slice(fn.end, functions[k + 1]?.start ?? text.length));
  return [text.slice(0, first), ...declared, ...between, "\n", ...functions.toReversed().map((fn) => `${text.slice(fn.start, fn.end)}\n\n`)].join("");
}
