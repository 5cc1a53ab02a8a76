/** Visits every expression below a statement or expression, outermost first. */

import type { Expr, Stmt } from "../syntax/c-syntax.ts";

type Node = Expr | Stmt;

const statementKinds = new Set<string>([
  "expression", "declaration", "if", "while", "do", "for", "macro-loop", "guard", "switch", "return", "break", "continue", "goto", "label", "block", "arms", "empty", "asm",
]);

export function walkExprs(root: Node, visit: (expr: Expr) => void): void {
  walkNodes(root, (node) => { if (isExpr(node)) visit(node); });
}

export function walkStmts(root: Node, visit: (stmt: Stmt) => void): void {
  walkNodes(root, (node) => { if (!isExpr(node)) visit(node); });
}

/** `unknown` stands in both unions; as a statement it holds nothing to visit either way. */
function isExpr(node: Node): node is Expr {
  return !statementKinds.has(node.kind);
}

/** Iterative, since generated headers nest deeper than the call stack. */
function walkNodes(root: Node, visit: (node: Node) => void): void {
  const stack: Node[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    visit(node);
    const children = childrenOf(node);
    for (let i = children.length - 1; i >= 0; i--) {
      const child = children[i];
      if (child !== undefined) stack.push(child);
    }
  }
}

/** The expressions directly inside an expression. */
export function partsOf(expr: Expr): readonly Expr[] {
  return childrenOf(expr).flatMap((child) => (child !== undefined && isExpr(child) ? [child] : []));
}

function childrenOf(node: Node): readonly (Node | undefined)[] {
  switch (node.kind) {
    case "call": return [node.callee, ...node.args];
    case "member": return [node.object];
    case "index": return [node.object, node.index];
    case "unary": case "update": case "cast": return [node.operand];
    case "binary": return [node.left, node.right];
    case "assignment": return [node.target, node.value];
    case "conditional": return [node.condition, node.then, node.else];
    case "comma": return node.parts;
    case "initializer": return node.entries.map((entry) => entry.value);
    case "statement-expression": return node.body;
    case "expression": return [node.expression];
    case "declaration": return node.declarators.map((declarator) => declarator.init);
    case "if": return [node.condition, node.then, node.else];
    case "while": case "do": return [node.condition, node.body];
    case "for": return [node.init, node.condition, node.update, node.body];
    case "macro-loop": return [...node.args, node.body];
    case "guard": return [...node.args, node.body];
    case "switch": return [node.value, ...node.cases.flatMap((one) => [one.label, ...one.body])];
    case "return": return [node.value];
    case "label": return [node.body];
    case "block": return node.body;
    case "arms": return node.arms.flatMap((arm) => arm.body);
    default: return [];
  }
}
