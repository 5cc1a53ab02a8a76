import { tokenKind } from "./lexer.ts";
import type { Tokens } from "./lexer.ts";

export type DirectiveName = "if" | "ifdef" | "ifndef" | "elif" | "else" | "endif" | "define" | "include" | "other";

/** `text` is what stands after the name, comments and continuations replaced by spaces. */
export type WrittenDirective = { readonly name: DirectiveName; readonly start: number; readonly end: number; readonly text: string };

export type Directive = WrittenDirective & { readonly token: number };

const known: ReadonlyMap<string, DirectiveName> = new Map([
  ["if", "if"],
  ["ifdef", "ifdef"],
  ["ifndef", "ifndef"],
  ["elif", "elif"],
  ["elifdef", "elif"],
  ["elifndef", "elif"],
  ["else", "else"],
  ["endif", "endif"],
  ["define", "define"],
  ["include", "include"],
]);

const head = /^#[ \t]*([a-z]*)/;

/** One pattern for comments and strings, so that a comment mark inside a string stays. */
const commentOrQuoted = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|\/\*[^]*?(?:\*\/|$)|\/\/[^\n]*|\\\r?\n/g;

export const textWithoutComments = (text: string): string => text.replace(commentOrQuoted, (part) => (part.startsWith('"') || part.startsWith("'") ? part : " "));

export function directivesOf(source: string, tokens: Tokens): readonly Directive[] {
  const found: Directive[] = [];
  for (let token = 0; token < tokens.count; token++) {
    if (tokens.kind[token] !== tokenKind.directive) continue;
    const start = tokens.start[token]!;
    const end = tokens.end[token]!;
    const written = source.slice(start, end);
    const matched = head.exec(written);
    const word = matched?.[1] ?? "";
    const rest = written.slice(matched?.[0].length ?? 1);
    const text = textWithoutComments(rest).trim();
    const elif = word === "elifdef" ? `defined(${text})` : word === "elifndef" ? `!defined(${text})` : text;
    found.push({ token, name: known.get(word) ?? "other", start, end, text: elif });
  }
  return found;
}

export type Define = { readonly name: string; readonly parameters?: readonly string[]; readonly body: string; readonly start: number; readonly end: number };

const define = /^([A-Za-z_$][\w$]*)(\(([^)]*)\))?/;

export function defineOf(directive: WrittenDirective): Define | undefined {
  if (directive.name !== "define") return undefined;
  const matched = define.exec(directive.text);
  if (matched === null) return undefined;
  const name = matched[1]!;
  const body = directive.text.slice(matched[0].length).trim();
  const at = { start: directive.start, end: directive.end };
  if (matched[2] === undefined) return { name, body, ...at };
  const list = matched[3]!.trim();
  const parameters = list === "" ? [] : list.split(",").map((parameter) => parameter.trim());
  return { name, parameters, body, ...at };
}
