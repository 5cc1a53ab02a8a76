import type { Attribute, Span, Stmt } from "./c-syntax.ts";
import type { FlatTree } from "./flat-tree.ts";
import type { NoteIndex } from "./note-index.ts";
import type { Note, NoteKind } from "./notes.ts";
import type { Rewritten } from "./rewrite.ts";

/** Depth of nesting converted; beyond it an expression or statement is `unknown`. Readers of the result recurse. */
const depthMax = 300;

/** No node. */
export const none = -1;

export const errorType = 65535;

/** What an expression can hold although its converter stands higher up: convert.ts hands it down, and no two files import each other. */
export type Nested = {
  /** Of a statement expression; `node` is the compound statement. */
  readonly blockItems: (c: Conversion, node: number) => readonly Stmt[];
};

/** One parse tree under conversion, with the notes of its rewriting at hand; nodes are indices. Reads only, but for its depth. */
export class Conversion {
  readonly source: string;
  readonly rewritten: Rewritten;
  readonly tree: FlatTree;
  readonly nested: Nested;
  readonly #notes: NoteIndex;
  #depth = 0;

  constructor(input: { source: string; rewritten: Rewritten; notes: NoteIndex; tree: FlatTree; nested: Nested }) {
    this.source = input.source;
    this.rewritten = input.rewritten;
    this.tree = input.tree;
    this.nested = input.nested;
    this.#notes = input.notes;
  }

  type(node: number): string {
    const id = this.tree.type[node]!;
    return id === errorType ? "ERROR" : (this.tree.typeNames[id] ?? "");
  }
  start(node: number): number {
    return this.tree.start[node]!;
  }
  end(node: number): number {
    return this.tree.end[node]!;
  }
  span(node: number): Span {
    return { start: this.start(node), end: this.end(node) };
  }
  /** The original text. */
  text(node: number): string {
    return this.source.slice(this.start(node), this.end(node));
  }
  isNamed(node: number): boolean {
    const id = this.tree.type[node]!;
    return id === errorType || this.tree.isNamed[id] === 1;
  }
  isDamage(node: number): boolean {
    return this.tree.type[node] === errorType || this.tree.isMissing[node] === 1;
  }
  /** The named children, in order. */
  children(node: number): number[] {
    const found: number[] = [];
    const stop = this.tree.after[node]!;
    for (let child = node + 1; child < stop; child = this.tree.after[child]!) if (this.isNamed(child)) found.push(child);
    return found;
  }
  /** The first child in that field, or `none`. */
  child(node: number, field: string): number {
    const stop = this.tree.after[node]!;
    for (let child = node + 1; child < stop; child = this.tree.after[child]!) {
      const id = this.tree.field[child]!;
      if (id !== 0 && this.tree.fieldNames[id] === field) return child;
    }
    return none;
  }
  childrenIn(node: number, field: string): number[] {
    const found: number[] = [];
    const stop = this.tree.after[node]!;
    for (let child = node + 1; child < stop; child = this.tree.after[child]!) {
      const id = this.tree.field[child]!;
      if (id !== 0 && this.tree.fieldNames[id] === field) found.push(child);
    }
    return found;
  }
  /** The first bare keyword or mark of that spelling among the children. */
  markOf(node: number, spelling: string): number {
    const stop = this.tree.after[node]!;
    for (let child = node + 1; child < stop; child = this.tree.after[child]!) if (this.type(child) === spelling) return child;
    return none;
  }
  hasDamage(node: number): boolean {
    const stop = this.tree.after[node]!;
    for (let at = node; at < stop; at++) if (this.isDamage(at)) return true;
    return false;
  }

  noteAt(kind: NoteKind, start: number): Note | undefined {
    return this.#notes.at(kind, start);
  }
  notesOf(kind: NoteKind): Iterable<Note> {
    return this.#notes.of(kind);
  }
  /** The attributes that start in [from, to). */
  attributes(from: number, to: number): readonly Attribute[] {
    const all = this.#notes.attributes;
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle]!.start < from) low = middle + 1;
      else high = middle;
    }
    const found: Attribute[] = [];
    for (let i = low; i < all.length && all[i]!.start < to; i++) {
      const { start, end, name } = all[i]!;
      found.push({ start, end, name, text: this.source.slice(start, end) });
    }
    return found;
  }
  /** Where the blanked text behind the position ends. */
  blankAfter(position: number): number {
    const { text } = this.rewritten;
    let at = position;
    while (at < text.length && text.charCodeAt(at) <= 32) at++;
    return at;
  }
  /** Where the blanked text before the position begins: attributes before a declaration are there. */
  blankBefore(position: number): number {
    const { text } = this.rewritten;
    let at = position;
    while (at > 0 && text.charCodeAt(at - 1) <= 32) at--;
    return at;
  }

  /** Runs `body` one level deeper; undefined when that is deeper than is followed. */
  deeper<T>(body: () => T): T | undefined {
    if (this.#depth >= depthMax) return undefined;
    this.#depth++;
    try {
      return body();
    } finally {
      this.#depth--;
    }
  }
}
