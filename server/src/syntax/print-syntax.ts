/** The syntax tree as one line of text, for tests and for looking at: C with brackets where the tree has them. */
import type { Declarator, Expr, FieldDef, Stmt, StructDef, TranslationUnit } from "./c-syntax.ts";

export function printUnit(unit: TranslationUnit): string {
  const items: { readonly start: number; readonly text: string }[] = [
    ...unit.functions.map((fn) => {
      const parameters = fn.parameters.map(({ name, type, attributes = [] }) => [type, ...attributes.map(({ text }) => text), name].join(" ").trim());
      const attributes = fn.attributes.map(({ text }) => ` ${text}`).join("");
      const words = `${fn.isStatic ? "static " : ""}${fn.isInline ? "inline " : ""}${fn.returnType} ${fn.name}(${parameters.join(", ")})${attributes}`;
      return { start: fn.start, text: `${words} ${printStatement(fn.body)}` };
    }),
    ...unit.structs.map((struct) => ({ start: struct.start, text: printStruct(struct) })),
    ...unit.globals.map((global) => ({ start: global.start, text: `${global.isStatic ? "static " : ""}${printDeclarator(global.declarator)};` })),
    ...unit.topLevelCalls.map((call) => ({ start: call.start, text: `!${call.name}(${call.args.join(", ")})` })),
    ...unit.notAnalysed.map(({ line, reason }) => ({ start: Number.MAX_SAFE_INTEGER, text: `?${line}: ${reason}` })),
  ];
  return items
    .sort((a, b) => a.start - b.start)
    .map(({ text }) => text)
    .join(" ");
}

function printStruct(struct: StructDef): string {
  const attributes = struct.attributes.map(({ text }) => ` ${text}`).join("");
  return `${struct.kind} ${struct.name ?? ""}{ ${struct.fields.map(printField).join(" ")} }${attributes}`;
}

function printField(field: FieldDef): string {
  const words = [field.nested === undefined ? field.type : printStruct(field.nested), ...field.attributes.map(({ text }) => text), field.name];
  return `${words.filter((part) => part !== "").join(" ")}${field.isArray ? "[]" : ""}${field.isBitfield ? ":" : ""};`;
}

function printDeclarator(declarator: Declarator): string {
  const words = [declarator.type, ...declarator.attributes.map(({ text }) => text), declarator.name].join(" ");
  const init = declarator.init === undefined ? "" : ` = ${printExpression(declarator.init)}`;
  return `${words}${declarator.isArray ? "[]" : ""}${init}`;
}

export function printStatement(statement: Stmt): string {
  switch (statement.kind) {
    case "block":
      return statement.body.length === 0 ? "{}" : `{ ${statement.body.map(printStatement).join(" ")} }`;
    case "expression":
      return `${printExpression(statement.expression)};`;
    case "declaration":
      return `${statement.isStatic ? "static " : ""}${statement.declarators.map(printDeclarator).join(", ")};`;
    case "if":
      return `if (${printExpression(statement.condition)}) ${printStatement(statement.then)}${statement.else === undefined ? "" : ` else ${printStatement(statement.else)}`}`;
    case "while":
      return `while (${printExpression(statement.condition)}) ${printStatement(statement.body)}`;
    case "do":
      return `do ${printStatement(statement.body)} while (${printExpression(statement.condition)});`;
    case "for": {
      const { init, condition, update } = statement;
      const first = init === undefined ? ";" : printStatement(init);
      return `for (${first} ${condition === undefined ? "" : printExpression(condition)}; ${update === undefined ? "" : printExpression(update)}) ${printStatement(statement.body)}`;
    }
    case "macro-loop":
      return `loop ${statement.macro}(${printList(statement.args)}) ${printStatement(statement.body)}`;
    case "guard":
      return `${statement.macro} <${statement.guardClass}>(${printList(statement.args)})${statement.body === undefined ? ";" : ` ${printStatement(statement.body)}`}`;
    case "switch": {
      const cases = statement.cases.map(({ label, body }) => `${label === undefined ? "default" : `case ${printExpression(label)}`}: ${body.map(printStatement).join(" ")}`);
      return `switch (${printExpression(statement.value)}) { ${cases.join(" ")} }`;
    }
    case "return":
      return statement.value === undefined ? "return;" : `return ${printExpression(statement.value)};`;
    case "break":
    case "continue":
      return `${statement.kind};`;
    case "goto":
      return `goto ${statement.label};`;
    case "label":
      return `${statement.name}:${statement.body === undefined ? "" : ` ${printStatement(statement.body)}`}`;
    case "arms":
      return `#{ ${statement.arms.map(({ condition, body }) => `${condition === undefined ? "else" : `${condition.isNegated ? "!" : ""}${condition.text}`}: ${body.map(printStatement).join(" ")}`).join(" | ")} }`;
    case "empty":
      return ";";
    case "asm":
      return `asm<${statement.text}>;`;
    case "unknown":
      return `unknown<${statement.text}>`;
  }
}

const printList = (expressions: readonly Expr[]): string => expressions.map(printExpression).join(", ");

export function printExpression(e: Expr): string {
  switch (e.kind) {
    case "identifier":
      return e.name;
    case "literal":
    case "sizeof":
      return e.text;
    case "call":
      return `${printExpression(e.callee)}(${printList(e.args)})`;
    case "member":
      return `${printExpression(e.object)}${e.arrow ? "->" : "."}${e.field}`;
    case "index":
      return `${printExpression(e.object)}[${printExpression(e.index)}]`;
    case "unary":
      return `${e.operator}${printExpression(e.operand)}`;
    case "update":
      return e.prefix ? `${e.operator}${printExpression(e.operand)}` : `${printExpression(e.operand)}${e.operator}`;
    case "binary":
      return `(${printExpression(e.left)} ${e.operator} ${printExpression(e.right)})`;
    case "assignment":
      return `${printExpression(e.target)} ${e.operator} ${printExpression(e.value)}`;
    case "conditional":
      return `(${printExpression(e.condition)} ?${e.then === undefined ? "" : ` ${printExpression(e.then)} `}: ${printExpression(e.else)})`;
    case "cast":
      return `(${e.type})${printExpression(e.operand)}`;
    case "comma":
      return `(${printList(e.parts)})`;
    case "initializer":
      return `${e.type === undefined ? "" : `(${e.type})`}{ ${e.entries.map(({ designator, value }) => `${designator === undefined ? "" : `.${designator} = `}${printExpression(value)}`).join(", ")} }`;
    case "statement-expression":
      return `({ ${e.body.map(printStatement).join(" ")} })`;
    case "type":
      return `<${e.text}>`;
    case "unknown":
      return `unknown<${e.text}>`;
  }
}
