/** "Emulate this function": asks the server for the replay and shows it. */

import { window } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import { type Replay, replayMethod, type ReplayResult } from "../../server/src/protocol/index.ts";
import { askUntilFresh, atCursor, editorFor } from "./ask-function.ts";
import { readFunctionArguments } from "./function-arguments.ts";
import { withLateProgress } from "./progress.ts";
import type { LastEditor } from "./reviewed-documents.ts";
import { messageOf } from "./words.ts";

export type EmulateContext = {
  /** Waits for a server that starts; throws words for the user when there is none. */
  readonly client: () => Promise<BaseLanguageClient>;
  readonly lastEditor: LastEditor;
  readonly show: (replay: Replay) => void;
};

export async function emulateFunction(context: EmulateContext, args: readonly unknown[]): Promise<void> {
  const request = readFunctionArguments(args);
  if (request.kind === "wrong") return void window.showWarningMessage(`Quiesce: quiesce.emulateFunction was called with arguments that it does not know: ${request.reason}.`);
  const at = request.kind === "function" ? request.at : atCursor(editorFor(request.uri, context.lastEditor));
  if (at === undefined) return void window.showInformationMessage("Quiesce: open a C file and put the cursor in the function to emulate.");
  try {
    const replay = await withLateProgress(`Quiesce: replaying ${at.function ?? "the function under the cursor"}`, (token) =>
      // With a token of ours the server opens no progress of its own.
      askUntilFresh<ReplayResult>({ client: context.client, method: replayMethod, params: () => ({ ...at, workDoneToken: crypto.randomUUID() }), token }));
    if (replay === "cancelled") return;
    if (replay === "stale") return void window.showInformationMessage("Quiesce: the text changed while it was replayed. Run the command again when it rests.");
    context.show(replay);
  } catch (error) {
    void window.showWarningMessage(`Quiesce: ${messageOf(error)}`);
  }
}
