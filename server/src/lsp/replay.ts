/** The replay of a function as text: `quiesce/replayText`, and the command for editors without custom requests. */

import { ErrorCodes, LSPErrorCodes, type Position, ResponseError } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { replayTextMethod, type ReplayTextParams, type ReplayTextResult } from "../protocol/index.ts";
import { renderRun } from "../session/render-run.ts";
import type { Reviewer } from "../session/reviewer.ts";
import type { CParser } from "../syntax/parser.ts";

export const emulateCommand = "quiesce.emulateFunction";

export type ReplayContext = {
  readonly parser: CParser;
  readonly reviewer: Reviewer;
  /** As printed. */
  readonly file: string;
  readonly text: string;
  readonly signal: AbortSignal;
};

/** Throws a ResponseError with words for the user when there is no such function. */
export async function replayTextOf(params: ReplayTextParams, { parser, reviewer, file, text, signal }: ReplayContext): Promise<string> {
  const name = params.function ?? functionAt(params.position, text, parser);
  if (name === undefined) throw cannot(`no function of ${file} is at this position: put the cursor into one`);
  const outcome = await reviewer.emulate({ file, text }, name, { model: "lkmm", signal });
  switch (outcome.kind) {
    case "replayed": return outcome.runs.map(renderRun).join("\n");
    case "nothing": return `Nothing to replay: ${outcome.message}\n`;
    case "no-function": throw cannot(`${file}: no function ${name}${outcome.similar.length > 0 ? ` (did you mean ${outcome.similar.join(", ")}?)` : ""}`);
    case "refused": throw cannot(`${file}: ${outcome.reason}`);
  }
}

export function staleResult(): ReplayTextResult {
  return { stale: true };
}

function functionAt(position: Position | undefined, text: string, parser: CParser): string | undefined {
  const outcome = position === undefined ? undefined : parser.parse(text);
  if (outcome?.kind !== "parsed" || position === undefined) return undefined;
  const document = TextDocument.create("", "c", 0, text);
  const lineStart = document.offsetAt({ line: position.line, character: 0 });
  const lineEnd = document.offsetAt({ line: position.line + 1, character: 0 });
  // The whole first and last line of a function belong to it, the return type on a line of its own included.
  return outcome.unit.functions.find(({ start, end }) => start < lineEnd && end > lineStart)?.name;
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

function cannot(what: string): ResponseError {
  return new ResponseError(LSPErrorCodes.RequestFailed, what);
}
