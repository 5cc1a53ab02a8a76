import { Edit } from "web-tree-sitter";
import type { Tree } from "web-tree-sitter";
import { convertTree } from "./incremental-conversion.ts";
import type { Converted } from "./incremental-conversion.ts";
import { withChangedNotes } from "./note-change.ts";
import type { ParseOptions, ParseOutcome } from "./parse-outcome.ts";
import type { Rewritten } from "./rewrite.ts";
import { changeBetween, hullOf, pointAt } from "./text-change.ts";
import type { TextChange } from "./text-change.ts";

/** What a document needs of the parser that opened it. */
export type DocumentParser = {
  /** Why this source is not parsed at all. */
  readonly refusalOf: (source: string) => string | undefined;
  readonly rewrite: (source: string, options: ParseOptions) => Rewritten;
  /** A tree, or why there is none; with `old`, an edited tree, only what changed is parsed. */
  readonly treeOf: (text: string, old: Tree | undefined, options: ParseOptions) => Tree | string;
  /** Runs what touches a tree: a failure damages the parser, and is told. */
  readonly guarded: <T>(use: () => T) => T | string;
  readonly isDamaged: () => boolean;
};

type Read = { readonly source: string; readonly rewritten: Rewritten; readonly tree: Tree; readonly converted: Converted };
type State = Read & { readonly macros: ParseOptions["macros"] };

/**
 * A text that is parsed again at every key. Owns one tree of the wasm module, which is not garbage collected: whoever
 * opened the document has to dispose of it. Its units are those of a fresh parse, and earlier ones stay as they were.
 */
export class CDocument {
  readonly #parser: DocumentParser;
  #state: State | undefined;
  /** Children of the root that the last update converted. */
  madeCount = 0;

  constructor(parser: DocumentParser) {
    this.#parser = parser;
  }

  /** True after the wasm module failed: every update is refused until a new thread opens the document again. */
  isDamaged(): boolean {
    return this.#parser.isDamaged();
  }

  /** Never throws on any source. What was stopped leaves the document at the text that it had. */
  update(source: string, options: ParseOptions = {}): ParseOutcome {
    const refusal = this.#parser.refusalOf(source);
    if (refusal !== undefined) return { kind: "refused", reason: refusal };
    const known = this.#state;
    if (known?.source === source && known.macros === options.macros) return { kind: "parsed", unit: known.converted.unit };
    const rewritten = this.#parser.rewrite(source, options);
    const next = this.#state === undefined ? this.#begin(source, rewritten, options) : this.#change(this.#state, source, rewritten, options);
    if (typeof next === "string") return { kind: "refused", reason: next };
    this.#state = { ...next, macros: options.macros };
    this.madeCount = next.converted.made.items.length;
    return { kind: "parsed", unit: next.converted.unit };
  }

  dispose(): void {
    const state = this.#state;
    this.#state = undefined;
    if (state !== undefined && !this.isDamaged()) this.#parser.guarded(() => { state.tree.delete(); });
  }

  #begin(source: string, rewritten: Rewritten, options: ParseOptions): Read | string {
    const tree = this.#parser.treeOf(rewritten.text, undefined, options);
    if (typeof tree === "string") return tree;
    return this.#parser.guarded(() => ({ source, rewritten, tree, converted: convertTree({ source, rewritten, tree }) }));
  }

  #change(old: State, source: string, rewritten: Rewritten, options: ParseOptions): Read | string {
    const inRewritten = changeBetween(old.rewritten.text, rewritten.text);
    const parsedAnew = wholeItems(inRewritten, old.converted);
    // The old tree stays as it is until there is a new one.
    const edited = this.#parser.guarded(() => editedCopy(old, rewritten.text, parsedAnew));
    if (typeof edited === "string") return edited;
    const tree = this.#parser.treeOf(rewritten.text, edited, options);
    const change = withChangedNotes(hullOf(changeBetween(old.source, source), inRewritten), old.rewritten.notes, rewritten.notes);
    const next = typeof tree === "string" ? tree : this.#parser.guarded(() => converted(source, rewritten, tree, old, edited, change));
    const settled = typeof next === "string" || !isDamagedBeyond(next.converted, parsedAnew) ? next : this.#parseWhole(next, old, edited, change, options);
    return this.#parser.guarded(() => {
      edited.delete();
      if (typeof settled !== "string") old.tree.delete();
      return settled;
    });
  }

  /** How the grammar gets over an error depends on the nodes that it is offered again: only a fresh parse gives what a fresh parse gives. */
  #parseWhole({ source, rewritten, tree: partial }: Read, old: State, edited: Tree, change: TextChange, options: ParseOptions): Read | string {
    const tree = this.#parser.treeOf(rewritten.text, undefined, options);
    return this.#parser.guarded(() => {
      partial.delete();
      return typeof tree === "string" ? tree : converted(source, rewritten, tree, old, edited, change);
    });
  }
}

function converted(source: string, rewritten: Rewritten, tree: Tree, old: State, edited: Tree, change: TextChange): Read {
  return { source, rewritten, tree, converted: convertTree({ source, rewritten, tree }, old.converted, withChangedStructure(change, edited, tree)) };
}

/** The change with all of the items that it touches: inside of one the grammar is offered nothing that it read before. */
function wholeItems({ from, before, after }: TextChange, { shapes }: Converted): TextChange {
  const first = shapes.find(({ end }) => end >= from);
  const last = shapes.findLast(({ start }) => start <= before);
  const end = Math.max(before, last?.end ?? 0);
  return { from: Math.min(from, first?.start ?? from), before: end, after: after + end - before };
}

/** Damage in what was converted anew, and not only in what was parsed anew. */
function isDamagedBeyond({ shapes, made, isDamage }: Converted, { from, after }: TextChange): boolean {
  if (isDamage) return true;
  if (!made.items.some(({ unread }) => unread.length > 0)) return false;
  return made.items.length > 0 && (shapes[made.first]!.start < from || shapes[made.first + made.items.length - 1]!.end > after);
}

function editedCopy({ tree, rewritten: { text: before } }: State, after: string, change: TextChange): Tree {
  const copy = tree.copy();
  const startPosition = pointAt(before, change.from);
  const known = { at: change.from, row: startPosition.row };
  copy.edit(new Edit({
    startIndex: change.from, oldEndIndex: change.before, newEndIndex: change.after,
    startPosition, oldEndPosition: pointAt(before, change.before, known), newEndPosition: pointAt(after, change.after, known),
  }));
  return copy;
}

/** An edit can change how far-off text is read. */
function withChangedStructure(change: TextChange, edited: Tree, tree: Tree): TextChange {
  const by = change.after - change.before;
  let hull = change;
  for (const { startIndex, endIndex } of edited.getChangedRanges(tree)) hull = hullOf(hull, { from: startIndex, before: endIndex - by, after: endIndex });
  return hull;
}
