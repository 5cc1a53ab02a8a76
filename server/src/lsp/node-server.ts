/** The language server in Node. */

import { type Connection, createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { nodeHost } from "./node-host.ts";
import { serve } from "./server.ts";
import { messageOf } from "./words.ts";

export function startServer(connection: Connection): void {
  // Whatever a client answers, or does not, must not end the server.
  process.on("unhandledRejection", (reason) => connection.console.error(messageOf(reason)));
  serve(connection, nodeHost());
  connection.listen();
}

/** `quiesce lsp --stdio`. Never resolves: the connection ends the process, with 0 after `shutdown` and 1 when the editor went away without. */
export function startStdioServer(): Promise<never> {
  startServer(createConnection(ProposedFeatures.all, process.stdin, process.stdout));
  return new Promise(() => undefined);
}
