import type { Tree, TreeCursor } from "web-tree-sitter";
import type { TranslationUnit } from "./c-syntax.ts";
import { conversionOf, convertItem, unitOf } from "./convert.ts";
import type { ItemSyntax } from "./convert.ts";
import { errorType } from "./conversion.ts";
import { flatTreeAt } from "./flat-tree.ts";
import type { FlatTree } from "./flat-tree.ts";
import { moved, movedFunction } from "./moved.ts";
import { NoteIndex } from "./note-index.ts";
import type { Rewritten } from "./rewrite.ts";
import type { TextChange } from "./text-change.ts";

/** What is asked of the tree about every child of its root; what is below is copied only where it is converted. */
type Shape = { readonly type: number; readonly start: number; readonly end: number; /** Nodes of the tree before it. */ readonly index: number };

/** A child of the root: as it was converted, and as it stands now, `by` further on. */
type Item = { readonly made: ItemSyntax; readonly by: number; readonly syntax: ItemSyntax };

/** Every child of one tree's root, in order. */
export type Converted = {
  readonly unit: TranslationUnit;
  /** The items that were converted, and not taken over. */
  readonly made: { readonly first: number; readonly items: readonly ItemSyntax[] };
  readonly isDamage: boolean;
  readonly shapes: readonly Shape[];
  readonly nodeCount: number;
  readonly items: readonly Item[];
};

type Source = { readonly source: string; readonly rewritten: Rewritten; readonly tree: Tree };

/**
 * Converts the children of the root, but takes over those of `old` that stand outside of `change`. An item depends on its
 * nodes, and on text and notes from the end of the item before it to the start of the one behind it.
 */
export function convertTree(from: Source, old?: Converted, change?: TextChange): Converted {
  const { source, rewritten, tree } = from;
  const cursor = tree.walk();
  try {
    const root = { start: cursor.startIndex, end: cursor.endIndex, isDamage: cursor.nodeTypeId === errorType };
    const nodeCount = tree.rootNode.descendantCount;
    const shapes = shapesOf(cursor);
    const isReusable = old !== undefined && change !== undefined;
    const { before, behind } = isReusable ? sameItems(old, { shapes, nodeCount }, change) : { before: 0, behind: 0 };
    const by = isReusable ? change.after - change.before : 0;
    const notes = new NoteIndex(rewritten.notes);
    const made = convertShapes({ source, rewritten, notes, tree }, cursor, shapes, before, shapes.length - behind);
    const moving = old?.items.slice(old.items.length - behind).map((item) => movedItem(item, by)) ?? [];
    const items = [...(old?.items.slice(0, before) ?? []), ...made, ...moving];
    const unit = unitOf({ source, rewritten, notes }, { ...root, items: items.map(({ syntax }) => syntax) });
    return { unit, made: { first: before, items: made.map(({ syntax }) => syntax) }, isDamage: root.isDamage, shapes, nodeCount, items };
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

/** How many items at the start and at the end are the same in both trees. */
function sameItems(old: Shapes, next: Shapes, { from, before: oldEnd, after }: TextChange): { readonly before: number; readonly behind: number } {
  const shorter = Math.min(old.shapes.length, next.shapes.length);
  const isSame = (a: number, b: number, by: number): boolean => {
    const one = old.shapes[a]!;
    const other = next.shapes[b]!;
    return one.type === other.type && one.start + by === other.start && one.end + by === other.end && sizeOf(old, a) === sizeOf(next, b);
  };
  let before = 0;
  // Up to the start of the item behind it nothing may have changed, and that item must still start there.
  while (before + 1 < shorter && isSame(before, before, 0) && next.shapes[before + 1]!.start <= from && old.shapes[before + 1]!.start === next.shapes[before + 1]!.start) before++;
  let behind = 0;
  for (let a = old.shapes.length - 1, b = next.shapes.length - 1; behind + 1 < shorter - before; a--, b--, behind++) {
    if (!isSame(a, b, after - oldEnd) || old.shapes[a - 1]!.end < oldEnd || next.shapes[b - 1]!.end < after || old.shapes[a - 1]!.end + after - oldEnd !== next.shapes[b - 1]!.end) break;
  }
  return { before, behind };
}

const sizeOf = ({ shapes, nodeCount }: Shapes, at: number): number => (shapes[at + 1]?.index ?? nodeCount) - shapes[at]!.index;

function convertShapes({ source, rewritten, notes, tree }: Source & { readonly notes: NoteIndex }, cursor: TreeCursor, shapes: readonly Shape[], first: number, end: number): readonly Item[] {
  if (first >= end) return [];
  const made: Item[] = [];
  const isPart = end - first < shapes.length;
  cursor.gotoDescendant(shapes[first]!.index);
  for (let at = first; at < end; at++) {
    const read = convertItem(conversionOf({ source, rewritten, notes, tree: flatTreeAt(tree, cursor) }), 0);
    // Pieces of a text keep all of it in memory: what may outlast the text has strings of its own.
    const syntax = isPart ? structuredClone(read) : read;
    made.push({ made: syntax, by: 0, syntax });
    cursor.gotoNextSibling();
  }
  cursor.gotoParent();
  return made;
}

function movedItem(item: Item, further: number): Item {
  if (further === 0) return item;
  const by = item.by + further;
  const { functions, ...rest } = item.made;
  return { made: item.made, by, syntax: by === 0 ? item.made : { functions: functions.map((fn) => movedFunction(fn, by)), ...moved(rest, by) } };
}
