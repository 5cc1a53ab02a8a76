import type { Expr, Stmt, SwitchCase } from "./c-syntax.ts";
import type { Conversion } from "./conversion.ts";
import { ArmsUnderWay } from "./arms-under-way.ts";
import { convertDeclarators, isStaticDeclaration } from "./convert-declarations.ts";
import { commaParts, convertExpression, expressionOfSource } from "./convert-expressions.ts";
import { localOfMacro } from "./declaring-macros.ts";
import type { Note } from "./notes.ts";

export function convertBlock(c: Conversion, node: number): Stmt & { readonly kind: "block" } {
  return { ...c.span(node), kind: "block", body: convertBlockItems(c, node) };
}

export function convertBlockItems(c: Conversion, node: number): readonly Stmt[] {
  return convertItems(c, c.children(node));
}

/** Statements one after the other; those between the marks of an `#if` group become its arms. */
function convertItems(c: Conversion, nodes: readonly number[]): readonly Stmt[] {
  const items = new ArmsUnderWay();
  for (const node of nodes) {
    if (isSilent(c, node)) continue;
    const mark = markAt(c, node);
    if (mark === undefined) items.add(convertStatement(c, node));
    else {
      // `out:` right before a group: the label has no statement of its own.
      if (c.type(node) === "labeled_statement") items.add(convertLabel(c, node));
      items.mark(mark);
    }
  }
  return items.end();
}

/** The mark of an arm that this statement is, or that the label here stands before. */
function markAt(c: Conversion, node: number): Note | undefined {
  for (let at = node; at >= 0; at = c.children(at).at(-1) ?? -1) {
    if (c.type(at) !== "labeled_statement") return c.type(at) === "expression_statement" ? c.noteAt("arm", c.start(at)) : undefined;
  }
  return undefined;
}

/** Declares types only. */
const isSilent = (c: Conversion, node: number): boolean => {
  const type = c.type(node);
  return type === "comment" || type === "type_definition" || type.endsWith("_specifier");
};

export function convertStatement(c: Conversion, node: number): Stmt {
  return c.deeper(() => convertNode(c, node)) ?? unknown(c, node);
}

const unknown = (c: Conversion, node: number): Stmt => ({ ...c.span(node), kind: "unknown", text: c.text(node) });

function convertNode(c: Conversion, node: number): Stmt {
  const span = c.span(node);
  switch (c.type(node)) {
    case "compound_statement":
      return convertBlock(c, node);
    case "declaration":
      return convertDeclaration(c, node);
    case "expression_statement":
      return convertExpressionStatement(c, node);
    case "if_statement":
      return convertIf(c, node);
    case "while_statement":
      return convertMacroHead(c, node) ?? { ...span, kind: "while", condition: field(c, node, "condition"), body: bodyOf(c, node, "body") };
    case "do_statement":
      return convertDo(c, node);
    case "for_statement":
      return convertFor(c, node);
    case "switch_statement":
      return { ...span, kind: "switch", value: field(c, node, "condition"), cases: convertCases(c, c.child(node, "body")) };
    case "return_statement": {
      const value = c.children(node)[0];
      return value === undefined ? { ...span, kind: "return" } : { ...span, kind: "return", value: convertExpression(c, value) };
    }
    case "break_statement":
      return { ...span, kind: "break" };
    case "continue_statement":
      return { ...span, kind: "continue" };
    case "goto_statement":
      return convertGoto(c, node);
    case "labeled_statement":
      return convertLabel(c, node);
    case "case_statement":
      // A case inside a nested block (Duff's device): its statements, in place.
      return { ...span, kind: "block", body: caseOf(c, node).body };
    case "attributed_statement": {
      const inner = c.children(node).at(-1);
      return inner === undefined ? unknown(c, node) : convertStatement(c, inner);
    }
    default:
      return unknown(c, node);
  }
}

const field = (c: Conversion, node: number, name: string): Expr => convertExpression(c, c.child(node, name));

function bodyOf(c: Conversion, node: number, name: string): Stmt {
  const body = c.child(node, name);
  return body < 0 ? { start: c.end(node), end: c.end(node), kind: "empty" } : convertStatement(c, body);
}

function convertDeclaration(c: Conversion, node: number): Stmt {
  const type = c.child(node, "type");
  if (type >= 0 && c.type(type) === "macro_type_specifier" && /^(?:guard|CLASS|ACQUIRE)\b/.test(c.text(type))) return guardOfDeclaration(c, node, type);
  return { ...c.span(node), kind: "declaration", isStatic: isStaticDeclaration(c, node), declarators: convertDeclarators(c, node) };
}

/** `guard(spinlock)(lock);` is a declaration of `lock` to the grammar. */
function guardOfDeclaration(c: Conversion, node: number, type: number): Stmt {
  const name = c.child(type, "name");
  const inner = c.child(type, "type");
  const args = c.childrenIn(node, "declarator").map((declarator) => {
    const start = c.start(declarator) + 1;
    return expressionOfSource(c, { start, end: Math.max(start, c.end(declarator) - 1) });
  });
  return { ...c.span(node), kind: "guard", macro: name < 0 ? "guard" : c.text(name), guardClass: inner < 0 ? "" : c.text(inner), args };
}

function convertExpressionStatement(c: Conversion, node: number): Stmt {
  const span = c.span(node);
  const inner = c.children(node)[0];
  if (inner === undefined) return { ...span, kind: "empty" };
  const assembly = c.noteAt("asm", c.start(node));
  if (assembly !== undefined) return { ...span, kind: "asm", text: c.source.slice(assembly.start, assembly.end) };
  if (c.type(inner) === "gnu_asm_expression") return { ...span, kind: "asm", text: c.text(inner) };
  const label = c.noteAt("last-label", c.start(node));
  if (label !== undefined) return { start: label.start, end: label.end, kind: "label", name: label.name };
  const bare = c.noteAt("call-without-semicolon", c.start(node));
  if (bare !== undefined) return { start: bare.start, end: bare.end, kind: "expression", expression: callOfNote(c, bare) };
  const expression = convertExpression(c, inner);
  if (expression.kind === "identifier" && expression.name === "fallthrough") return { ...span, kind: "empty" };
  const local = localOfMacro(expression);
  if (local !== undefined) return { ...span, kind: "declaration", isStatic: false, declarators: [local] };
  return guardOf(expression, span) ?? { ...span, kind: "expression", expression };
}

const callOfNote = (c: Conversion, note: Note): Expr => ({
  start: note.start,
  end: note.end,
  kind: "call",
  callee: { start: note.start, end: note.start + note.name.length, kind: "identifier", name: note.name },
  args: (note.args ?? []).map((arg) => expressionOfSource(c, arg)),
});

/** `guard(rcu)();` and `CLASS(fd, f)(fd);`: a call of a call. */
function guardOf(expression: Expr, span: { start: number; end: number }): Stmt | undefined {
  if (expression.kind !== "call" || expression.callee.kind !== "call") return undefined;
  const { callee, args } = expression.callee;
  if (callee.kind !== "identifier" || !/^(?:guard|CLASS|ACQUIRE)$/.test(callee.name)) return undefined;
  const [first, ...rest] = args;
  const guardClass = first?.kind === "identifier" ? first.name : "";
  return { ...span, kind: "guard", macro: callee.name, guardClass, args: [...rest, ...expression.args] };
}

/** A `while` or `if` that stands for a loop or guard macro. */
function convertMacroHead(c: Conversion, node: number): Stmt | undefined {
  const start = c.start(node);
  const loop = c.noteAt("loop", start);
  const note = loop ?? c.noteAt("guard", start);
  if (note === undefined) return undefined;
  const args = note.args?.length === 0 ? [] : listOf(c, c.child(node, "condition"));
  const body = bodyOf(c, node, c.type(node) === "if_statement" ? "consequence" : "body");
  if (loop !== undefined) return { ...c.span(node), kind: "macro-loop", macro: loop.name, args, headSpan: { start, end: loop.end }, body };
  const [first, ...rest] = args;
  return { ...c.span(node), kind: "guard", macro: note.name, guardClass: first?.kind === "identifier" ? first.name : "", args: rest, body };
}

function listOf(c: Conversion, condition: number): readonly Expr[] {
  const inner = condition < 0 ? undefined : c.children(condition)[0];
  return inner === undefined ? [] : commaParts(c, inner);
}

function convertIf(c: Conversion, node: number): Stmt {
  const macro = convertMacroHead(c, node);
  if (macro !== undefined) return macro;
  const note = c.noteAt("condition", c.start(node)) ?? c.noteAt("condition", afterKeyword(c, c.start(node) + "if".length));
  const condition: Expr = note === undefined ? field(c, node, "condition") : { ...callOfNote(c, note), ...argsOf(listOf(c, c.child(node, "condition"))) };
  const clause = c.child(node, "alternative");
  const alternative = clause < 0 ? undefined : c.children(clause)[0];
  return {
    ...c.span(node),
    kind: "if",
    condition,
    then: bodyOf(c, node, "consequence"),
    ...(alternative === undefined ? {} : { else: convertStatement(c, alternative) }),
  };
}

/** `if time_after(a, b)`: where the macro's name was, after the keyword's white space. */
function afterKeyword(c: Conversion, position: number): number {
  let at = position;
  while (at < c.source.length && c.source.charCodeAt(at) <= 32) at++;
  return at;
}

const argsOf = (args: readonly Expr[]): { readonly args: readonly Expr[] } => ({ args });

function convertDo(c: Conversion, node: number): Stmt {
  const loop = c.noteAt("loop", c.start(node));
  const body = bodyOf(c, node, "body");
  if (loop === undefined) return { ...c.span(node), kind: "do", condition: conditionOfDo(c, node), body };
  const args = (loop.args ?? []).map((arg) => expressionOfSource(c, arg));
  return { ...c.span(node), kind: "macro-loop", macro: loop.name, args, headSpan: { start: loop.start, end: loop.end }, body };
}

/** `do { … } for_each_vma(vmi, vma);`: the macro is the condition. */
function conditionOfDo(c: Conversion, node: number): Expr {
  const keyword = c.markOf(node, "while");
  const note = keyword < 0 ? undefined : c.noteAt("loop", c.start(keyword));
  return note === undefined ? field(c, node, "condition") : { ...callOfNote(c, note), ...argsOf(listOf(c, c.child(node, "condition"))) };
}

function convertFor(c: Conversion, node: number): Stmt {
  const init = c.child(node, "initializer");
  const condition = c.child(node, "condition");
  const update = c.child(node, "update");
  return {
    ...c.span(node),
    kind: "for",
    ...(init < 0 ? {} : { init: initOf(c, init) }),
    ...(condition < 0 ? {} : { condition: convertExpression(c, condition) }),
    ...(update < 0 ? {} : { update: convertExpression(c, update) }),
    body: bodyOf(c, node, "body"),
  };
}

function initOf(c: Conversion, node: number): Stmt {
  if (c.type(node) === "declaration") return convertDeclaration(c, node);
  return { ...c.span(node), kind: "expression", expression: convertExpression(c, node) };
}

function convertCases(c: Conversion, body: number): readonly SwitchCase[] {
  if (body < 0) return [];
  const cases: SwitchCase[] = [];
  for (const child of c.children(body)) {
    if (c.type(child) === "case_statement") {
      cases.push(caseOf(c, child));
      continue;
    }
    // What the grammar put behind a case and not into it still belongs to it.
    const last = cases.pop();
    if (last !== undefined) cases.push({ ...last, end: c.end(child), body: [...last.body, ...convertItems(c, [child])] });
  }
  return cases;
}

function caseOf(c: Conversion, node: number): SwitchCase {
  const value = c.child(node, "value");
  const body = c.children(node).filter((child) => child !== value);
  return {
    ...c.span(node),
    isDefault: value < 0,
    ...(value < 0 ? {} : { label: convertExpression(c, value) }),
    body: convertItems(c, body),
  };
}

function convertGoto(c: Conversion, node: number): Stmt {
  const label = c.child(node, "label");
  if (label < 0 || c.noteAt("opaque", c.start(label)) !== undefined) return unknown(c, node);
  return { ...c.span(node), kind: "goto", label: c.text(label) };
}

function convertLabel(c: Conversion, node: number): Stmt {
  const label = c.child(node, "label");
  const body = c.children(node).find((child) => child !== label);
  const name = label < 0 ? "" : c.text(label);
  const isMark = body !== undefined && c.type(body) === "expression_statement" && markAt(c, body) !== undefined;
  return { ...c.span(node), kind: "label", name, ...(body === undefined || isMark ? {} : { body: convertStatement(c, body) }) };
}
