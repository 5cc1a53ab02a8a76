/** The server as a worker of the extension's own worker. */

import { Uri } from "vscode";
import { LanguageClient } from "vscode-languageclient/browser";
import { clientOptions, type ClientSetup, prepared } from "../client-options.ts";
import type { Launched } from "../server-supervisor.ts";

export function launchWorker(setup: ClientSetup): Launched<LanguageClient> {
  const worker = new Worker(Uri.joinPath(setup.extensionUri, "dist/server.web.js").toString(true), { name: "quiesce-server" });
  // A worker that fails, or whose script is not there, does not close the connection.
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    setup.died();
  });
  const client = new LanguageClient("quiesce", "Quiesce", worker, clientOptions(setup));
  const end = (): void => {
    worker.terminate();
    // Takes its findings back; a client that is stopped already does nothing.
    client.stop().catch(() => undefined);
  };
  return { client: prepared(client, setup), end };
}
