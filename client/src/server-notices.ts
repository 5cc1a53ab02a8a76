/** What a person is told of the server: one notice at a time, with what can be done. */

import { commands, window } from "vscode";
import type { ServerNotices } from "./server-supervisor.ts";

const showLog = "Show log";
const restart = "Restart";

const commandByButton: Readonly<Record<string, string>> = { [showLog]: "quiesce.showLog", [restart]: "quiesce.restartServer" };

export function serverNotices(): ServerNotices {
  let isShown = false;
  return {
    restarting() {
      // A server that dies again while this notice is open has been told of.
      if (isShown) return;
      isShown = true;
      void window.showWarningMessage("Quiesce: the language server ended unexpectedly and is started again; findings come back by themselves.", showLog, restart).then((button) => {
        isShown = false;
        follow(button);
      });
    },
    gaveUp: (deaths, minutes) =>
      void window.showErrorMessage(`Quiesce: the language server ended ${String(deaths)} times within ${String(minutes)} minutes and is not started again. The log may say why.`, showLog, restart).then(follow),
    notStarted: (reason) => void window.showErrorMessage(`Quiesce: the language server did not start: ${reason}`, showLog, restart).then(follow),
  };
}

function follow(button: string | undefined): void {
  const command = button === undefined ? undefined : commandByButton[button];
  if (command !== undefined) void commands.executeCommand(command);
}
