/** The texts that a reviewing thread is asked about again and again, each with its tree. */

import type { CDocument } from "../syntax/document-tree.ts";
import type { MacroLists } from "../syntax/macro-lists.ts";
import type { CParser, ParseOutcome } from "../syntax/parser.ts";
import { cancelled } from "./cancellation.ts";

/** Trees kept; the document that was not asked about for longest loses its own. */
const documentsMax = 6;

/** Owns the documents' trees for as long as its thread lives. */
export class OpenDocuments {
  readonly #parser: CParser;
  readonly #shouldStop: () => boolean;
  /** The one asked about last stands last. */
  readonly #byKey = new Map<string, CDocument>();

  constructor(parser: CParser, shouldStop: () => boolean) {
    this.#parser = parser;
    this.#shouldStop = shouldStop;
  }

  /** Throws when the question was taken back, and when the parser failed, which needs a new thread. */
  parse(key: string, text: string, macros?: MacroLists): ParseOutcome {
    const document = this.#byKey.get(key) ?? this.#parser.openDocument();
    this.#byKey.delete(key);
    this.#byKey.set(key, document);
    for (const [oldest, unused] of this.#byKey) {
      if (this.#byKey.size <= documentsMax) break;
      this.#byKey.delete(oldest);
      unused.dispose();
    }
    const outcome = document.update(text, { shouldStop: this.#shouldStop, ...(macros === undefined ? {} : { macros }) });
    if (outcome.kind === "refused" && document.isDamaged()) throw new Error(outcome.reason);
    if (outcome.kind === "refused" && this.#shouldStop()) throw cancelled();
    return outcome;
  }
}
