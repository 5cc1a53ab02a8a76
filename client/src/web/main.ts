/** dist/client.web.js: the extension in VS Code for the Web, where the server is a worker. */

import type { ExtensionContext } from "vscode";
import { activateOn } from "../extension.ts";

let end: (() => Promise<void>) | undefined;

export function activate(context: ExtensionContext): void {
  end = activateOn(context, {
    name: "a web worker",
    launch: async (setup) => (await import("./launch.ts")).launchWorker(setup),
  });
}

export function deactivate(): Promise<void> | undefined {
  return end?.();
}
