/** Reviews a text as the doors do, with headers from a map: what the tests of model, rules and session share. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { nothingElsewhere } from "../model/elsewhere.ts";
import { factsOf, type FileFacts } from "../model/file-facts.ts";
import type { Finding } from "../protocol/index.ts";
import { judgingHere } from "../session/judging.ts";
import { Reviewer } from "../session/reviewer.ts";
import type { ReviewHost, SourceFile } from "../session/reviewer-types.ts";
import { createParser, type CParser } from "../syntax/parser.ts";

const require = createRequire(import.meta.url);

let parser: Promise<CParser> | undefined;

export function testParser(): Promise<CParser> {
  parser ??= createParser({
    runtimeWasm: readFileSync(join(dirname(require.resolve("web-tree-sitter")), "web-tree-sitter.wasm")),
    grammarWasm: readFileSync(join(dirname(require.resolve("tree-sitter-c/package.json")), "tree-sitter-c.wasm")),
  });
  return parser;
}

/** `tree`: files of a kernel tree by their path from its root; without it there is no tree. */
export async function testReviewer(headers: Readonly<Record<string, string>> = {}, tree?: Readonly<Record<string, string>>): Promise<Reviewer> {
  const readInclude = (_from: string, include: { readonly path: string }): { file: string; text: string } | undefined => {
    const text = headers[include.path];
    return text === undefined ? undefined : { file: include.path, text };
  };
  return new Reviewer(await testParser(), { readInclude, ...(tree === undefined ? {} : { readText: (path: string) => tree[path] }) }, judgingHere());
}

export async function reviewText(text: string, headers: Readonly<Record<string, string>> = {}, file = "drivers/iommu/x.c", tree?: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const reviewer = await testReviewer(headers, tree);
  return (await reviewer.review({ file, text }, { rules: "all", emulate: true, kernel: "test" })).findings;
}

/** Reviews one file of a folder beside the others; quoted includes are looked for in the folder. */
export async function reviewInFolder(texts: Readonly<Record<string, string>>, name: string, folder: string, tree?: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const fileOf = (one: string): SourceFile | undefined => (texts[one] === undefined ? undefined : { file: `${folder}/${one}`, text: texts[one] });
  const others = Object.keys(texts).filter((one) => one.endsWith(".c") && one !== name);
  const host: ReviewHost = {
    readInclude: (_from, { path, system }) => (system ? undefined : fileOf(path)),
    ...(others.length === 0 ? {} : { siblings: () => others.map((one) => ({ file: `${folder}/${one}`, read: () => fileOf(one) })) }),
    ...(tree === undefined ? {} : { readText: (path: string) => tree[path] }),
  };
  const reviewer = new Reviewer(await testParser(), host, judgingHere());
  return (await reviewer.review(fileOf(name) ?? { file: name, text: "" }, { rules: "all", emulate: true, kernel: "test" })).findings;
}

export async function factsOfText(text: string): Promise<FileFacts> {
  const outcome = (await testParser()).parse(text);
  if (outcome.kind !== "parsed") throw new Error(outcome.reason);
  return factsOf("x.c", outcome.unit, nothingElsewhere);
}
