/** What the tests in the extension host share: documents of the workspace, and waiting for what the server says of them. */

import { type CodeAction, commands, type CodeLens, type Diagnostic, languages, type Range, type TextDocument, Uri, window, workspace } from "vscode";

/** Waits without a clock of its own: mocha ends a test that takes too long. */
const pauseMs = 50;

export async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((done) => setTimeout(done, pauseMs));
  }
}

export function uriOf(file: string): Uri {
  const folder = workspace.workspaceFolders?.[0];
  if (!folder) throw new Error("no folder is open");
  return Uri.joinPath(folder.uri, file);
}

export async function shown(file: string): Promise<TextDocument> {
  const document = await workspace.openTextDocument(uriOf(file));
  await window.showTextDocument(document);
  return document;
}

/** Findings of Quiesce with a verdict, as soon as there are so many. */
export async function verdicts(document: TextDocument, word: string, count = 1): Promise<readonly Diagnostic[]> {
  return until(() => {
    const found = languages.getDiagnostics(document.uri).filter(({ source, message }) => source === "quiesce" && message.includes(`\n${word}`));
    return found.length === count ? found : undefined;
  });
}

export async function actionsAt(document: TextDocument, range: Range): Promise<readonly CodeAction[]> {
  const all = await commands.executeCommand<readonly CodeAction[]>("vscode.executeCodeActionProvider", document.uri, range, "quickfix", 10);
  return all;
}

export async function lensesOf(document: TextDocument): Promise<readonly CodeLens[]> {
  return commands.executeCommand<readonly CodeLens[]>("vscode.executeCodeLensProvider", document.uri, 10);
}

export function lineOf(document: TextDocument, text: string): number {
  const line = document.getText().split("\n").findIndex((one) => one.includes(text));
  if (line < 0) throw new Error(`${text} is not in ${document.uri.path}`);
  return line;
}
