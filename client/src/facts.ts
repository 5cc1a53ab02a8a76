/** "Show facts of this function": a read-only text beside the editor, the one that `quiesce facts` prints. */

import { EventEmitter, Uri, ViewColumn, window, workspace } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import { factsMethod, type FactsResult, type ShownFacts } from "../../server/src/protocol/index.ts";
import { askUntilFresh, atCursor, editorFor } from "./ask-function.ts";
import { factsScheme, factsUriParts, FactsTexts } from "./facts-texts.ts";
import { readFunctionArguments } from "./function-arguments.ts";
import { withLateProgress } from "./progress.ts";
import type { LastEditor } from "./reviewed-documents.ts";
import { messageOf } from "./words.ts";

/** Owns the texts that are shown. A function asked about again shows its new facts in the same tab. */
export class FactsDocuments {
  readonly #texts = new FactsTexts();
  readonly #changed = new EventEmitter<Uri>();
  readonly #provider = workspace.registerTextDocumentContentProvider(factsScheme, { onDidChange: this.#changed.event, provideTextDocumentContent: (uri) => this.#texts.of(uri.toString()) });
  readonly #closing = workspace.onDidCloseTextDocument(({ uri }) => { if (uri.scheme === factsScheme) this.#texts.forget(uri.toString()); });

  async show(shown: ShownFacts): Promise<void> {
    const uri = Uri.from(factsUriParts(shown));
    this.#texts.set(uri.toString(), shown.text);
    this.#changed.fire(uri);
    await window.showTextDocument(await workspace.openTextDocument(uri), { viewColumn: ViewColumn.Beside, preview: true, preserveFocus: true });
  }

  dispose(): void {
    this.#provider.dispose();
    this.#closing.dispose();
    this.#changed.dispose();
  }
}

export type FactsContext = {
  readonly client: () => Promise<BaseLanguageClient>;
  readonly lastEditor: LastEditor;
  readonly documents: FactsDocuments;
};

export async function showFacts(context: FactsContext, args: readonly unknown[]): Promise<void> {
  const request = readFunctionArguments(args);
  if (request.kind === "wrong") return void window.showWarningMessage(`Quiesce: quiesce.showFacts was called with arguments that it does not know: ${request.reason}.`);
  const at = request.kind === "function" ? request.at : atCursor(editorFor(request.uri, context.lastEditor));
  if (at === undefined) return void window.showInformationMessage("Quiesce: open a C file and put the cursor in the function to show.");
  try {
    const shown = await withLateProgress(`Quiesce: facts of ${at.function ?? "the function under the cursor"}`, (token) => askUntilFresh<FactsResult>({ client: context.client, method: factsMethod, params: () => at, token }));
    if (shown === "cancelled") return;
    if (shown === "stale") return void window.showInformationMessage("Quiesce: the text changed meanwhile. Run the command again when it rests.");
    await context.documents.show(shown);
  } catch (error) {
    void window.showWarningMessage(`Quiesce: ${messageOf(error)}`);
  }
}
