/** What a function does: what `quiesce/facts` asks and gets. */

import { LSPErrorCodes, ResponseError } from "vscode-languageserver";
import type { ShownFacts } from "../protocol/index.ts";
import { cancelled } from "./cancellation.ts";
import type { PoolAnswer } from "./review-pool.ts";

/** Throws a ResponseError with words for the user when there is nothing to show. */
export function factsIn(answer: PoolAnswer, uri: string): ShownFacts {
  switch (answer.kind) {
    case "facts": return { version: 1, uri, facts: answer.facts, text: answer.text };
    case "cannot": throw new ResponseError(LSPErrorCodes.RequestFailed, answer.reason);
    case "late": throw new ResponseError(LSPErrorCodes.RequestFailed, `the facts took longer than ${String(answer.timeMs / 1_000)} s`);
    case "stopped": throw new ResponseError(LSPErrorCodes.RequestFailed, "the review stopped on this file (please report it)");
    case "failed": throw new Error(answer.message);
    case "reviewed": case "replayed": throw cancelled();
  }
}
