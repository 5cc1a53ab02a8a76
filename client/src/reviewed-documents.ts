/** Which documents the server is told of: C that a person edits, wherever it is kept. */

import { type TextDocument, type TextEditor, type Uri, languages, window, workspace } from "vscode";

/** `.h` files are often `cpp` for VS Code. No scheme: file systems of extensions count as well. */
export const documentSelector = [{ language: "c" }, { pattern: "**/*.{c,h}" }];

/** What is only looked at (an old version of git, the left side of a difference) is not reviewed. */
export function isReviewed(document: TextDocument): boolean {
  return languages.match(documentSelector, document) > 0 && isEdited(document.uri);
}

function isEdited(uri: Uri): boolean {
  if (uri.scheme === "file" || uri.scheme === "untitled" || uri.scheme === "vscode-remote") return true;
  return workspace.getWorkspaceFolder(uri) !== undefined || workspace.fs.isWritableFileSystem(uri.scheme) === true;
}

/** The editor that a command means: the active one, or, from a panel or a walkthrough, the one before, while it is open. */
export class LastEditor {
  #last: TextEditor | undefined = window.activeTextEditor;
  readonly #listener = window.onDidChangeActiveTextEditor((editor) => {
    if (editor !== undefined && editor.viewColumn !== undefined) this.#last = editor;
  });

  /** Of a document that is reviewed. Where the active editor shows another one, that is what the person means: nothing. */
  find(): TextEditor | undefined {
    const active = window.activeTextEditor;
    const candidates = active?.viewColumn === undefined ? [this.#last, ...window.visibleTextEditors] : [active];
    return candidates.find((editor) => editor !== undefined && !editor.document.isClosed && isReviewed(editor.document));
  }

  dispose(): void {
    this.#listener.dispose();
  }
}
