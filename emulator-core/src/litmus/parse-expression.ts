/*
 * Expressions of thread bodies: the grammar herd7 accepts for C litmus tests, C precedence.
 * Casts are read and dropped; a parameter's name is the address of that global.
 */
import type { Primitive } from "../lkmm/primitives.ts";
import type { BinaryOperator, Expression } from "../program.ts";
import type { MacroTable } from "./macro-table.ts";
import { printRmwSpelling } from "./spelling.ts";
import type { TokenReader } from "./token-reader.ts";

/** What a name means inside one thread. */
export type ThreadScope = {
  readonly parameters: ReadonlySet<string>;
  /** Names seen as types in declarations, so that `(foo_t *)x` reads as a cast. */
  readonly typeNames: Set<string>;
  readonly macros: MacroTable;
};

/** Binding strength of the binary operators; all are left-associative. */
const strengths: ReadonlyMap<string, number> = new Map([
  ["|", 1], ["^", 2], ["&", 3], ["==", 4], ["!=", 4], ["<", 5], [">", 5], ["<=", 5], [">=", 5], ["+", 6], ["-", 6], ["*", 7], ["/", 7],
]);

export const typeWords: ReadonlySet<string> = new Set(
  "int unsigned signed long short char void struct union const volatile intptr_t uintptr_t size_t atomic_t atomic_long_t spinlock_t raw_spinlock_t bool _Bool u8 u16 u32 u64 s8 s16 s32 s64 int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t".split(" "),
);

export function isTypeName(name: string, scope: ThreadScope): boolean {
  return typeWords.has(name) || scope.typeNames.has(name);
}

export function parseExpression(reader: TokenReader, scope: ThreadScope): Expression {
  reader.enter();
  return reader.leave(parseOperands(reader, scope, 0));
}

/** Operands joined by operators that bind stronger than `weakest`. */
function parseOperands(reader: TokenReader, scope: ThreadScope, weakest: number): Expression {
  let left = parseUnary(reader, scope);
  for (let count = 1; ; count++) {
    const token = reader.peek();
    const strength = token.kind === "punctuation" ? (strengths.get(token.text) ?? 0) : 0;
    if (strength <= weakest) return left;
    reader.limitOperands(count);
    reader.next();
    left = binary(token.text as BinaryOperator, left, parseOperands(reader, scope, strength));
  }
}

/** `x + 4` of a global is its second word: an address, not an operation. */
function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  if (operator === "+" && left.kind === "address" && right.kind === "constant")
    return { kind: "address", location: left.location, offset: left.offset + right.value };
  return { kind: "binary", operator, left, right };
}

function parseUnary(reader: TokenReader, scope: ThreadScope): Expression {
  if (reader.at("*")) {
    reader.next();
    reader.enter();
    const address = reader.leave(parseUnary(reader, scope));
    return { kind: "load", tag: "plain", address };
  }
  if (reader.at("-")) {
    const token = reader.next();
    if (reader.peek().kind === "number") {
      reader.lexer.moveTo(token.offset);
      return { kind: "constant", value: reader.integer("a number") };
    }
    reader.enter();
    const operand = reader.leave(parseUnary(reader, scope));
    return { kind: "binary", operator: "-", left: { kind: "constant", value: 0 }, right: operand };
  }
  if (reader.at("(")) {
    reader.next();
    const inside = reader.peek();
    if (inside.kind === "identifier" && isTypeName(inside.text, scope) && !scope.parameters.has(inside.text)) {
      skipType(reader);
      reader.expect(")", "after the type of a cast");
      reader.enter();
      return reader.leave(parseUnary(reader, scope));
    }
    const value = parseExpression(reader, scope);
    reader.expect(")", "to close the parenthesis");
    return value;
  }
  return parsePrimary(reader, scope);
}

function skipType(reader: TokenReader): void {
  while (reader.peek().kind === "identifier" || reader.at("*")) reader.next();
}

function parsePrimary(reader: TokenReader, scope: ThreadScope): Expression {
  const token = reader.peek();
  if (token.kind === "number") return { kind: "constant", value: reader.integer("a number") };
  if (token.kind !== "identifier") reader.fail("an expression");
  reader.next();
  if (reader.at("(")) {
    const primitive = scope.macros.find(token.text);
    if (typeof primitive === "string") reader.refuse(primitive, token);
    const call = parseCall(reader, scope, token.text, primitive);
    if (call.kind !== "expression") reader.refuse(`\`${token.text}\` has no value: expected an expression`, token);
    return call.expression;
  }
  if (scope.parameters.has(token.text)) return { kind: "address", location: token.text, offset: 0 };
  return { kind: "register", name: token.text };
}

/** A macro call: an expression, or one of the statements that are not. */
export type Call =
  | { readonly kind: "expression"; readonly expression: Expression }
  | { readonly kind: "statement"; readonly primitive: Primitive; readonly name: string; readonly operands: readonly Expression[] };

/** After the name, at `(`. */
export function parseCall(reader: TokenReader, scope: ThreadScope, name: string, primitive: Primitive): Call {
  const open = reader.expect("(", `after \`${name}\``);
  const operands: Expression[] = [];
  if (!reader.at(")")) {
    do operands.push(parseExpression(reader, scope));
    while (reader.accept(","));
  }
  const close = reader.expect(")", `to close the call of \`${name}\``);
  const count = argumentCount(primitive);
  if (operands.length !== count)
    reader.refuse(`\`${name}\` takes ${count} argument${count === 1 ? "" : "s"}, found ${operands.length}`, operands.length > count ? close : open);
  const [first, second, third] = operands as [Expression, Expression, Expression];
  switch (primitive.kind) {
    case "load": {
      const address = primitive.memory === "lvalue" ? lvalue(reader, first, name, open) : first;
      const spelled = name === (primitive.tag === "once" ? "READ_ONCE" : "smp_load_acquire") ? {} : { spelling: name };
      return expression({ kind: "load", tag: primitive.tag, address, ...spelled });
    }
    case "exchange":
      return expression(rmw(name, { kind: "rmw", address: first, operation: { kind: "exchange", value: second }, order: primitive.order, result: "old" }));
    case "compare-exchange": {
      const operation = { kind: "compare-exchange", expected: second, value: third } as const;
      return expression(rmw(name, { kind: "rmw", address: first, operation, order: primitive.order, result: "old" }));
    }
    case "add-unless": {
      const operation = { kind: "add-unless", operand: second, unless: third } as const;
      return expression(rmw(name, { kind: "rmw", address: first, operation, order: "mb", result: "success" }));
    }
    case "arithmetic": {
      const one = primitive.operand === "one";
      const operand: Expression = one ? { kind: "constant", value: 1 } : first;
      const operation = { kind: "arithmetic", operator: primitive.operator, operand } as const;
      return expression(rmw(name, { kind: "rmw", address: one ? first : second, operation, order: primitive.order, result: primitive.result }));
    }
    case "spin-trylock":
    case "spin-is-locked":
      return expression({ kind: primitive.kind, lock: first });
    case "srcu-read-lock":
      return expression({ kind: "srcu-read-lock", domain: first, ...(name === "srcu_read_lock" ? {} : { spelling: name }) });
    default:
      return { kind: "statement", primitive, name, operands };
  }
}

/** `READ_ONCE(*x)`: the address of the lvalue. */
export function lvalue(reader: TokenReader, e: Expression, name: string, at: { readonly offset: number }): Expression {
  if (e.kind === "load" && e.tag === "plain") return e.address;
  if (e.kind === "address") return e;
  reader.refuse(`\`${name}\` needs memory such as \`*x\` as its first argument`, { kind: "punctuation", text: "(", offset: at.offset, end: at.offset + 1 });
}

function expression(e: Expression): Call {
  return { kind: "expression", expression: e };
}

type Rmw = Extract<Expression, { readonly kind: "rmw" }>;

/** Keeps the spelling only where the printer would choose another one. */
function rmw(name: string, e: Rmw): Rmw {
  return printRmwSpelling(e) === name ? e : { ...e, spelling: name };
}

function argumentCount(primitive: Primitive): number {
  switch (primitive.kind) {
    case "fence":
      return 0;
    case "store":
    case "exchange":
    case "srcu-read-unlock":
      return 2;
    case "compare-exchange":
    case "add-unless":
      return 3;
    case "arithmetic":
      return primitive.operand === "one" ? 1 : 2;
    default:
      return 1;
  }
}
