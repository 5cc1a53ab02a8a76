import { lineCounter } from "../base/line-counter.ts";
import type { FunctionDef, NotAnalysed, Span } from "./c-syntax.ts";
import { none } from "./conversion.ts";
import type { Conversion } from "./conversion.ts";
import type { NoteIndex } from "./note-index.ts";

/** A piece of the source and why it could not be followed. */
type Region = Span & { readonly reason: string };

/** What one child of the root says of the damage in it. */
export type Damage = {
  readonly unread: readonly Span[];
  /** Where the bodies begin that the tree has as those of functions. */
  readonly bodyStarts: readonly number[];
  readonly isDeclaration: boolean;
  /** In an ERROR at the root: may be declared there all the same. */
  readonly isLoose: boolean;
};

export type Root<Item extends Damage & Span> = Span & { readonly isDamage: boolean; readonly items: readonly Item[] };

type Unit = { readonly source: string; readonly notes: NoteIndex; readonly functions: readonly FunctionDef[]; readonly root: Root<Damage & Span> };

/** What the grammar could not read, in lines; regions that touch become one. */
export function notAnalysedOf({ source, notes, functions, root }: Unit): readonly NotAnalysed[] {
  const regions = [...damagedRegions(root), ...unbalancedRegions(notes, functions), ...lostBodies(notes, root), ...deepRegions(notes), ...unendedRegions(notes), ...swallowedRegions(source, notes)];
  if (regions.length === 0) return [];
  const lineOf = lineCounter(source);
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

const declares = /^(?:function_definition|declaration)$/;
const standsAlone = /^(?:function_definition|declaration|struct_specifier|type_definition)$/;

/** The outermost ERROR nodes and the MISSING ones below and at the root's child. An ERROR that spans functions is reported by its loose pieces. */
export function damageOf(c: Conversion, root: number): Damage {
  const { tree } = c;
  const unread: Span[] = [];
  const bodyStarts: number[] = [];
  for (let node = root, skipped = root; node < tree.after[root]!; node++) {
    const body = c.type(node) === "function_definition" ? c.child(node, "body") : none;
    if (body !== none) bodyStarts.push(c.start(body));
    if (node < skipped || !c.isDamage(node)) continue;
    const children = c.children(node);
    if (!children.some((child) => declares.test(c.type(child)))) {
      unread.push(c.span(node));
      skipped = tree.after[node]!;
      continue;
    }
    for (let child = node + 1; child < tree.after[node]!; child = tree.after[child]!) {
      if (!standsAlone.test(c.type(child))) unread.push(c.span(child));
    }
  }
  return { unread, bodyStarts, isDeclaration: declares.test(c.type(root)), isLoose: !standsAlone.test(c.type(root)) };
}

function damagedRegions({ isDamage, items, start, end }: Root<Damage & Span>): readonly Region[] {
  const reason = "the parser could not read this";
  if (isDamage && !items.some(({ isDeclaration }) => isDeclaration)) return [{ start, end, reason }];
  const loose = isDamage ? items.filter(({ isLoose }) => isLoose) : [];
  return [...loose, ...items.flatMap(({ unread }) => unread)].map((at) => ({ start: at.start, end: at.end, reason }));
}

function unbalancedRegions(notes: NoteIndex, functions: readonly FunctionDef[]): readonly Region[] {
  return [...notes.of("unbalanced")].map(({ start, end, name }) => {
    const around = functions.find((fn) => fn.start <= start && start < fn.end);
    return { start: around?.start ?? start, end: around?.end ?? end, reason: `a \`${name}\` has no partner` };
  });
}

/** A body that the rewriting saw and the tree has not. */
function lostBodies(notes: NoteIndex, { items }: Root<Damage & Span>): readonly Region[] {
  const inTree = new Set(items.flatMap(({ bodyStarts }) => bodyStarts));
  return [...notes.of("function-body")]
    .filter(({ start }) => !inTree.has(start))
    .map(({ start, end }) => ({ start, end, reason: "the body of a function whose head could not be read" }));
}

const deepRegions = (notes: NoteIndex): readonly Region[] =>
  [...notes.of("too-deep")].map(({ start, end }) => ({ start, end, reason: "nested too deeply to be followed" }));

const unendedRegions = (notes: NoteIndex): readonly Region[] =>
  [...notes.of("unended")].map(({ start, end, name }) => ({ start, end, reason: name === "/*" ? "a comment has no end" : `an \`${name}\` has no \`#endif\`` }));

/** `MACRO(` whose parenthesis closes only behind functions: a brace in column 0 is no argument. */
const swallowedRegions = (source: string, notes: NoteIndex): readonly Region[] =>
  [...notes.of("top-level-call")].filter(({ start, end }) => /\n\{/.test(source.slice(start, end))).map(({ start, end, name }) => ({ start, end, reason: `inside the arguments of ${name}` }));

function inFunction(reason: string, functions: readonly FunctionDef[], start: number): string {
  const around = functions.find((fn) => fn.start <= start && start < fn.end);
  return around === undefined ? reason : `in ${around.name}: ${reason}`;
}
