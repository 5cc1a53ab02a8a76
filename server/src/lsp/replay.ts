/** The replay of a function as text: what `quiesce/replayText` and the command for editors without custom requests ask and get. */

import { ErrorCodes, LSPErrorCodes, type Position, ResponseError } from "vscode-languageserver";
import { replayTextMethod, type ReplayTextParams } from "../protocol/index.ts";
import { cancelled } from "./cancellation.ts";
import type { PoolAnswer } from "./review-pool.ts";

export const emulateCommand = "quiesce.emulateFunction";

/** Throws a ResponseError with words for the user when there is nothing to show. */
export function replayTextIn(answer: PoolAnswer): string {
  switch (answer.kind) {
    case "replayed": return answer.text;
    case "cannot": throw new ResponseError(LSPErrorCodes.RequestFailed, answer.reason);
    case "late": throw new ResponseError(LSPErrorCodes.RequestFailed, `the replay took longer than ${String(answer.timeMs / 1_000)} s`);
    case "stopped": throw new ResponseError(LSPErrorCodes.RequestFailed, "the emulator stopped on this file (please report it)");
    case "failed": throw new Error(answer.message);
    case "reviewed": throw cancelled();
  }
}

/** Unknown JSON from a client: `{ textDocument, position }` or, as command arguments, also `uri, position`. */
export function readReplayParams(given: unknown): ReplayTextParams {
  const { textDocument, position, function: name } = asRecord(given);
  const { uri } = asRecord(textDocument);
  if (typeof uri !== "string") throw invalid("textDocument.uri is missing");
  if (name !== undefined && typeof name !== "string") throw invalid("function must be a name");
  if (position !== undefined && !isPosition(position)) throw invalid("position must have line and character, from 0");
  if (name === undefined && position === undefined) throw invalid("position or function is missing");
  return { textDocument: { uri }, ...(position === undefined ? {} : { position }), ...(name === undefined ? {} : { function: name }) };
}

export function readCommandArguments(given: readonly unknown[] | undefined): ReplayTextParams {
  const [first, second] = given ?? [];
  if (typeof first !== "string") return readReplayParams(first);
  return readReplayParams({ textDocument: { uri: first }, ...(typeof second === "string" ? { function: second } : { position: second }) });
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {});

function isPosition(value: unknown): value is Position {
  const { line, character } = asRecord(value);
  return Number.isInteger(line) && Number.isInteger(character) && (line as number) >= 0 && (character as number) >= 0;
}

function invalid(what: string): ResponseError {
  return new ResponseError(ErrorCodes.InvalidParams, `${replayTextMethod}: ${what}`);
}
