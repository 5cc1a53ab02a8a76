/** What a command about a function was called with: by a person, a code lens, a code action, a menu or another extension. */

import type { FunctionAt } from "../../server/src/protocol/index.ts";

export type FunctionRequest =
  | { readonly kind: "function"; readonly at: FunctionAt }
  /** The function under the cursor, of this document or, without one, of the active editor. */
  | { readonly kind: "cursor"; readonly uri?: string }
  | { readonly kind: "wrong"; readonly reason: string };

/** Nothing; `{ textDocument: { uri }, function | position }`; `uri, position | function`; a menu gives a URI and its own context. */
export function readFunctionArguments(args: readonly unknown[]): FunctionRequest {
  const [first, second] = args;
  if (first === undefined || first === null) return { kind: "cursor" };
  const uri = uriIn(first);
  if (uri !== undefined) return functionAt(uri, typeof second === "string" ? second : undefined, second);
  const { textDocument, function: name, position } = asRecord(first);
  const { uri: given } = asRecord(textDocument);
  if (typeof given !== "string") return { kind: "wrong", reason: "textDocument.uri is missing" };
  if (name !== undefined && typeof name !== "string") return { kind: "wrong", reason: "function must be a name" };
  return functionAt(given, name, position);
}

function functionAt(uri: string, name: string | undefined, position: unknown): FunctionRequest {
  const textDocument = { uri };
  if (name !== undefined) return { kind: "function", at: { textDocument, function: name } };
  const { line, character } = asRecord(position);
  if (!isCount(line) || !isCount(character)) return { kind: "cursor", uri };
  return { kind: "function", at: { textDocument, position: { line, character } } };
}

/** A URI as text or as VS Code's object, which is known by its parts. */
function uriIn(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const { scheme, path } = asRecord(value);
  return typeof scheme === "string" && typeof path === "string" ? String(value) : undefined;
}

const isCount = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value >= 0;

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {});
