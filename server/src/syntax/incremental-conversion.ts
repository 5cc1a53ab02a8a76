import type { Tree, TreeCursor } from "web-tree-sitter";
import type { Span, TranslationUnit } from "./c-syntax.ts";
import { conversionOf, convertItem, unitOf } from "./convert.ts";
import type { ItemSyntax } from "./convert.ts";
import { errorType } from "./conversion.ts";
import { copyInPreorder, flatTreeAt } from "./flat-tree.ts";
import type { FlatTree, NamelessTree } from "./flat-tree.ts";
import { moved, movedFunction } from "./moved.ts";
import { NoteIndex } from "./note-index.ts";
import type { Rewritten } from "./rewrite.ts";
import { merged, movedBy } from "./text-change.ts";
import type { TextChange } from "./text-change.ts";

/** What is asked of the tree about every child of its root; what is below is copied only where it is converted. */
type Shape = { readonly type: number; readonly start: number; readonly end: number; /** Nodes of the tree before it. */ readonly index: number };

/** A child of the root: as it was converted, and as it stands now, `by` further on. `nodes` is of the tree below it. */
type Item = { readonly made: ItemSyntax; readonly nodes: string; readonly by: number; readonly syntax: ItemSyntax };

/** Every child of one tree's root, in order. */
export type Converted = {
  readonly unit: TranslationUnit;
  /** Indices of the items that were converted, and not taken over. */
  readonly made: readonly number[];
  readonly isDamage: boolean;
  readonly shapes: readonly Shape[];
  readonly nodeCount: number;
  readonly items: readonly Item[];
};

/** How a text became this one: by one edit, with places outside of it where the rewritten text or its notes differ. */
export type Changes = { readonly edit: TextChange; readonly places: readonly Span[] };

/** Two trees, and where their structure may differ: around an error that is far too wide. */
export type Restructured = { readonly old: Tree; readonly places: readonly Span[] };

type Source = { readonly source: string; readonly rewritten: Rewritten; readonly tree: Tree };

/**
 * Converts the children of the root, but takes over those of `old` that stand outside of the changes. An item depends on its
 * nodes, and on text and notes from the end of the item before it to the start of the one behind it.
 */
export function convertTree(from: Source, old?: Converted & Changes & { readonly restructured: Restructured }): Converted {
  const { source, rewritten, tree } = from;
  const cursor = tree.walk();
  try {
    const root = { start: cursor.startIndex, end: cursor.endIndex, isDamage: cursor.nodeTypeId === errorType };
    const nodeCount = tree.rootNode.descendantCount;
    const shapes = shapesOf(cursor);
    const same = old === undefined ? [] : sameItems(old, { shapes, nodeCount }, old);
    const kept = old === undefined ? [] : withSameNodes(same, shapes, tree, old.restructured);
    const made = shapes.flatMap((_, at) => (kept[at] === undefined ? [at] : []));
    const notes = new NoteIndex(rewritten.notes);
    const convert = converterOf({ source, rewritten, notes, tree }, cursor, shapes, made.length < shapes.length);
    const items = shapes.map((_, at) => kept[at] ?? convert(at));
    const unit = unitOf({ source, rewritten, notes }, { ...root, items: items.map(({ syntax }) => syntax) });
    return { unit, made, isDamage: root.isDamage, shapes, nodeCount, items };
  } finally {
    cursor.delete();
  }
}

/** A whole tree that was copied before, of whatever parser. */
export function convertFlat({ source, rewritten, tree }: { readonly source: string; readonly rewritten: Rewritten; readonly tree: FlatTree }): TranslationUnit {
  const notes = new NoteIndex(rewritten.notes);
  const c = conversionOf({ source, rewritten, notes, tree });
  const items = c.children(0).map((child) => convertItem(c, child));
  return unitOf({ source, rewritten, notes }, { ...c.span(0), isDamage: c.isDamage(0), items });
}

/** The cursor stands on the root, and is back there at the end. */
function shapesOf(cursor: TreeCursor): readonly Shape[] {
  const shapes: Shape[] = [];
  if (!cursor.gotoFirstChild()) return shapes;
  do {
    shapes.push({ type: cursor.nodeTypeId, start: cursor.startIndex, end: cursor.endIndex, index: cursor.currentDescendantIndex });
  } while (cursor.gotoNextSibling());
  cursor.gotoParent();
  return shapes;
}

type Shapes = Pick<Converted, "shapes" | "nodeCount">;

/** For each child of the root the item of the old tree that it is, or undefined. */
function sameItems(old: Converted, next: Shapes, { edit, places }: Changes): readonly (Item | undefined)[] {
  const indexAt = new Map(old.shapes.map(({ start }, index) => [start, index]));
  const isChanged = touching([{ start: edit.from, end: edit.after }, ...places]);
  return next.shapes.map((_, at) => {
    const around = surroundings(next, at);
    if (isChanged(around)) return undefined;
    const by = around.start >= edit.after ? movedBy(edit) : 0;
    const known = indexAt.get(next.shapes[at]!.start - by);
    return known !== undefined && isSame(old, known, next, at, by) ? movedItem(old.items[known]!, by) : undefined;
  });
}

/** Asked in the order of places, whether one of `places` is within; an empty one at an edge is not. */
function touching(places: readonly Span[]): (around: Span) => boolean {
  const apart = merged(places);
  let passed = 0;
  return (around) => {
    while (passed < apart.length && apart[passed]!.end <= around.start) passed++;
    return passed < apart.length && apart[passed]!.start < around.end;
  };
}

/** Of the items that may be other nodes than before those that are not: taken over by the grammar, or the same node by node. */
function withSameNodes(items: readonly (Item | undefined)[], shapes: readonly Shape[], tree: Tree, { old, places }: Restructured): readonly (Item | undefined)[] {
  const isRestructured = touching(places);
  const suspects = items.flatMap((item, at) => (isRestructured(surroundings({ shapes }, at)) && item !== undefined ? [{ item, at }] : []));
  if (suspects.length === 0) return items;
  const known = new Set(childIds(old));
  const ids = childIds(tree);
  const checked = [...items];
  const cursor = tree.walk();
  for (const { item, at } of suspects) {
    if (known.has(ids[at]!)) continue;
    cursor.gotoDescendant(shapes[at]!.index);
    if (nodesOf(copyInPreorder(cursor)) !== item.nodes) checked[at] = undefined;
  }
  cursor.delete();
  return checked;
}

/** What the grammar takes over from an old tree keeps its identity, as long as both trees are there. */
function childIds(tree: Tree): readonly number[] {
  return tree.rootNode.children.map(({ id }) => id);
}

/** Two sums over all nodes, wherever the first one starts: nobody gains from a clash. */
function nodesOf({ count, type, field, start, end, after, isMissing }: NamelessTree): string {
  const from = start[0]!;
  let a = 0x811c9dc5;
  let b = 0x1000193;
  const add = (value: number): void => {
    a = Math.imul(a ^ value, 0x01000193);
    b = Math.imul(b ^ value, 0x5bd1e995) + value;
  };
  for (let node = 0; node < count; node++) {
    add(type[node]!);
    add(field[node]! * 2 + isMissing[node]!);
    add(start[node]! - from);
    add(end[node]! - from);
    add(after[node]!);
  }
  return `${String(count)}.${String(a >>> 0)}.${String(b >>> 0)}`;
}

/** From the end of the item before it to the start of the one behind it; the first and the last one reach beyond the text. */
const surroundings = ({ shapes }: Pick<Shapes, "shapes">, at: number): Span => ({ start: shapes[at - 1]?.end ?? -1, end: shapes[at + 1]?.start ?? Infinity });

function isSame(old: Shapes, known: number, next: Shapes, at: number, by: number): boolean {
  const one = old.shapes[known]!;
  const other = next.shapes[at]!;
  const before = surroundings(old, known);
  const after = surroundings(next, at);
  const isAlone = (span: Span, found: Span): boolean => span.start + by === found.start && span.end + by === found.end;
  return one.type === other.type && isAlone(one, other) && isAlone(before, after) && sizeOf(old, known) === sizeOf(next, at);
}

const sizeOf = ({ shapes, nodeCount }: Shapes, at: number): number => (shapes[at + 1]?.index ?? nodeCount) - shapes[at]!.index;

/** Converts the `at`-th child of the root; they are asked for in order. */
function converterOf({ source, rewritten, notes, tree }: Source & { readonly notes: NoteIndex }, cursor: TreeCursor, shapes: readonly Shape[], isPart: boolean): (at: number) => Item {
  let last = -2;
  return (at) => {
    // To find a descendant the cursor counts from the first child.
    if (at === last + 1) cursor.gotoNextSibling();
    else cursor.gotoDescendant(shapes[at]!.index);
    last = at;
    const flat = flatTreeAt(tree, cursor);
    const read = convertItem(conversionOf({ source, rewritten, notes, tree: flat }), 0);
    // Pieces of a text keep all of it in memory: what may outlast the text has strings of its own.
    const syntax = isPart ? structuredClone(read) : read;
    return { made: syntax, nodes: nodesOf(flat), by: 0, syntax };
  };
}

function movedItem(item: Item, further: number): Item {
  if (further === 0) return item;
  const by = item.by + further;
  const { functions, ...rest } = item.made;
  return { ...item, by, syntax: by === 0 ? item.made : { functions: functions.map((fn) => movedFunction(fn, by)), ...moved(rest, by) } };
}
