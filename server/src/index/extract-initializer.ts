/**
 * Initialisers: `.field = function` under the type of the innermost compound literal. A nested brace without a type of
 * its own is a part of the outer type: its fields are named with their path, `driver.probe`.
 */

import { close, mark, open } from "./scan-state.ts";
import type { ScanState } from "./scan-state.ts";
import { tokenCode } from "./tokens.ts";
import { wordClass } from "./words.ts";

/** Nesting beyond which an initialiser is skipped. */
const depthMax = 48;

type Initializer = { readonly type: number; readonly owner: number; readonly via: number; readonly line: number; table: number };

export class InitializerReader {
  readonly #state: ScanState;
  readonly #placeOfPrefix = new Map<string, number>();

  constructor(state: ScanState) {
    this.#state = state;
  }

  /** `at` is the brace that opens it; answers with the token after the one that closes it. */
  read(at: number, type: number, owner: number): number {
    return this.#list(at, { type, owner, via: 0, line: this.#state.line(at), table: -1 }, "", 0);
  }

  /** The type id of the compound literal whose brace is at `brace`; 0 when what stands before is no such cast. */
  literalType(brace: number): number {
    const s = this.#state;
    if (s.code(brace - 1) !== close.paren) return 0;
    for (let i = brace - 2; i > brace - 9 && i >= 0; i--) {
      const c = s.code(i);
      if (c === open.paren) return 0;
      if (c === tokenCode.word && (s.code(i - 1) === tokenCode.word && s.classOf(i - 1) === wordClass.tag)) return s.id(i);
    }
    return 0;
  }

  #table(list: Initializer): number {
    if (list.table < 0) list.table = this.#state.shard.addTable(list.type, list.owner, list.via, list.line);
    return list.table;
  }

  #list(at: number, list: Initializer, prefix: string, depth: number): number {
    const s = this.#state;
    if (depth > depthMax) return s.matching(at) + 1;
    const { count } = s.tokens;
    let i = at + 1;
    while (i < count) {
      const c = s.code(i);
      if (c === close.brace) return i + 1;
      if (c === mark.comma) {
        i++;
        continue;
      }
      let isIndexed = false;
      if (c === mark.dot && s.isWord(i + 1)) {
        let path = prefix;
        let name = i + 1;
        for (i += 2; s.code(i) === mark.dot || s.code(i) === open.bracket; ) {
          if (s.code(i) === open.bracket) i = s.matching(i) + 1;
          else {
            path += `${s.text(name)}.`;
            name = i + 1;
            i += 2;
          }
        }
        if (s.code(i) === mark.assign) i++;
        i = this.#value(i, list, path, name, depth);
        continue;
      }
      if (c === open.bracket) {
        i = s.matching(i) + 1;
        while (s.code(i) === open.bracket) i = s.matching(i) + 1;
        if (s.code(i) === mark.assign) i++;
        isIndexed = true;
      }
      const before = i;
      i = this.#value(i, list, prefix, -1, depth);
      if (i <= before && !isIndexed) i = before + 1;
    }
    return count;
  }

  /** The value of one element, up to its comma. `name`: the token of its designator, or -1. */
  #value(at: number, list: Initializer, prefix: string, name: number, depth: number): number {
    const s = this.#state;
    if (s.code(at) === open.brace) return this.#list(at, list, name < 0 ? prefix : `${prefix}${s.text(name)}.`, depth + 1);
    const word = s.code(at) === mark.ampersand ? at + 1 : at;
    const after = s.code(word + 1);
    if (s.isWord(word) && (after === mark.comma || after === close.brace)) {
      this.#bare(word, list, prefix, name);
      return word + 1;
    }
    return this.#expression(at, list, prefix, name, depth);
  }

  #bare(word: number, list: Initializer, prefix: string, name: number): void {
    const s = this.#state;
    if (!s.hasSmallLetter(word)) return;
    if (name < 0) s.pending.addValue(this.#table(list), this.#field(prefix, -1), word);
    else if (s.classOf(word) !== wordClass.notACall) s.shard.addEntry(this.#table(list), this.#field(prefix, name), s.id(word), s.line(word));
  }

  #field(prefix: string, name: number): number {
    if (name >= 0) return this.#state.joined(prefix, name);
    let field = this.#placeOfPrefix.get(prefix);
    if (field === undefined) {
      field = this.#state.pool.internText(`${prefix}[]`);
      this.#placeOfPrefix.set(prefix, field);
    }
    return field;
  }

  /** Anything else: functions may hide in it (`IS_ENABLED(X) ? f : NULL`, `pm_ptr(&f)`), and tables of their own. */
  #expression(at: number, list: Initializer, prefix: string, name: number, depth: number): number {
    const s = this.#state;
    const { count } = s.tokens;
    let nesting = 0;
    /** A macro in place of an element names the field: `SYSTEM_SLEEP_PM_OPS(suspend, resume)`. */
    let field = name;
    let i = at;
    while (i < count) {
      const c = s.code(i);
      if (c === open.brace) {
        const type = this.literalType(i);
        const via = name < 0 ? 0 : this.#field(prefix, name);
        i = type === 0 ? s.matching(i) + 1 : this.#list(i, { type, owner: list.owner, via, line: s.line(i), table: -1 }, "", depth + 1);
        continue;
      }
      if (c === open.paren || c === open.bracket) nesting++;
      else if (c === close.paren || c === close.bracket) nesting--;
      else if (nesting <= 0 && (c === mark.comma || c === close.brace || c === mark.semicolon)) return i;
      else if (c === tokenCode.word) {
        const before = s.code(i - 1);
        if (s.code(i + 1) === open.paren) {
          if (field < 0) field = i;
          if (s.fn >= 0 && s.classOf(i) !== wordClass.notACall) s.shard.addCall(s.fn, s.id(i), s.line(i));
        } else if (before !== mark.dot && before !== mark.arrow && s.hasSmallLetter(i)) s.pending.addValue(this.#table(list), this.#field(prefix, field), i);
      }
      i++;
    }
    return count;
  }
}
