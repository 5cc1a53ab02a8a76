/** One catch per request: logged with the request's name, answered in one line, and the server lives on. */

import { type CancellationToken, type Connection, ErrorCodes, LSPErrorCodes, ResponseError } from "vscode-languageserver";
import { isCancelled } from "./cancellation.ts";
import { messageOf } from "./words.ts";

export type Guard = <A extends readonly unknown[], R>(name: string, handle: (...args: A) => R | Promise<R>) => (...args: A) => Promise<R>;

export function guardFor(connection: Connection): Guard {
  return (name, handle) => async (...args) => {
    try {
      return await handle(...args);
    } catch (error) {
      if (error instanceof ResponseError) throw error as Error;
      if (isCancelled(error)) throw new ResponseError(LSPErrorCodes.RequestCancelled, `${name} was cancelled`);
      connection.console.error(`${name}: ${messageOf(error)}`);
      throw new ResponseError(ErrorCodes.InternalError, `Quiesce could not answer ${name} (please report it): ${messageOf(error)}`);
    }
  };
}

/** Notifications have no answer: what went wrong is logged. */
export function quietly(connection: Connection, name: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    connection.console.error(`${name}: ${messageOf(error)}`);
  }
}

export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
