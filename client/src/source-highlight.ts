/** The line of the step that the replay shows, in the file that it belongs to. */

import { type TextDocument, type TextDocumentShowOptions, type TextEditor, type Uri, Range, TextEditorRevealType, ThemeColor, window, workspace } from "vscode";
import { columnForSource } from "./editor-columns.ts";

export type SourceLine = { readonly uri: Uri; /** From 1. */ readonly line: number };

/** Owns the decoration. Of several requests only the last one counts: a person steps faster than files open. */
export class SourceHighlight {
  readonly #decoration = window.createTextEditorDecorationType({ backgroundColor: new ThemeColor("editor.stackFrameHighlightBackground"), isWholeLine: true });
  #request = 0;
  #followed: Uri | undefined;

  /** Leaves the focus where it is. */
  async follow({ uri, line }: SourceLine): Promise<void> {
    const request = (this.#request += 1);
    this.#followed = uri;
    const visible = window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString() && editor.viewColumn !== undefined);
    const editor = visible ?? (await show(uri, { preserveFocus: true }));
    if (request !== this.#request) return;
    this.#mark(editor, line);
    const range = lineRange(editor.document, line);
    if (range !== undefined) editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** Puts the cursor there. */
  async open({ uri, line }: SourceLine): Promise<void> {
    const range = lineRange(await workspace.openTextDocument(uri), line);
    await show(uri, { preserveFocus: false, ...(range === undefined ? {} : { selection: new Range(range.start, range.start) }) });
  }

  /** Goes to the file that was followed last, or to this one, without moving its cursor. */
  async focus(first: Uri): Promise<void> {
    await show(this.#followed ?? first, { preserveFocus: false });
  }

  clear(): void {
    this.#request += 1;
    for (const editor of window.visibleTextEditors) editor.setDecorations(this.#decoration, []);
  }

  dispose(): void {
    this.#decoration.dispose();
  }

  #mark(shown: TextEditor, line: number): void {
    for (const editor of window.visibleTextEditors) {
      const range = editor.document === shown.document ? lineRange(editor.document, line) : undefined;
      editor.setDecorations(this.#decoration, range === undefined ? [] : [range]);
    }
  }
}

async function show(uri: Uri, options: TextDocumentShowOptions): Promise<TextEditor> {
  return window.showTextDocument(await workspace.openTextDocument(uri), { viewColumn: columnForSource(uri), preview: true, ...options });
}

/** undefined where the text has become shorter. */
function lineRange(document: TextDocument, line: number): Range | undefined {
  return line >= 1 && line <= document.lineCount ? document.lineAt(line - 1).range : undefined;
}
