import type { Parser, Tree, TreeCursor } from "web-tree-sitter";
import { lineCounter } from "../../src/base/line-counter.ts";
import { flatTreeOf } from "../../src/syntax/flat-tree.ts";
import { rewriteKernelC } from "../../src/syntax/rewrite.ts";
import type { Rewritten } from "../../src/syntax/rewrite.ts";
import { noFigures } from "./figures.ts";
import type { FileReport, Finding } from "./figures.ts";
import { lexicalTruthOf } from "./lexical-truth.ts";
import type { LexicalTruth } from "./lexical-truth.ts";

export type Tag = { readonly name: string; readonly line: number };

export type Measured = { readonly path: string; readonly source: string; readonly tags: readonly Tag[] };

/** The figures of one file, rewritten; raw ones are the same measure on the text as it is. */
export function measureFile(parser: Parser, file: Measured, how: "rewritten" | "raw"): FileReport {
  const { path, source } = file;
  const rewritten: Rewritten = how === "raw" ? { text: source, notes: [], directives: [] } : rewriteKernelC(source);
  const tree = parser.parse(rewritten.text);
  if (tree === null) throw new Error(`${path}: no tree`);
  try {
    return reportOf(tree, rewritten, file);
  } finally {
    tree.delete();
  }
}

type Damage = { readonly start: number; readonly end: number; readonly isMissing: boolean };

function reportOf(tree: Tree, rewritten: Rewritten, { path, source, tags }: Measured): FileReport {
  const damage = tree.rootNode.hasError ? damageOf(tree) : [];
  const functions = functionsOf(tree);
  const truth = lexicalTruthOf(source);
  const figures = { ...noFigures(), files: 1, bytes: source.length };
  const lineOf = lineCounter(source);
  const lineText = (position: number): string => source.slice(source.lastIndexOf("\n", position - 1) + 1, source.indexOf("\n", position)).trim();
  const findings: Finding[] = [];
  const find = (what: Finding["what"], position: number, text = lineText(position)): void => {
    findings.push({ line: lineOf(position), what, text: text.slice(0, 110) });
  };
  figures.filesInError = damage.length > 0 ? 1 : 0;
  for (const { start, end } of damage) {
    figures.bytesInError += end - start;
    find("error", start);
  }
  const isLive = (position: number): boolean => rewritten.text.charCodeAt(position) > 32;
  figures.bodies = truth.bodies.length;
  for (const { start, end } of truth.bodies) {
    if (!isLive(start)) {
      figures.bodiesSkipped++;
    } else if (damage.some((at) => at.start < end && at.end >= start)) {
      figures.bodiesInError++;
    } else if (!functions.bodies.has(start)) {
      figures.bodiesInError++;
      find("body", start, `the body is no function's: ${lineText(source.lastIndexOf("\n", start - 2) + 1)}`);
    }
  }
  countLoops(tree, truth, { figures, isLive, find });
  const macroLines = new Set(rewritten.notes.flatMap(({ kind, name, start }) => (namesMacro.has(kind) ? [`${lineOf(start)} ${wordOf(source, start, name)}`] : [])));
  const names = new Set(functions.names.map(({ start, end }) => source.slice(start, end)));
  for (const { name, line } of tags) {
    // Ctags names what a macro heads, or a macro without `;` precedes, by the macro. The bodies count those functions.
    if (!names.has(name) && macroLines.has(`${line} ${name}`)) continue;
    figures.tagged++;
    if (names.has(name)) continue;
    figures.lost++;
    findings.push({ line, what: "lost", text: name });
  }
  return { path, figures, findings };
}

const namesMacro: ReadonlySet<string> = new Set(["head", "top-level-call", "joined-name", "attribute"]);

/** Of `FNAME(walk)` the macro. */
const wordOf = (source: string, start: number, name: string): string => /^\w+/.exec(source.slice(start, start + name.length))?.[0] ?? name;

/** The outermost ERROR nodes and the MISSING ones. */
function damageOf(tree: Tree): readonly Damage[] {
  const flat = flatTreeOf(tree);
  const found: Damage[] = [];
  for (let node = 0; node < flat.count; ) {
    const isMissing = flat.isMissing[node] === 1;
    const isError = flat.type[node] === 65535;
    if (isMissing || isError) found.push({ start: flat.start[node]!, end: flat.end[node]!, isMissing });
    node = isError ? flat.after[node]! : node + 1;
  }
  return found;
}

type Functions = { readonly bodies: ReadonlySet<number>; readonly names: readonly { readonly start: number; readonly end: number }[] };

/** The tree has no directives, so all functions stand at its top, in an ERROR there, or (raw) in an `#if` group. */
function functionsOf(tree: Tree): Functions {
  const bodies = new Set<number>();
  const names: { start: number; end: number }[] = [];
  const cursor = tree.walk();
  const visit = (): void => {
    if (!cursor.gotoFirstChild()) return;
    do {
      const type = cursor.nodeType;
      if (type === "function_definition") visitFunction(cursor, bodies, names);
      else if (type === "ERROR" || type.startsWith("preproc_") || type === "linkage_specification" || type === "declaration_list") visit();
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  };
  visit();
  cursor.delete();
  return { bodies, names };
}

function visitFunction(cursor: TreeCursor, bodies: Set<number>, names: { start: number; end: number }[]): void {
  if (!cursor.gotoFirstChild()) return;
  do {
    if (cursor.currentFieldName === "body") bodies.add(cursor.startIndex);
    else if (cursor.currentFieldName === "declarator") visitDeclarator(cursor, names);
  } while (cursor.gotoNextSibling());
  cursor.gotoParent();
}

function visitDeclarator(cursor: TreeCursor, names: { start: number; end: number }[]): void {
  if (cursor.nodeType === "identifier") names.push({ start: cursor.startIndex, end: cursor.endIndex });
  if (!cursor.gotoFirstChild()) return;
  do {
    const isInner = cursor.currentFieldName === "declarator" || cursor.nodeType === "parenthesized_declarator";
    if (isInner || /_declarator$|^identifier$/.test(cursor.nodeType)) visitDeclarator(cursor, names);
  } while (cursor.gotoNextSibling());
  cursor.gotoParent();
}

type LoopCount = { readonly figures: FileReport["figures"]; readonly isLive: (position: number) => boolean; readonly find: (what: "loop", position: number) => void };

function countLoops(tree: Tree, truth: LexicalTruth, { figures, isLive, find }: LoopCount): void {
  figures.rcuLoops = truth.rcuLoops.length;
  for (const start of truth.rcuLoops) {
    if (!isLive(start)) {
      figures.rcuLoopsSkipped++;
      continue;
    }
    // Six characters reach from the keyword over the parenthesis: the smallest node with both is the statement.
    const node = tree.rootNode.descendantForIndex(start, start + 6);
    const body = node?.startIndex === start && /^(?:while|for)_statement$/.test(node.type) ? node.childForFieldName("body") : null;
    if (body !== null && !body.isMissing && !body.hasError) figures.rcuLoopsBound++;
    else find("loop", start);
  }
}
