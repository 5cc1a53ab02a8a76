/**
 * The one place where the command line meets the review engine. The parser's WebAssembly loads when a file is
 * reviewed, not at start: `quiesce --version` should not wait for it.
 */

import { readFile } from "node:fs/promises";
import { rules } from "../rules/registry.ts";
import type { RuleMeta } from "../rules/rule.ts";
import { judgingHere } from "../session/judging.ts";
import { Reviewer } from "../session/reviewer.ts";
import type { ReviewHost } from "../session/reviewer-types.ts";
import { type CParser, createParser } from "../syntax/parser.ts";

/** One of each per thread; the judge remembers programs, which drivers of one family share. */
const judge = judgingHere();
let parser: Promise<CParser> | undefined;

export async function openReviewer(host: ReviewHost): Promise<Reviewer> {
  parser ??= loadParser();
  return new Reviewer(await parser, host, judge);
}

/** After the WebAssembly module failed nothing in this thread can parse; the pool has to start another one. */
export async function isParserDamaged(): Promise<boolean> {
  return (await parser)?.isDamaged() ?? false;
}

async function loadParser(): Promise<CParser> {
  const [runtimeWasm, grammarWasm] = await Promise.all([readBesideBundle("web-tree-sitter.wasm"), readBesideBundle("tree-sitter-c.wasm")]);
  return createParser({ runtimeWasm, grammarWasm });
}

function readBesideBundle(name: string): Promise<Uint8Array> {
  return readFile(new URL(`./${name}`, import.meta.url));
}

/** Sorted by id. */
export function ruleDescriptions(): readonly RuleMeta[] {
  return rules.map((rule) => rule.meta);
}

export { profileFor } from "../session/profile.ts";
