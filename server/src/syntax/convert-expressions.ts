import type { AssignmentOperator, Expr, InitializerEntry, Span } from "./c-syntax.ts";
import type { Conversion } from "./conversion.ts";
import { normalisedType, typeText } from "./convert-types.ts";

export function convertExpression(c: Conversion, node: number): Expr {
  if (node < 0) return { start: 0, end: 0, kind: "unknown", text: "" };
  return c.deeper(() => convertNode(c, node)) ?? unknown(c, node);
}

const unknown = (c: Conversion, node: number): Expr => ({ ...c.span(node), kind: "unknown", text: c.text(node) });

function convertNode(c: Conversion, node: number): Expr {
  const span = c.span(node);
  switch (c.type(node)) {
    case "identifier":
    case "true":
    case "false":
    case "null":
    case "field_identifier":
    case "type_identifier":
    case "primitive_type":
      return convertIdentifier(c, node);
    case "number_literal":
    case "string_literal":
    case "concatenated_string":
    case "char_literal":
      return convertLiteral(c, node);
    case "call_expression":
      return convertCall(c, node);
    case "parenthesized_expression":
      return convertParenthesized(c, node);
    case "compound_statement":
      return { ...span, kind: "statement-expression", body: c.nested.blockItems(c, node) };
    case "field_expression":
      return convertMember(c, node);
    case "subscript_expression":
      return { ...span, kind: "index", object: convertField(c, node, "argument"), index: convertField(c, node, "index") };
    case "pointer_expression":
    case "unary_expression":
      return { ...span, kind: "unary", operator: operatorOf(c, node) as "*", operand: convertField(c, node, "argument") };
    case "update_expression":
      return convertUpdate(c, node);
    case "binary_expression":
      return convertBinary(c, node);
    case "assignment_expression": {
      const operator = operatorOf(c, node) as AssignmentOperator;
      return { ...span, kind: "assignment", operator, target: convertField(c, node, "left"), value: convertField(c, node, "right") };
    }
    case "conditional_expression":
      return convertConditional(c, node);
    case "cast_expression":
      return { ...span, kind: "cast", type: typeOfNode(c, c.child(node, "type")), operand: convertField(c, node, "value") };
    case "sizeof_expression":
    case "alignof_expression":
    case "offsetof_expression":
      return { ...span, kind: "sizeof", text: c.text(node) };
    case "comma_expression":
      return { ...span, kind: "comma", parts: commaParts(c, node) };
    case "compound_literal_expression": {
      const value = c.child(node, "value");
      return { ...span, kind: "initializer", type: typeOfNode(c, c.child(node, "type")), entries: convertEntries(c, value) };
    }
    case "initializer_list":
      return { ...span, kind: "initializer", entries: convertEntries(c, node) };
    case "type_descriptor":
      return { ...span, kind: "type", text: typeOfNode(c, node) };
    case "extension_expression":
      return convertExpression(c, c.children(node)[0] ?? -1);
    default:
      return unknown(c, node);
  }
}

const convertField = (c: Conversion, node: number, field: string): Expr => {
  const child = c.child(node, field);
  return child < 0 ? unknown(c, node) : convertExpression(c, child);
};

const typeOfNode = (c: Conversion, node: number): string => (node < 0 ? "" : typeText(c, c.start(node), c.end(node)));

function operatorOf(c: Conversion, node: number): string {
  const operator = c.child(node, "operator");
  if (operator < 0) return "";
  const text = c.text(operator);
  // `case A ... B` is `A | B` to the grammar.
  return text === "." && c.type(node) === "binary_expression" ? "..." : text;
}

/** One word of the rewritten text: a name, or what the rewriting hid behind a word. */
function convertIdentifier(c: Conversion, node: number): Expr {
  const start = c.start(node);
  const type = c.noteAt("type-argument", start);
  if (type !== undefined) return { start, end: type.end, kind: "type", text: normalisedType(c.source.slice(start, type.end)) };
  const hidden = c.noteAt("opaque", start) ?? c.noteAt("too-deep", start);
  if (hidden !== undefined) return { start, end: hidden.end, kind: "unknown", text: c.source.slice(start, hidden.end) };
  return { ...c.span(node), kind: "identifier", name: c.text(node) };
}

function convertLiteral(c: Conversion, node: number): Expr {
  const start = c.start(node);
  const end = c.noteAt("string-run", start)?.end ?? c.end(node);
  return { start, end, kind: "literal", text: c.source.slice(start, end) };
}

const compileTimeCall = /^(?:offsetof|__builtin_offsetof|alignof|__alignof__|__alignof|_Alignof|sizeof_field|offsetofend|typeof)$/;

function convertCall(c: Conversion, node: number): Expr {
  const calleeNode = c.child(node, "function");
  const span = c.span(node);
  if (calleeNode < 0) return unknown(c, node);
  const list = c.child(node, "arguments");
  const argumentNodes = list < 0 ? [] : c.children(list);
  if (c.type(calleeNode) === "identifier" && compileTimeCall.test(c.text(calleeNode))) return { ...span, kind: "sizeof", text: c.text(node) };
  const types = argumentNodes.length === 1 ? castTypes(c, calleeNode) : undefined;
  if (types !== undefined) return castTo(c, types, span.end, convertExpression(c, argumentNodes[0]!));
  return { ...span, kind: "call", callee: convertExpression(c, calleeNode), args: argumentNodes.map((argument) => convertExpression(c, argument)) };
}

const typedefLike = /^(?:_*[us](?:8|16|32|64)|\w+_t|_*[bl]e(?:16|32|64)|u?int|bool|u?long|ushort|uchar)$/;

/** `(u32)-1` and `(dma_addr_t)(x)`: the grammar cannot know that the word is a type; kernel naming tells. */
function parenthesizedTypeName(c: Conversion, node: number): string | undefined {
  if (c.type(node) !== "parenthesized_expression" && c.type(node) !== "argument_list") return undefined;
  const [inner, second] = c.children(node);
  if (inner === undefined || second !== undefined || c.type(inner) !== "identifier") return undefined;
  const name = c.text(inner);
  return typedefLike.test(name) ? name : undefined;
}

/** The nodes of the types that a value is converted to, outermost first: `(u32)(__le32)(x)` is a call of a call to the grammar. */
function castTypes(c: Conversion, node: number): readonly number[] | undefined {
  if (parenthesizedTypeName(c, node) !== undefined) return [node];
  if (c.type(node) !== "call_expression") return undefined;
  const list = c.child(node, "arguments");
  const outer = castTypes(c, c.child(node, "function"));
  return outer !== undefined && list >= 0 && parenthesizedTypeName(c, list) !== undefined ? [...outer, list] : undefined;
}

const castTo = (c: Conversion, types: readonly number[], end: number, operand: Expr): Expr =>
  types.reduceRight((value, node) => ({ start: c.start(node), end, kind: "cast", type: parenthesizedTypeName(c, node) ?? "", operand: value }), operand);

function convertParenthesized(c: Conversion, node: number): Expr {
  const inner = c.children(node).find((child) => c.type(child) !== "comment");
  return inner === undefined ? unknown(c, node) : convertExpression(c, inner);
}

function convertMember(c: Conversion, node: number): Expr {
  const field = c.child(node, "field");
  if (field < 0) return unknown(c, node);
  return {
    ...c.span(node),
    kind: "member",
    object: convertField(c, node, "argument"),
    field: c.text(field),
    arrow: operatorOf(c, node) === "->",
    fieldSpan: c.span(field),
  };
}

function convertUpdate(c: Conversion, node: number): Expr {
  const operator = c.child(node, "operator");
  const operand = c.child(node, "argument");
  if (operator < 0 || operand < 0) return unknown(c, node);
  const text = c.text(operator) === "--" ? "--" : "++";
  return { ...c.span(node), kind: "update", operator: text, prefix: operator < operand, operand: convertExpression(c, operand) };
}

function convertBinary(c: Conversion, node: number): Expr {
  const operator = operatorOf(c, node);
  const left = c.child(node, "left");
  const right = convertField(c, node, "right");
  const span = c.span(node);
  const type = left < 0 ? undefined : parenthesizedTypeName(c, left);
  if (type !== undefined && (operator === "-" || operator === "+" || operator === "*" || operator === "&")) {
    const start = c.start(c.child(node, "operator"));
    return { ...span, kind: "cast", type, operand: { start, end: right.end, kind: "unary", operator, operand: right } };
  }
  return { ...span, kind: "binary", operator, left: left < 0 ? unknown(c, node) : convertExpression(c, left), right };
}

function convertConditional(c: Conversion, node: number): Expr {
  const then = c.child(node, "consequence");
  return {
    ...c.span(node),
    kind: "conditional",
    condition: convertField(c, node, "condition"),
    ...(then < 0 ? {} : { then: convertExpression(c, then) }),
    else: convertField(c, node, "alternative"),
  };
}

/** `a, b, c` leans to the right in the tree, by any length: followed in a loop. */
export function commaParts(c: Conversion, node: number): readonly Expr[] {
  const parts: Expr[] = [];
  let at = node;
  while (at >= 0 && c.type(at) === "comma_expression") {
    const left = c.child(at, "left");
    if (left >= 0) parts.push(convertExpression(c, left));
    at = c.child(at, "right");
  }
  if (at >= 0) parts.push(convertExpression(c, at));
  return parts;
}

function convertEntries(c: Conversion, list: number): readonly InitializerEntry[] {
  if (list < 0) return [];
  return c
    .children(list)
    .filter((child) => c.type(child) !== "comment")
    .map((child) => {
      if (c.type(child) !== "initializer_pair") return { value: convertExpression(c, child) };
      const designators = c.childrenIn(child, "designator");
      const from = c.start(designators[0] ?? child);
      const to = c.end(designators.at(-1) ?? child);
      const designator = c.source.slice(from, to).replace(/\s+/g, "").replace(/^\./, "");
      return { designator, value: convertField(c, child, "value") };
    });
}

/** An argument known only by its place in the source: a word, or text. */
export function expressionOfSource(c: Conversion, { start, end }: Span): Expr {
  const text = c.source.slice(start, end);
  return /^[A-Za-z_]\w*$/.test(text) ? { start, end, kind: "identifier", name: text } : { start, end, kind: "unknown", text };
}
