/** Syntax that stands elsewhere in a changed text: the same but for its offsets. */

import type { FunctionDef } from "./c-syntax.ts";

const origins = new WeakMap<FunctionDef, FunctionDef>();

/** The function as it was first converted: the same object for a function that has only moved since. */
export function originOf(fn: FunctionDef): FunctionDef {
  return origins.get(fn) ?? fn;
}

/** `body` is moved when it is asked for: of most functions nobody looks at it again. */
export function movedFunction(origin: FunctionDef, by: number): FunctionDef {
  const { start, end, name, nameSpan, isStatic, isInline, returnType, parameters, attributes, hasError, comment } = origin;
  let body: FunctionDef["body"] | undefined;
  const fn: FunctionDef = {
    start: start + by,
    end: end + by,
    name,
    nameSpan: moved(nameSpan, by),
    isStatic,
    isInline,
    returnType,
    parameters: moved(parameters, by),
    get body() {
      return (body ??= moved(origin.body, by));
    },
    attributes: moved(attributes, by),
    hasError,
    comment,
  };
  origins.set(fn, originOf(origin));
  return fn;
}

/** A copy with `by` added to every offset. Offsets are the only numbers in syntax. */
export function moved<T>(syntax: T, by: number): T {
  if (typeof syntax === "number") return (syntax + by) as T;
  if (typeof syntax !== "object" || syntax === null) return syntax;
  if (Array.isArray(syntax)) return syntax.map((one: unknown) => moved(one, by)) as T;
  const copy: Record<string, unknown> = {};
  for (const key in syntax) copy[key] = moved(syntax[key], by);
  return copy as T;
}
