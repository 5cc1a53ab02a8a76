/*
 * The grammars as VS Code loads them: from package.json, injections included. C and C++ are played by a small
 * stand-in, because VS Code's own grammars come with the editor only.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createRegistryFromGrammars, loadConfiguration, type IGrammarConfig } from "vscode-tmgrammar-test/dist/common/index.js";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Own grammars, by what package.json says of them; paths are absolute. */
export function contributedGrammars(): readonly IGrammarConfig[] {
  return loadConfiguration(`${root}package.json`, undefined, undefined).grammars;
}

export type Registry = ReturnType<typeof createRegistryFromGrammars>;

export function editorRegistry(): Registry {
  const own = contributedGrammars().map((grammar) => ({ grammar, content: readFileSync(grammar.path, "utf8") }));
  const path = `${root}syntaxes/test/stand-in-c.tmLanguage.json`;
  const c = readFileSync(path, "utf8");
  return createRegistryFromGrammars([
    ...own,
    { grammar: { path, scopeName: "source.c" }, content: c },
    { grammar: { path, scopeName: "source.cpp" }, content: c.replace('"source.c"', '"source.cpp"') },
  ]);
}

export type Token = { readonly line: number; readonly text: string; readonly scopes: readonly string[] };

/** Every token of a text, with the scopes of the outermost rule first. */
export async function tokensOf(registry: Registry, scope: string, text: string): Promise<readonly Token[]> {
  const grammar = await registry.loadGrammar(scope);
  if (grammar === null) throw new Error(`no grammar for ${scope}`);
  const tokens: Token[] = [];
  let state: Parameters<typeof grammar.tokenizeLine>[1] = null;
  for (const [line, source] of text.split("\n").entries()) {
    const result = grammar.tokenizeLine(source, state);
    state = result.ruleStack;
    for (const { startIndex, endIndex, scopes } of result.tokens) tokens.push({ line, text: source.slice(startIndex, endIndex), scopes });
  }
  return tokens;
}

/** The innermost scope of the first token that is `text` and nothing else; undefined: there is no such token. */
export function innermostScope(tokens: readonly Token[], text: string): string | undefined {
  return tokens.find((token) => token.text === text)?.scopes.at(-1);
}
