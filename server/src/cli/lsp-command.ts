/** `quiesce lsp --stdio`: the language server, for any editor. */

import type { ExitStatus } from "./terminal.ts";
import { complain } from "./terminal.ts";

export async function runLspCommand(): Promise<ExitStatus> {
  await Promise.resolve();
  complain("the language server is not built yet");
  return 2;
}
