/** Progress that can be cancelled, shown only for what takes a while: a notification that comes and goes at once is noise. */

import { type CancellationToken, CancellationTokenSource, ProgressLocation, window } from "vscode";

const shownAfterMs = 400;

export async function withLateProgress<T>(title: string, run: (token: CancellationToken) => Promise<T>): Promise<T> {
  const source = new CancellationTokenSource();
  const running = run(source.token);
  const timer = setTimeout(() => {
    void window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, async (_, token) => {
      token.onCancellationRequested(() => source.cancel());
      await running.catch(() => undefined);
    });
  }, shownAfterMs);
  try {
    return await running;
  } finally {
    clearTimeout(timer);
    source.dispose();
  }
}
