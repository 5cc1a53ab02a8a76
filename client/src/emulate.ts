/** "Emulate this function": asks the server for the replay and shows it. */

import { type CancellationToken, type TextEditor, Uri, window } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import { type FunctionAt, type Replay, replayMethod, type ReplayParams, type ReplayResult } from "../../server/src/protocol/index.ts";
import { readEmulateArguments } from "./emulate-arguments.ts";
import { withLateProgress } from "./progress.ts";
import type { LastEditor } from "./reviewed-documents.ts";
import { messageOf } from "./words.ts";

export type EmulateContext = {
  /** Waits for a server that starts; throws words for the user when there is none. */
  readonly client: () => Promise<BaseLanguageClient>;
  readonly lastEditor: LastEditor;
  readonly show: (replay: Replay) => void;
};

/** The text may change while the server works on it; a second time it is asked by itself. */
const triesMax = 2;

export async function emulateFunction(context: EmulateContext, args: readonly unknown[]): Promise<void> {
  const request = readEmulateArguments(args);
  if (request.kind === "wrong") return void window.showWarningMessage(`Quiesce: quiesce.emulateFunction was called with arguments that it does not know: ${request.reason}.`);
  const at = request.kind === "function" ? request.at : atCursor(editorFor(request.uri, context.lastEditor));
  if (at === undefined) return void window.showInformationMessage("Quiesce: open a C file and put the cursor in the function to emulate.");
  try {
    const replay = await withLateProgress(`Quiesce: replaying ${at.function ?? "the function under the cursor"}`, (token) => askReplay(context, at, token));
    if (replay === "cancelled") return;
    if (replay === "stale") return void window.showInformationMessage("Quiesce: the text changed while it was replayed. Run the command again when it rests.");
    context.show(replay);
  } catch (error) {
    void window.showWarningMessage(`Quiesce: ${messageOf(error)}`);
  }
}

async function askReplay(context: EmulateContext, at: FunctionAt, token: CancellationToken): Promise<Replay | "stale" | "cancelled"> {
  const client = await Promise.race([context.client(), cancelledBy(token)]);
  for (let tries = 0; client !== "cancelled" && tries < triesMax; tries += 1) {
    try {
      // With a token of ours the server opens no progress of its own.
      const params: ReplayParams & { readonly workDoneToken: string } = { ...at, workDoneToken: crypto.randomUUID() };
      const result = await client.sendRequest<ReplayResult>(replayMethod, params, token);
      if (!("stale" in result)) return result;
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

function editorFor(uri: string | undefined, lastEditor: LastEditor): TextEditor | undefined {
  if (uri === undefined) return lastEditor.find();
  const wanted = Uri.parse(uri).toString();
  const editors = [window.activeTextEditor, ...window.visibleTextEditors];
  return editors.find((editor) => editor?.document.uri.toString() === wanted);
}

function atCursor(editor: TextEditor | undefined): FunctionAt | undefined {
  if (editor === undefined) return undefined;
  const { line, character } = editor.selection.active;
  return { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
}
