/**
 * The one place where the command line meets the review engine. The parser's WebAssembly loads when a file is
 * reviewed, not at start: `quiesce --version` should not wait for it.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { rules } from "../rules/registry.ts";
import type { RuleMeta } from "../rules/rule.ts";
import { judgingHere } from "../session/judging.ts";
import { Reviewer } from "../session/reviewer.ts";
import type { ReviewHost } from "../session/reviewer-types.ts";
import { type NativeGrammar, openNativeGrammar } from "../syntax/native-grammar.ts";
import { type CParser, createParser } from "../syntax/parser.ts";

/** `native` is tree-sitter as compiled code where its optional package loads; both give the same trees. */
export type ParserName = "wasm" | "native";

/** One of each per thread; the judge remembers programs, which drivers of one family share. */
const judge = judgingHere();
const parsers = new Map<ParserName, Promise<CParser>>();

export async function openReviewer(host: ReviewHost, parserName: ParserName): Promise<Reviewer> {
  const parser = parsers.get(parserName) ?? loadParser(parserName);
  parsers.set(parserName, parser);
  return new Reviewer(await parser, host, judge);
}

/**
 * After the WebAssembly module failed nothing in this thread can parse; and what the native parser holds is freed when
 * V8 thinks it is time, which knows nothing of memory outside its heap. Either way the pool has to start another thread.
 */
export async function isThreadSpent(): Promise<boolean> {
  const loaded = await Promise.all(parsers.values());
  return loaded.some((parser) => parser.isDamaged()) || (native.grammar?.parsedLength() ?? 0) > nativeLengthMax;
}

/** Characters that one thread parses natively: a tree takes some eighteen times its text. */
const nativeLengthMax = 32_000_000;

const native: { grammar?: NativeGrammar; problem?: string } = {};

/** Why the native parser does not load, in one line; undefined when it does. */
export function nativeProblem(): string | undefined {
  if (native.grammar !== undefined || native.problem !== undefined) return native.problem;
  try {
    native.grammar = openNativeGrammar(createRequire(import.meta.url));
  } catch (error) {
    // Node names everyone who required it, in further lines.
    native.problem = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
  }
  return native.problem;
}

async function loadParser(name: ParserName): Promise<CParser> {
  const [runtimeWasm, grammarWasm] = await Promise.all([readBesideBundle("web-tree-sitter.wasm"), readBesideBundle("tree-sitter-c.wasm")]);
  const hasNative = name === "native" && nativeProblem() === undefined;
  return createParser({ runtimeWasm, grammarWasm }, hasNative ? native.grammar : undefined);
}

function readBesideBundle(name: string): Promise<Uint8Array> {
  return readFile(new URL(`./${name}`, import.meta.url));
}

/** Sorted by id. */
export function ruleDescriptions(): readonly RuleMeta[] {
  return rules.map((rule) => rule.meta);
}

export { profileFor } from "../session/profile.ts";
