import { Edit } from "web-tree-sitter";
import type { Tree } from "web-tree-sitter";
import type { Span } from "./c-syntax.ts";
import { convertTree } from "./incremental-conversion.ts";
import type { Changes, Converted } from "./incremental-conversion.ts";
import { changedNotes } from "./note-change.ts";
import type { ParseOptions, ParseOutcome } from "./parse-outcome.ts";
import type { Pieces } from "./rewrite.ts";
import { changeBetween, differencesOutside, merged, movedBy, pointAt } from "./text-change.ts";
import type { TextChange } from "./text-change.ts";

/** What a document needs of the parser that opened it. */
export type DocumentParser = {
  /** Why this source is not parsed at all. */
  readonly refusalOf: (source: string) => string | undefined;
  /** With `old`, of the same lists of macros, only what changed is rewritten. */
  readonly rewrite: (source: string, options: ParseOptions, old?: { readonly rewritten: Pieces; readonly edit: TextChange }) => Pieces;
  /** A tree, or why there is none; with `old`, an edited tree, only what changed is parsed. */
  readonly treeOf: (text: string, old: Tree | undefined, options: ParseOptions) => Tree | string;
  /** Runs what touches a tree: a failure damages the parser, and is told. */
  readonly guarded: <T>(use: () => T) => T | string;
  readonly isDamaged: () => boolean;
};

type Read = { readonly source: string; readonly rewritten: Pieces; readonly tree: Tree; readonly converted: Converted };
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
    const next = known === undefined ? this.#begin(source, this.#parser.rewrite(source, options), options) : this.#change(known, source, options);
    if (typeof next === "string") return { kind: "refused", reason: next };
    this.#state = { ...next, macros: options.macros };
    this.madeCount = next.converted.made.length;
    return { kind: "parsed", unit: next.converted.unit };
  }

  dispose(): void {
    const state = this.#state;
    this.#state = undefined;
    if (state !== undefined && !this.isDamaged()) this.#parser.guarded(() => { state.tree.delete(); });
  }

  #begin(source: string, rewritten: Pieces, options: ParseOptions): Read | string {
    const tree = this.#parser.treeOf(rewritten.text, undefined, options);
    if (typeof tree === "string") return tree;
    return this.#parser.guarded(() => ({ source, rewritten, tree, converted: convertTree({ source, rewritten, tree }) }));
  }

  #change(old: State, source: string, options: ParseOptions): Read | string {
    const edit = changeBetween(old.source, source);
    const rewritten = this.#parser.rewrite(source, options, old.macros === options.macros ? { rewritten: old.rewritten, edit } : undefined);
    const differing = differencesOutside(edit, old.rewritten.text, rewritten.text);
    const parsedAnew = wholeItems(edit, differing, old.converted);
    // The old tree stays as it is until there is a new one.
    const edited = this.#parser.guarded(() => editedCopy(old, rewritten.text, parsedAnew, edit));
    if (typeof edited === "string") return edited;
    const tree = this.#parser.treeOf(rewritten.text, edited, options);
    const changes = { edit, places: [...differing, ...changedNotes(edit, old.rewritten.notes, rewritten.notes)] };
    const next = typeof tree === "string" ? tree : this.#parser.guarded(() => converted(source, rewritten, tree, old, edited, changes));
    const settled = typeof next === "string" || !isDamagedBeyond(next.converted, parsedAnew) ? next : this.#parseWhole(next, old, edited, changes, options);
    return this.#parser.guarded(() => {
      edited.delete();
      if (typeof settled !== "string") old.tree.delete();
      return settled;
    });
  }

  /** How the grammar gets over an error depends on the nodes that it is offered again: only a fresh parse gives what a fresh parse gives. */
  #parseWhole({ source, rewritten, tree: partial }: Read, old: State, edited: Tree, changes: Changes, options: ParseOptions): Read | string {
    const tree = this.#parser.treeOf(rewritten.text, undefined, options);
    return this.#parser.guarded(() => {
      partial.delete();
      return typeof tree === "string" ? tree : converted(source, rewritten, tree, old, edited, changes);
    });
  }
}

/** An edit can change how far-off text is read. */
function converted(source: string, rewritten: Pieces, tree: Tree, old: State, edited: Tree, changes: Changes): Read {
  const places = edited.getChangedRanges(tree).map(({ startIndex, endIndex }) => ({ start: startIndex, end: endIndex }));
  return { source, rewritten, tree, converted: convertTree({ source, rewritten, tree }, { ...old.converted, ...changes, restructured: { old: edited, places } }) };
}

/** More pieces of one text are parsed anew as one. */
const piecesMax = 8;

/** What the grammar has to read again: all of the items that a change touches, inside of which it is offered nothing that it read before. In order. */
function wholeItems(edit: TextChange, differing: readonly Span[], { shapes }: Converted): readonly TextChange[] {
  const by = movedBy(edit);
  const behind = differing.filter(({ start }) => start >= edit.after).map(({ start, end }) => ({ start: start - by, end: end - by }));
  const touched = [...differing.filter(({ start }) => start < edit.after), { start: edit.from, end: edit.before }, ...behind].map(({ start, end }): Span => {
    const first = shapes.find((shape) => shape.end >= start);
    const last = shapes.findLast((shape) => shape.start <= end);
    return { start: Math.min(start, first?.start ?? start), end: Math.max(end, last?.end ?? 0) };
  });
  const apart = merged(touched);
  const pieces = apart.length > piecesMax ? [{ start: apart[0]!.start, end: apart.at(-1)!.end }] : apart;
  return pieces.map(({ start, end }) => ({ from: start, before: end, after: start <= edit.from && edit.before <= end ? end + by : end }));
}

/** Damage in what was converted anew, and not only in what was parsed anew. */
function isDamagedBeyond({ shapes, made, items, isDamage }: Converted, parsedAnew: readonly TextChange[]): boolean {
  if (isDamage) return true;
  if (!made.some((at) => items[at]!.syntax.unread.length > 0)) return false;
  const pieces = piecesNow(parsedAnew);
  return made.some((at) => !pieces.some(({ start, end }) => start <= shapes[at]!.start && shapes[at]!.end <= end));
}

/** Where the pieces stand in the new text. */
function piecesNow(pieces: readonly TextChange[]): readonly Span[] {
  let by = 0;
  return pieces.map((piece) => {
    const start = piece.from + by;
    by += movedBy(piece);
    return { start, end: piece.before + by };
  });
}

const isBehind = (piece: TextChange, edit: TextChange): boolean => piece.from > edit.before;

/** From the last piece to the first, so that what is before each stands where it stood. */
function editedCopy({ tree, rewritten: { text: before } }: State, after: string, pieces: readonly TextChange[], edit: TextChange): Tree {
  const copy = tree.copy();
  for (const piece of pieces.toReversed()) {
    const startPosition = pointAt(before, piece.from);
    const known = { at: piece.from, row: startPosition.row };
    copy.edit(new Edit({
      startIndex: piece.from, oldEndIndex: piece.before, newEndIndex: piece.after,
      startPosition, oldEndPosition: pointAt(before, piece.before, known),
      newEndPosition: pointAt(isBehind(piece, edit) ? before : after, piece.after, known),
    }));
  }
  return copy;
}
