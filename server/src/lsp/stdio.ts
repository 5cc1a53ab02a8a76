/** `quiesce lsp --stdio`: the language server in Node, over standard input and output. */

import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { nodeHost } from "./node-host.ts";
import { serve } from "./server.ts";
import { messageOf } from "./words.ts";

/** Never resolves: the connection ends the process, with 0 after `shutdown` and 1 when the editor went away without. */
export function startStdioServer(): Promise<never> {
  const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
  // Whatever a client answers, or does not, must not end the server.
  process.on("unhandledRejection", (reason) => connection.console.error(messageOf(reason)));
  serve(connection, nodeHost());
  connection.listen();
  return new Promise(() => undefined);
}
