/** Function facts as the doors show them: with the file, and lines that count in it. */

import type { FileFacts } from "../model/file-facts.ts";
import type { FunctionFacts as RelativeFacts } from "../model/function-facts.ts";
import { lineIn } from "../model/words.ts";
import type { FunctionFacts } from "../protocol/index.ts";

export function placedFacts(relative: RelativeFacts | undefined, facts: FileFacts): readonly FunctionFacts[] {
  const fn = relative === undefined ? undefined : facts.functions.get(relative.function);
  if (relative === undefined || fn === undefined) return [];
  const line = lineIn(facts.unit.text, fn.start);
  const { lines, ...rest } = relative;
  return [{ file: facts.file, line, endLine: line + lines - 1, ...moved(rest, line) }];
}

/** Adds `by` to everything that counts lines from the function's first. */
function moved<T>(value: T, by: number): T {
  if (Array.isArray(value)) return value.map((one: unknown) => moved(one, by)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]: [string, unknown]) => [key, lineKeys.has(key) ? movedLines(part, by) : moved(part, by)])) as T;
}

const lineKeys = new Set(["line", "endLine", "lines", "from"]);

function movedLines(part: unknown, by: number): unknown {
  return typeof part === "number" ? part + by : Array.isArray(part) ? part.map((one) => movedLines(one, by)) : part;
}
