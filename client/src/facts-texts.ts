/** The texts behind the read-only documents that show facts, and what those are called. */

import type { ShownFacts } from "../../server/src/protocol/index.ts";

export const factsScheme = "quiesce-facts";

/** The tab says the function; the query tells functions of one name in two files apart. */
export function factsUriParts({ uri, facts }: ShownFacts): { readonly scheme: string; readonly path: string; readonly query: string } {
  return { scheme: factsScheme, path: `/${facts.function}.facts.txt`, query: uri };
}

export class FactsTexts {
  readonly #textByUri = new Map<string, string>();

  set(uri: string, text: string): void {
    this.#textByUri.set(uri, text);
  }

  /** VS Code brings documents back after a reload, but not what they said. */
  of(uri: string): string {
    return this.#textByUri.get(uri) ?? "These facts are gone. Run Quiesce: Show Facts of This Function in the function again.\n";
  }

  forget(uri: string): void {
    this.#textByUri.delete(uri);
  }
}
