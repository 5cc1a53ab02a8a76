import type { Language, Tree, TreeCursor } from "web-tree-sitter";

/**
 * A parse tree copied into typed arrays in preorder, so that the conversion makes no further call into the wasm
 * module and never asks a node for its parent (which in deep trees damages the module).
 */
export type FlatTree = {
  readonly count: number;
  readonly type: Uint16Array;
  readonly field: Uint16Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Index of the first node that is no descendant: the next sibling, if the parent has not ended there too. */
  readonly after: Int32Array;
  /** 1 for a node that the parser made up. */
  readonly isMissing: Uint8Array;
  /** By type: 1 where the type has a name in the grammar and is no bare keyword or mark. */
  readonly isNamed: Uint8Array;
  readonly typeNames: readonly string[];
  readonly fieldNames: readonly (string | null)[];
};

/** Another grammar than the WebAssembly one, with the same trees. Undefined for a text that is not its business. */
export type OtherGrammar = { readonly treeOf: (text: string) => FlatTree | undefined };

/** A cursor at the root, as both bindings of tree-sitter have it. */
export type PreorderCursor = {
  readonly nodeTypeId: number;
  /** Undefined or 0 outside of fields. */
  readonly currentFieldId: number | undefined;
  readonly startIndex: number;
  readonly endIndex: number;
  readonly nodeIsMissing: boolean;
  readonly gotoFirstChild: () => boolean;
  readonly gotoNextSibling: () => boolean;
  readonly gotoParent: () => boolean;
};

/** A flat tree without the names of its types and fields. */
export type NamelessTree = Omit<FlatTree, "isNamed" | "typeNames" | "fieldNames">;

export function flatTreeOf(tree: Tree): FlatTree {
  const cursor = tree.walk();
  try {
    return flatTreeAt(tree, cursor);
  } finally {
    cursor.delete();
  }
}

/** The node that the cursor stands on, and what is below it. The cursor is back there at the end. */
export function flatTreeAt(tree: Tree, cursor: TreeCursor): FlatTree {
  return { ...copyInPreorder(cursor), ...namesOf(tree.language) };
}

/** The same without names; the cursor is back at its node at the end. */
export function copyInPreorder(cursor: PreorderCursor): NamelessTree {
  let capacity = 256;
  let type = new Uint16Array(capacity);
  let field = new Uint16Array(capacity);
  let start = new Int32Array(capacity);
  let end = new Int32Array(capacity);
  let after = new Int32Array(capacity);
  let isMissing = new Uint8Array(capacity);
  let count = 0;
  const open: number[] = [];
  for (;;) {
    if (count === capacity) {
      capacity *= 2;
      type = copyTo(type, new Uint16Array(capacity));
      field = copyTo(field, new Uint16Array(capacity));
      start = copyTo(start, new Int32Array(capacity));
      end = copyTo(end, new Int32Array(capacity));
      after = copyTo(after, new Int32Array(capacity));
      isMissing = copyTo(isMissing, new Uint8Array(capacity));
    }
    type[count] = cursor.nodeTypeId;
    field[count] = cursor.currentFieldId ?? 0;
    start[count] = cursor.startIndex;
    end[count] = cursor.endIndex;
    // What the parser made up has no length; few nodes need the question.
    isMissing[count] = start[count] === end[count] && cursor.nodeIsMissing ? 1 : 0;
    open.push(count++);
    if (cursor.gotoFirstChild()) continue;
    for (;;) {
      after[open.pop()!] = count;
      if (open.length === 0) return { count, type, field, start, end, after, isMissing };
      if (cursor.gotoNextSibling()) break;
      cursor.gotoParent();
    }
  }
}

const namesByLanguage = new WeakMap<Language, Pick<FlatTree, "isNamed" | "typeNames" | "fieldNames">>();

function namesOf(language: Language): Pick<FlatTree, "isNamed" | "typeNames" | "fieldNames"> {
  let names = namesByLanguage.get(language);
  if (names === undefined) {
    const { types, fields } = language;
    names = { isNamed: Uint8Array.from(types, (_, id) => (language.nodeTypeIsNamed(id) ? 1 : 0)), typeNames: types, fieldNames: fields };
    namesByLanguage.set(language, names);
  }
  return names;
}

function copyTo<T extends Uint8Array | Uint16Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
