/** The bundled sample, as a document of the person's own: it can be changed and fixed, and nothing is written anywhere. */

import { type TextDocument, Position, Selection, TextEditorRevealType, Uri, ViewColumn, window, workspace } from "vscode";

/** A file of examples/, and the function in which its hazard is. */
const sample = { file: "riscv-bond.c", functionStart: "static void rvx_bond_unlink" };

/** Owns nothing but the memory of which document it opened. */
export class Sample {
  readonly #extensionUri: Uri;
  #document: TextDocument | undefined;

  constructor(extensionUri: Uri) {
    this.#extensionUri = extensionUri;
  }

  /** Opens it once; while it is open it is shown again. The cursor stands in the function with the hazard. */
  async open(): Promise<void> {
    const isFirst = this.#document === undefined || this.#document.isClosed;
    const document = isFirst ? await this.#create() : this.#document;
    if (document === undefined) return;
    this.#document = document;
    const editor = await window.showTextDocument(document, { viewColumn: columnOf(document) });
    if (!isFirst) return;
    const start = document.positionAt(Math.max(0, document.getText().indexOf(sample.functionStart)));
    const inside = new Position(start.line, sample.functionStart.length - 1);
    editor.selection = new Selection(inside, inside);
    editor.revealRange(editor.selection, TextEditorRevealType.AtTop);
  }

  async #create(): Promise<TextDocument> {
    const bytes = await workspace.fs.readFile(Uri.joinPath(this.#extensionUri, "examples", sample.file));
    return workspace.openTextDocument({ language: "c", content: new TextDecoder().decode(bytes) });
  }
}

/** Beside the walkthrough, so that both can be read; where it is open already, there. */
function columnOf(document: TextDocument): ViewColumn {
  const shown = window.visibleTextEditors.find((editor) => editor.document === document)?.viewColumn;
  return shown ?? (window.activeTextEditor === undefined && window.tabGroups.activeTabGroup.activeTab !== undefined ? ViewColumn.Beside : ViewColumn.Active);
}
