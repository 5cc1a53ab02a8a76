/** Names that mean something in one `.c` file only: two files that each have one of the same name have two things. */

import { enumeratorsOf } from "../model/enumerators.ts";
import type { TranslationUnit } from "../syntax/c-syntax.ts";

/** Static functions and variables, and the structs, typedefs, macros and enumerators that the file itself defines. */
export function privateNames({ text, functions, globals, structs, macros, topLevelCalls }: TranslationUnit): ReadonlySet<string> {
  return new Set([
    ...functions.filter(({ isStatic }) => isStatic).map(({ name }) => name),
    ...globals.filter(({ isStatic }) => isStatic).map(({ declarator }) => declarator.name),
    // static DEFINE_MUTEX(lock)
    ...topLevelCalls.filter(({ start }) => /\bstatic\s+$/.test(text.slice(Math.max(0, start - staticWidth), start)) || text.startsWith("static", start)).flatMap(({ args }) => args.map((arg) => arg.trim()).filter((arg) => isName.test(arg))),
    ...structs.flatMap(({ name }) => name ?? []),
    ...[...text.matchAll(/\btypedef\b[^;{}]*?\b(\w+)\s*;/g)].flatMap(([, name]) => name ?? []),
    ...macros.map(({ name }) => name),
    ...enumeratorsOf(text).keys(),
  ]);
}

/** Characters looked back for the word before a macro's name. */
const staticWidth = 16;

const isName = /^[A-Za-z_]\w*$/;

/** Functions and variables that the linker sees: of two files that define the same one no build has both. */
export function linkedNames({ text, functions, globals }: TranslationUnit): ReadonlySet<string> {
  return new Set([
    ...functions.filter(({ isStatic, isInline }) => !isStatic && !isInline).map(({ name }) => name),
    ...globals.filter(({ isStatic, start, declarator }) => !isStatic && !/\bextern\b/.test(text.slice(start, declarator.start))).map(({ declarator }) => declarator.name),
  ]);
}

export function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/[A-Za-z_]\w*/g));
}

/** The text with other names in the place of some; what stands behind `.` or `->` is a field, and stays. No line moves. */
export function renamed(text: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return text;
  return text.replace(/(->\s*|\.\s*)?\b([A-Za-z_]\w*)/g, (all: string, field: string | undefined, name: string) => (field === undefined ? names.get(name) ?? all : all));
}
