import { lineCounter } from "../base/line-counter.ts";
import type { FunctionDef, NotAnalysed } from "./c-syntax.ts";
import type { Conversion } from "./conversion.ts";

/** A piece of the source and why it could not be followed. */
type Region = { readonly start: number; readonly end: number; readonly reason: string };

/** What the grammar could not read, in lines; regions that touch become one. */
export function notAnalysedOf(c: Conversion, functions: readonly FunctionDef[]): readonly NotAnalysed[] {
  const regions = [...damagedRegions(c), ...unbalancedRegions(c, functions), ...lostBodies(c, functions), ...deepRegions(c), ...unendedRegions(c), ...swallowedRegions(c)];
  if (regions.length === 0) return [];
  const lineOf = lineCounter(c.source);
  const lines = regions.map(({ start, end, reason }) => ({ line: lineOf(start), endLine: lineOf(Math.max(start, end - 1)), reason: inFunction(reason, functions, start) }));
  lines.sort((a, b) => a.line - b.line || a.endLine - b.endLine);
  const merged: NotAnalysed[] = [];
  for (const next of lines) {
    const last = merged.at(-1);
    if (last !== undefined && next.line <= last.endLine + 1 && (last.reason === next.reason || next.line <= last.endLine)) {
      merged.pop();
      merged.push({ ...last, endLine: Math.max(last.endLine, next.endLine) });
    } else {
      merged.push(next);
    }
  }
  return merged;
}

/** The outermost ERROR nodes and the MISSING ones. An ERROR that spans functions is reported by its loose pieces. */
function damagedRegions(c: Conversion): readonly Region[] {
  const { tree } = c;
  const regions: Region[] = [];
  for (let node = 0; node < tree.count; ) {
    if (!c.isDamage(node)) {
      node++;
      continue;
    }
    const holdsDeclarations = c.children(node).some((child) => /^(?:function_definition|declaration)$/.test(c.type(child)));
    if (!holdsDeclarations) {
      regions.push({ ...c.span(node), reason: "the parser could not read this" });
      node = tree.after[node]!;
      continue;
    }
    for (let child = node + 1; child < tree.after[node]!; child = tree.after[child]!) {
      if (!/^(?:function_definition|declaration|struct_specifier|type_definition)$/.test(c.type(child))) regions.push({ ...c.span(child), reason: "the parser could not read this" });
    }
    node++;
  }
  return regions;
}

function unbalancedRegions(c: Conversion, functions: readonly FunctionDef[]): readonly Region[] {
  return [...c.notesOf("unbalanced")].map(({ start, end, name }) => {
    const around = functions.find((fn) => fn.start <= start && start < fn.end);
    return { start: around?.start ?? start, end: around?.end ?? end, reason: `a \`${name}\` has no partner` };
  });
}

/** A body that the rewriting saw and the tree has not. */
function lostBodies(c: Conversion, functions: readonly FunctionDef[]): readonly Region[] {
  const found = new Set(functions.map((fn) => fn.body.start));
  const inTree = new Set<number>();
  for (let node = 0; node < c.tree.count; node++) if (c.type(node) === "function_definition") inTree.add(c.start(c.child(node, "body")));
  return [...c.notesOf("function-body")]
    .filter(({ start }) => !found.has(start) && !inTree.has(start))
    .map(({ start, end }) => ({ start, end, reason: "the body of a function whose head could not be read" }));
}

const deepRegions = (c: Conversion): readonly Region[] =>
  [...c.notesOf("too-deep")].map(({ start, end }) => ({ start, end, reason: "nested too deeply to be followed" }));

const unendedRegions = (c: Conversion): readonly Region[] =>
  [...c.notesOf("unended")].map(({ start, end, name }) => ({ start, end, reason: name === "/*" ? "a comment has no end" : `an \`${name}\` has no \`#endif\`` }));

/** `MACRO(` whose parenthesis closes only behind functions: a brace in column 0 is no argument. */
const swallowedRegions = (c: Conversion): readonly Region[] =>
  [...c.notesOf("top-level-call")].filter(({ start, end }) => /\n\{/.test(c.source.slice(start, end))).map(({ start, end, name }) => ({ start, end, reason: `inside the arguments of ${name}` }));

function inFunction(reason: string, functions: readonly FunctionDef[], start: number): string {
  const around = functions.find((fn) => fn.start <= start && start < fn.end);
  return around === undefined ? reason : `in ${around.name}: ${reason}`;
}
