/** Progress with a cancel button for what a person waits for. */

import type { CancellationToken, Connection, WorkDoneProgressReporter } from "vscode-languageserver";
import type { ClientAbilities } from "./client-abilities.ts";

export type Progress = { readonly reporter?: WorkDoneProgressReporter; /** Set where the token is ours. */ readonly token?: CancellationToken };

/** Where the client gave no token but can show progress, one of ours is made. */
export async function beginProgress(connection: Connection, abilities: ClientAbilities, given: string | number | undefined, title: string): Promise<Progress> {
  if (given !== undefined) {
    const reporter = connection.window.attachWorkDoneProgress(given);
    reporter.begin(title, undefined, undefined, true);
    return { reporter };
  }
  if (!abilities.workDoneProgress) return {};
  // A client that refuses gets its replay without progress.
  const reporter = await connection.window.createWorkDoneProgress().catch(() => undefined);
  if (reporter === undefined) return {};
  reporter.begin(title, undefined, undefined, true);
  return { reporter, token: reporter.token };
}
