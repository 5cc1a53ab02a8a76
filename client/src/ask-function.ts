/** Asking the server about a function: which one is meant, and once more when the text changed meanwhile. */

import { type CancellationToken, type TextEditor, Uri, window } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import type { FunctionAt } from "../../server/src/protocol/index.ts";
import type { LastEditor } from "./reviewed-documents.ts";

/** The text may change while the server works on it; a second time it is asked by itself. */
const triesMax = 2;

export type Asking = {
  /** Waits for a server that starts; throws words for the user when there is none. */
  readonly client: () => Promise<BaseLanguageClient>;
  readonly method: string;
  /** Made anew for each try. */
  readonly params: () => FunctionAt;
  readonly token: CancellationToken;
};

export async function askUntilFresh<Result extends object>({ client: running, method, params, token }: Asking): Promise<Exclude<Result, { readonly stale: true }> | "stale" | "cancelled"> {
  const client = await Promise.race([running(), cancelledBy(token)]);
  for (let tries = 0; client !== "cancelled" && tries < triesMax; tries += 1) {
    try {
      const result = await client.sendRequest<Result>(method, params(), token);
      if (!("stale" in result)) return result as Exclude<Result, { readonly stale: true }>;
    } catch (error) {
      if (token.isCancellationRequested) return "cancelled";
      throw error;
    }
  }
  return token.isCancellationRequested ? "cancelled" : "stale";
}

function cancelledBy(token: CancellationToken): Promise<"cancelled"> {
  return new Promise((resolve) => {
    token.onCancellationRequested(() => resolve("cancelled"));
  });
}

export function editorFor(uri: string | undefined, lastEditor: LastEditor): TextEditor | undefined {
  if (uri === undefined) return lastEditor.find();
  const wanted = Uri.parse(uri).toString();
  const editors = [window.activeTextEditor, ...window.visibleTextEditors];
  return editors.find((editor) => editor?.document.uri.toString() === wanted);
}

export function atCursor(editor: TextEditor | undefined): FunctionAt | undefined {
  if (editor === undefined) return undefined;
  const { line, character } = editor.selection.active;
  return { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
}
