/** The replay of a function, as data and as text: what `quiesce/replay`, `quiesce/replayText` and the command ask and get. */

import { ErrorCodes, LSPErrorCodes, type Position, ResponseError } from "vscode-languageserver";
import { type FunctionAt, type Replay, replayMethod } from "../protocol/index.ts";
import { cancelled } from "./cancellation.ts";
import type { PoolAnswer } from "./review-pool.ts";

export const emulateCommand = "quiesce.emulateFunction";

/** Throws a ResponseError with words for the user when there is nothing to show. */
export function replayIn(answer: PoolAnswer, uri: string): Replay {
  switch (answer.kind) {
    case "replayed": return { version: 1, uri, function: answer.function, about: answer.about, runs: answer.runs, sources: answer.sources };
    case "cannot": throw new ResponseError(LSPErrorCodes.RequestFailed, answer.reason);
    case "late": throw new ResponseError(LSPErrorCodes.RequestFailed, `the replay took longer than ${String(answer.timeMs / 1_000)} s`);
    case "stopped": throw new ResponseError(LSPErrorCodes.RequestFailed, "the emulator stopped on this file (please report it)");
    case "failed": throw new Error(answer.message);
    case "reviewed": case "facts": throw cancelled();
  }
}

/** The tables one after the other; without one, why. */
export function textOf({ runs, about }: Replay): string {
  return runs.length === 0 ? `${about}\n` : runs.map(({ text }) => text).join("\n");
}

/** Unknown JSON from a client: `{ textDocument, position }` or, as command arguments, also `uri, position`. */
export function readFunctionAt(given: unknown, method = replayMethod): FunctionAt {
  const { textDocument, position, function: name } = asRecord(given);
  const { uri } = asRecord(textDocument);
  if (typeof uri !== "string") throw invalid(method, "textDocument.uri is missing");
  if (name !== undefined && typeof name !== "string") throw invalid(method, "function must be a name");
  if (position !== undefined && !isPosition(position)) throw invalid(method, "position must have line and character, from 0");
  if (name === undefined && position === undefined) throw invalid(method, "position or function is missing");
  return { textDocument: { uri }, ...(position === undefined ? {} : { position }), ...(name === undefined ? {} : { function: name }) };
}

export function readCommandArguments(given: readonly unknown[] | undefined): FunctionAt {
  const [first, second] = given ?? [];
  if (typeof first !== "string") return readFunctionAt(first);
  return readFunctionAt({ textDocument: { uri: first }, ...(typeof second === "string" ? { function: second } : { position: second }) });
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {});

function isPosition(value: unknown): value is Position {
  const { line, character } = asRecord(value);
  return Number.isInteger(line) && Number.isInteger(character) && (line as number) >= 0 && (character as number) >= 0;
}

function invalid(method: string, what: string): ResponseError {
  return new ResponseError(ErrorCodes.InvalidParams, `${method}: ${what}`);
}
