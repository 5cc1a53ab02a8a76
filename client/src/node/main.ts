/** dist/client.cjs: the extension where there is Node, on a desktop or a remote machine. */

import type { ExtensionContext } from "vscode";
import { activateOn } from "../extension.ts";

let end: (() => Promise<void>) | undefined;

export function activate(context: ExtensionContext): void {
  end = activateOn(context, {
    name: `${process.platform} ${process.arch}`,
    // The library is most of the bundle; its modules run when they are asked for, which is after the activation.
    launch: async (setup) => (await import("./launch.ts")).launchProcess(setup),
  });
}

export function deactivate(): Promise<void> | undefined {
  return end?.();
}
