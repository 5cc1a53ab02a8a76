/** `quiesce lsp --stdio`: the language server, for any editor. */

import type { ExitStatus } from "./terminal.ts";

export async function runLspCommand(): Promise<ExitStatus> {
  // Loaded only here: no other command should wait for the language server's libraries.
  const { startStdioServer } = await import("../lsp/node-server.ts");
  return startStdioServer();
}
