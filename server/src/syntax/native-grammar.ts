/**
 * The grammar as native code, from packages that may be missing or may not load: for the command line only. Its trees
 * are freed by the garbage collector and only between two turns of the event loop, so whoever parses much counts.
 * A text that it cannot read whole goes to the WebAssembly grammar, so both give the same trees.
 */
import { copyInPreorder } from "./flat-tree.ts";
import type { FlatTree, NamelessTree, OtherGrammar, PreorderCursor } from "./flat-tree.ts";

export type NativeGrammar = OtherGrammar & {
  /** UTF-16 units parsed so far, a measure of the memory that waits to be freed. */
  readonly parsedLength: () => number;
};

/** Of tree-sitter 0.22: what is used. */
type NativeCursor = PreorderCursor & { readonly nodeType: string; readonly nodeIsNamed: boolean; readonly currentFieldName: string | undefined; readonly gotoDescendant: (index: number) => void };
type NativeParser = {
  readonly setLanguage: (language: unknown) => void;
  readonly setTimeoutMicros: (timeout: number) => void;
  readonly reset: () => void;
  readonly parse: (input: (index: number) => string) => { readonly walk: () => NativeCursor } | null;
};

/** Brackets open at once. The rewriting leaves 120; far deeper ones end the process where a tree is printed or searched. */
const bracketDepthMax = 1_000;

/** A text that takes longer goes to the WebAssembly grammar, which has the same tree and can be stopped. */
const microsecondsPerParse = 10_000_000;

/** Units handed over at once; a longer string is refused by the binding. */
const pieceLength = 16_384;

/** `load` is a `require`. Throws whatever keeps the packages from loading. */
export function openNativeGrammar(load: (name: string) => unknown): NativeGrammar {
  const parser = new (load("tree-sitter") as new () => NativeParser)();
  parser.setLanguage(load("tree-sitter-c"));
  parser.setTimeoutMicros(microsecondsPerParse);
  const names = new GrammarNames();
  let parsedLength = 0;
  return {
    parsedLength: () => parsedLength,
    treeOf(text) {
      if (isTooDeep(text)) return undefined;
      parsedLength += text.length;
      try {
        const tree = parser.parse((index) => text.slice(index, index + pieceLength));
        if (tree === null) throw new Error("the parse was stopped");
        const flat = copyInPreorder(tree.walk());
        return isDamaged(flat) ? undefined : named(flat, tree.walk(), names);
      } catch {
        parser.reset();
        return undefined;
      }
    },
  };
}

/** Names by number, learnt from the nodes that have them. */
class GrammarNames {
  readonly types: string[] = [];
  readonly fields: (string | null)[] = [null];
  isNamed = new Uint8Array(512);
}

const errorType = 65535;

/** How a text that is no C is mended differs between releases of tree-sitter; what is C has one tree. */
const isDamaged = (tree: NamelessTree): boolean => tree.isMissing.includes(1) || tree.type.includes(errorType);

function named(tree: NamelessTree, cursor: NativeCursor, names: GrammarNames): FlatTree {
  for (let node = 0; node < tree.count; node++) {
    const type = tree.type[node]!;
    const field = tree.field[node]!;
    if (names.types[type] !== undefined && names.fields[field] !== undefined) continue;
    cursor.gotoDescendant(node);
    names.types[type] = cursor.nodeType;
    names.isNamed[type] = cursor.nodeIsNamed ? 1 : 0;
    names.fields[field] = field === 0 ? null : (cursor.currentFieldName ?? null);
  }
  return { ...tree, isNamed: names.isNamed, typeNames: names.types, fieldNames: names.fields };
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 40 || c === 91 || c === 123) {
      if (++depth > bracketDepthMax) return true;
    } else if ((c === 41 || c === 93 || c === 125) && depth > 0) depth--;
  }
  return false;
}
