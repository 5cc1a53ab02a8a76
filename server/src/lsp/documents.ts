/** The documents that the editor has open: their text wins over what is on disk. */

import { type Connection, type Disposable, TextDocuments } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { canonical } from "./uris.ts";

export type DocumentListeners = {
  /** Called for opening, too. */
  readonly onChange: (document: TextDocument) => void;
  readonly onClose: (document: TextDocument) => void;
};

/** Owns the texts. Documents are found under any spelling of their URI. */
export class Documents {
  readonly #documents = new TextDocuments(TextDocument);
  readonly #byCanonicalUri = new Map<string, TextDocument>();

  listen(connection: Connection, listeners: DocumentListeners): Disposable {
    this.#documents.onDidOpen(({ document }) => this.#byCanonicalUri.set(canonical(document.uri), document));
    this.#documents.onDidChangeContent(({ document }) => listeners.onChange(document));
    this.#documents.onDidClose(({ document }) => {
      this.#byCanonicalUri.delete(canonical(document.uri));
      listeners.onClose(document);
    });
    return this.#documents.listen(connection);
  }

  find(uri: string): TextDocument | undefined {
    return this.#documents.get(uri) ?? this.#byCanonicalUri.get(canonical(uri));
  }

  all(): readonly TextDocument[] {
    return this.#documents.all();
  }
}

/** C files, and headers under whatever language an editor takes them for. */
export function isReviewed(document: TextDocument): boolean {
  return document.languageId === "c" || /\.[ch]$/.test(document.uri);
}
