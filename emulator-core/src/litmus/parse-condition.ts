/*
 * `locations`, `filter` and the final condition. Precedence as in herd7: ~ binds tightest, then /\,
 * then \/, then =>.
 */
import type { InitialValue, Observable, Proposition } from "../program.ts";
import type { TokenReader } from "./token-reader.ts";

/** After `locations`. */
export function parseLocations(reader: TokenReader): Observable[] {
  reader.expect("[", "after `locations`");
  const observables: Observable[] = [];
  while (!reader.at("]")) {
    if (reader.accept(";")) continue;
    observables.push(parseObservable(reader));
    // `0:r1 0:r2` without a semicolon, or with a type, is not herd7's grammar.
    if (!reader.at(";") && !reader.at("]")) reader.fail("`;` or `]` in `locations`");
  }
  reader.next();
  return observables;
}

export function parseProposition(reader: TokenReader): Proposition {
  reader.enter();
  const left = parseOr(reader);
  if (!reader.accept("=>")) return reader.leave(left);
  return reader.leave<Proposition>({ kind: "implies", left, right: parseProposition(reader) });
}

function parseOr(reader: TokenReader): Proposition {
  let left = parseAnd(reader);
  for (let count = 1; reader.accept("\\/"); count++) {
    reader.limitOperands(count);
    left = { kind: "or", left, right: parseAnd(reader) };
  }
  return left;
}

function parseAnd(reader: TokenReader): Proposition {
  let left = parseNot(reader);
  for (let count = 1; reader.accept("/\\"); count++) {
    reader.limitOperands(count);
    left = { kind: "and", left, right: parseNot(reader) };
  }
  return left;
}

function parseNot(reader: TokenReader): Proposition {
  if (reader.at("~") || reader.at("not")) {
    reader.next();
    reader.enter();
    return { kind: "not", operand: reader.leave(parseNot(reader)) };
  }
  if (reader.accept("(")) {
    const inner = parseProposition(reader);
    reader.expect(")", "to close the parenthesis");
    return inner;
  }
  if (reader.at("true") || reader.at("false")) return { kind: reader.next().text as "true" | "false" };
  return parseAtom(reader);
}

function parseAtom(reader: TokenReader): Proposition {
  const left = parseObservable(reader);
  const differs = reader.at("!=");
  if (!differs && !reader.at("=") && !reader.at("==")) reader.fail("`=` in the condition");
  reader.next();
  const equals: Proposition = { kind: "equals", left, right: parseRight(reader) };
  return differs ? { kind: "not", operand: equals } : equals;
}

function parseRight(reader: TokenReader): InitialValue | Observable {
  const token = reader.peek();
  if (reader.at("&")) {
    reader.next();
    return parseAddress(reader);
  }
  if (reader.at("-")) return { kind: "constant", value: reader.integer("a number") };
  if (token.kind === "number") {
    const value = reader.integer("a number");
    if (reader.accept(":")) return { kind: "register", thread: value, register: reader.expectIdentifier("a register") };
    return { kind: "constant", value };
  }
  if (reader.at("[")) return parseObservable(reader);
  if (token.kind !== "identifier") reader.fail("a value in the condition");
  return parseAddress(reader);
}

/** `x`, `x+4` or `x[1]` as a value: the address. */
export function parseAddress(reader: TokenReader): InitialValue {
  const location = reader.expectIdentifier("the name of a location");
  return { kind: "address", location, offset: parseOffset(reader) };
}

function parseOffset(reader: TokenReader): number {
  if (reader.accept("+")) return reader.integer("a byte offset");
  if (!reader.accept("[")) return 0;
  const index = reader.integer("an index");
  reader.expect("]", "after the index");
  return index * 4;
}

/** `0:r1`, `x`, `x[1]`, `*x`, `[x]`, `[x+4]`. */
function parseObservable(reader: TokenReader): Observable {
  const token = reader.peek();
  if (token.kind === "number") {
    const thread = reader.integer("a thread number");
    reader.expect(":", "after the thread number");
    return { kind: "register", thread, register: reader.expectIdentifier("a register after `:`") };
  }
  if (reader.accept("[")) {
    const location = reader.expectIdentifier("the name of a location");
    const offset = parseOffset(reader);
    reader.expect("]", "after the location");
    return { kind: "location", location, offset };
  }
  reader.accept("*");
  const location = reader.expectIdentifier("a register such as `0:r1` or a location");
  return { kind: "location", location, offset: parseOffset(reader) };
}
