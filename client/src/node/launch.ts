/** The server as a process of its own. */

import { Uri } from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { Launched } from "../server-supervisor.ts";
import { clientOptions, type ClientSetup, prepared } from "../client-options.ts";

export function launchProcess(setup: ClientSetup): Launched<LanguageClient> {
  const module = Uri.joinPath(setup.extensionUri, "dist/server.cjs").fsPath;
  const client = new LanguageClient("quiesce", "Quiesce", { module, transport: TransportKind.ipc }, clientOptions(setup));
  // The library ends the process of a server that does not stop.
  return { client: prepared(client, setup), end: () => undefined };
}
