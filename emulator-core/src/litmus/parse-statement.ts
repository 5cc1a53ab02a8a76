/*
 * Statements of thread bodies. Declarations are collected apart (they are no instructions); an
 * initialiser becomes an assignment where it stands.
 */
import type { Declaration, Expression, Instruction } from "../program.ts";
import { isTypeName, lvalue, parseCall, parseExpression, type ThreadScope } from "./parse-expression.ts";
import type { TokenReader } from "./token-reader.ts";

export type BodyScope = ThreadScope & { readonly locals: Declaration[] };

/** After `{`, up to and including `}`. The closing brace is read in body mode. */
export function parseBlock(reader: TokenReader, scope: BodyScope): Instruction[] {
  const body: Instruction[] = [];
  while (!reader.at("}")) {
    if (reader.peek().kind === "end") reader.fail("`}` to close the block");
    parseStatement(reader, scope, body);
  }
  return body;
}

function parseStatement(reader: TokenReader, scope: BodyScope, out: Instruction[]): void {
  reader.enter();
  reader.leave(parseStatementInside(reader, scope, out));
}

function parseStatementInside(reader: TokenReader, scope: BodyScope, out: Instruction[]): void {
  const token = reader.peek();
  if (reader.accept(";")) return;
  if (reader.accept("{")) {
    out.push(...parseBlock(reader, scope));
    reader.expect("}", "to close the block");
    return;
  }
  if (token.kind === "identifier" && (token.text === "if" || token.text === "while")) {
    out.push(parseControl(reader, scope));
    return;
  }
  if (reader.accept("*")) {
    parsePlainStore(reader, scope, out);
    return;
  }
  if (token.kind !== "identifier") reader.fail("a statement");
  if (isTypeName(token.text, scope) || startsDeclaration(reader, scope)) parseDeclaration(reader, scope, out);
  else parseSimple(reader, scope, out);
  reader.expect(";", "after the statement");
}

function parseControl(reader: TokenReader, scope: BodyScope): Instruction {
  const word = reader.next().text;
  reader.expect("(", `after \`${word}\``);
  const condition = parseExpression(reader, scope);
  reader.expect(")", `to close the condition of \`${word}\``);
  const then: Instruction[] = [];
  parseStatement(reader, scope, then);
  if (word === "while") return { kind: "while", condition, body: then };
  const otherwise: Instruction[] = [];
  if (reader.accept("else")) parseStatement(reader, scope, otherwise);
  return { kind: "if", condition, then, else: otherwise };
}

/** After the star of `*e = v;`, or of an expression statement that starts with a load. */
function parsePlainStore(reader: TokenReader, scope: BodyScope, out: Instruction[]): void {
  const address = parseStarOperand(reader, scope);
  if (reader.accept(";")) {
    out.push({ kind: "evaluate", value: { kind: "load", tag: "plain", address } });
    return;
  }
  reader.expect("=", "after the location of a store");
  out.push({ kind: "store", tag: "plain", address, value: parseExpression(reader, scope) });
  reader.expect(";", "after the statement");
}

function parseStarOperand(reader: TokenReader, scope: BodyScope): Expression {
  if (reader.accept("*")) {
    reader.enter();
    return { kind: "load", tag: "plain", address: reader.leave(parseStarOperand(reader, scope)) };
  }
  if (reader.at("(")) {
    const open = reader.next();
    const inside = reader.peek();
    if (inside.kind === "identifier" && isTypeName(inside.text, scope) && !scope.parameters.has(inside.text)) {
      while (reader.peek().kind === "identifier" || reader.at("*")) reader.next();
      reader.expect(")", "after the type of a cast");
      reader.enter();
      return reader.leave(parseStarOperand(reader, scope));
    }
    reader.lexer.moveTo(open.offset);
    reader.next();
    const e = parseExpression(reader, scope);
    reader.expect(")", "to close the parenthesis");
    return e;
  }
  const name = reader.expectIdentifier("a location after `*`");
  if (scope.parameters.has(name)) return { kind: "address", location: name, offset: 0 };
  return { kind: "register", name };
}

/** `foo_t r`, `foo_t *r =`: a type we have no name for. */
function startsDeclaration(reader: TokenReader, scope: BodyScope): boolean {
  const first = reader.peek();
  if (scope.parameters.has(first.text)) return false;
  reader.next();
  while (reader.at("*")) reader.next();
  const second = reader.peek();
  reader.lexer.moveTo(first.offset);
  return second.kind === "identifier";
}

function parseDeclaration(reader: TokenReader, scope: BodyScope, out: Instruction[]): void {
  const words: string[] = [];
  // The last identifier of a declaration is the name: `unsigned long r`, `struct foo *p`.
  let name = "";
  let stars = "";
  while (reader.peek().kind === "identifier" || reader.at("*")) {
    const token = reader.next();
    if (token.text === "*") stars += "*";
    else {
      if (name !== "") words.push(name);
      name = token.text;
    }
  }
  if (words.length === 0) reader.fail("a name after the type");
  for (const word of words) if (!scope.parameters.has(word)) scope.typeNames.add(word);
  const base = words.filter((w) => w !== "volatile" && w !== "const").join(" ");
  for (;;) {
    declare(scope, stars === "" ? base : `${base} ${stars}`, name);
    if (reader.accept("=")) out.push({ kind: "assign", register: name, value: parseExpression(reader, scope) });
    if (!reader.accept(",")) return;
    stars = "";
    while (reader.accept("*")) stars += "*";
    name = reader.expectIdentifier("a name after `,`");
  }
}

function declare(scope: BodyScope, type: string, name: string): void {
  if (!scope.locals.some((local) => local.name === name)) scope.locals.push({ type, name });
}

/** `r = e`, or a macro call for its effect. */
function parseSimple(reader: TokenReader, scope: BodyScope, out: Instruction[]): void {
  const token = reader.next();
  const name = token.text;
  if (reader.accept("=")) {
    if (scope.parameters.has(name)) reader.refuse(`\`${name}\` is a parameter: expected a register or \`*${name}\` before \`=\``, token);
    out.push({ kind: "assign", register: name, value: parseExpression(reader, scope) });
    return;
  }
  if (!reader.at("(")) reader.fail("`=` or `(`");
  const primitive = scope.macros.find(name);
  if (typeof primitive === "string") reader.refuse(primitive, token);
  const call = parseCall(reader, scope, name, primitive);
  if (call.kind === "expression") {
    out.push({ kind: "evaluate", value: call.expression });
    return;
  }
  const [first, second] = call.operands as [Expression, Expression];
  const spelled = (canonical: string): { readonly spelling?: string } => (name === canonical ? {} : { spelling: name });
  switch (call.primitive.kind) {
    case "store": {
      const { tag, memory, thenFence } = call.primitive;
      const address = memory === "lvalue" ? lvalue(reader, first, name, token) : first;
      const canonical = tag === "once" ? "WRITE_ONCE" : "smp_store_release";
      out.push({ kind: "store", tag, address, value: second, ...(thenFence === undefined ? spelled(canonical) : {}) });
      if (thenFence !== undefined) out.push({ kind: "fence", fence: thenFence });
      return;
    }
    case "fence":
      out.push({ kind: "fence", fence: call.primitive.fence, ...(name === "synchronize_rcu_expedited" ? { spelling: name } : {}) });
      return;
    case "spin-lock":
    case "spin-unlock":
      out.push({ kind: call.primitive.kind, lock: first });
      return;
    case "srcu-read-unlock":
      out.push({ kind: "srcu-read-unlock", domain: first, index: second, ...spelled("srcu_read_unlock") });
      return;
    case "synchronize-srcu":
      out.push({ kind: "synchronize-srcu", domain: first, ...spelled("synchronize_srcu") });
      return;
    default:
      reader.refuse(`\`${name}\` is not a statement`, token);
  }
}
