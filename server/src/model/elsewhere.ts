/** What a file may ask of other files: definitions by their name. The session answers from headers, tests from a map. */

import type { FunctionDef, Stmt, StructDef } from "../syntax/c-syntax.ts";

/** A struct with the file that defines it: fixes may have to add a member there. */
export type LocatedStruct = { readonly struct: StructDef; readonly file: string; readonly text: string };

/** Spans count in `text`, which is the definition alone. */
export type FoundFunction = { readonly kind: "function"; readonly file: string; readonly text: string; readonly fn: FunctionDef };

/** `isNear`: found beside the file that asks, not in a header of the whole kernel. */
export type FoundMacro = { readonly kind: "macro"; readonly file: string; readonly name: string; readonly parameters: readonly string[] | undefined; readonly body: string };

export type Definition = (FoundFunction | FoundMacro) & { readonly isNear: boolean };

/** Statements that were made out of a macro; spans count in `text`. */
export type ParsedStatements = { readonly text: string; readonly body: readonly Stmt[] };

/** `path` as it is written in `#include`. */
export type UnreadHeader = { readonly path: string; readonly reason: string };

export type Elsewhere = {
  readonly struct: (name: string) => LocatedStruct | undefined;
  /** An inline function or a macro; undefined also where there are several, of which the configuration chooses one. */
  readonly definition: (name: string) => Definition | undefined;
  /** `typedef struct foo foo_t;`: the tag behind the name. */
  readonly typedef: (name: string) => string | undefined;
  readonly enumerator: (name: string) => number | undefined;
  /** undefined where the text is no sequence of statements. */
  readonly parse: (statements: string) => ParsedStatements | undefined;
  /** Headers that were looked for in vain, as they are written in `#include`; sorted. */
  readonly missing: () => readonly string[];
  /** Headers that the file itself includes and that are there, but were not read, and why. */
  readonly unread: () => readonly UnreadHeader[];
};

/** A file all by itself. */
export const nothingElsewhere: Elsewhere = {
  struct: () => undefined, definition: () => undefined, typedef: () => undefined, enumerator: () => undefined, parse: () => undefined, missing: () => [], unread: () => [],
};
