/** Function bodies: calls, functions handed to others, tables filled in on the way. */

import type { CallbackRow } from "./callback-apis.ts";
import type { InitializerReader } from "./extract-initializer.ts";
import { close, mark, open } from "./scan-state.ts";
import type { ScanState } from "./scan-state.ts";
import { tokenCode } from "./tokens.ts";
import { wordClass } from "./words.ts";

/** Deeper parentheses are followed without the names of their calls. */
const parensMax = 256;

const noCall = -1;

export class BodyReader {
  readonly #state: ScanState;
  readonly #initializers: InitializerReader;
  /** By depth of parentheses: the call they belong to (name, edge), which argument it is at, and where they open. */
  readonly #callName = new Int32Array(parensMax);
  readonly #callEdge = new Int32Array(parensMax);
  readonly #argument = new Int32Array(parensMax);
  #calledName = noCall;

  constructor(state: ScanState, initializers: InitializerReader) {
    this.#state = state;
    this.#initializers = initializers;
  }

  /** `at` is the brace that opens the body; answers with the token that closes it. */
  read(at: number): number {
    const s = this.#state;
    const { count } = s.tokens;
    let braces = 1;
    let parens = 0;
    let calledName = noCall;
    let calledEdge = -1;
    let i = at + 1;
    for (; i < count; i++) {
      const c = s.code(i);
      switch (c) {
        case tokenCode.word: {
          const next = s.code(i + 1);
          if (next === open.paren) {
            calledEdge = this.#call(i);
            calledName = this.#calledName;
          } else if (parens > 0 && parens < parensMax && this.#callName[parens]! >= 0 && s.isBareArgument(i)) this.#bareArgument(i, parens);
          else if ((next === mark.semicolon || next === mark.comma) && s.code(i - 1) === mark.assign) this.#assigned(i);
          break;
        }
        case open.paren:
          parens++;
          if (parens < parensMax) {
            this.#callName[parens] = calledName;
            this.#callEdge[parens] = calledEdge;
            this.#argument[parens] = 0;
          }
          calledName = noCall;
          calledEdge = -1;
          break;
        case close.paren:
          if (parens > 0) parens--;
          break;
        case mark.comma:
          if (parens > 0 && parens < parensMax) this.#argument[parens]!++;
          break;
        case mark.semicolon:
          // A lost parenthesis must not swallow the rest of the function.
          if (braces === 1) parens = 0;
          break;
        case open.brace: {
          const type = this.#typeOfInitializer(i);
          if (type < 0) braces++;
          else i = this.#initializers.read(i, type, s.shard.functionName(s.fn)) - 1;
          break;
        }
        case close.brace:
          braces--;
          // In the first column a brace closes the function, whatever a macro did to the count.
          if (braces <= 0 || s.isFirstColumn(i)) return i;
          break;
        default:
          break;
      }
    }
    return Math.max(at, count - 1);
  }

  /** The edge, or -1; `#calledName` is what is called, if it is a function or macro. */
  #call(token: number): number {
    const s = this.#state;
    this.#calledName = noCall;
    const before = s.code(token - 1);
    if (before === mark.arrow || before === mark.dot) {
      // A function may be handed on through a pointer, too; which parameter it is matters to nobody.
      this.#calledName = s.joined("->", token);
      s.shard.addCall(s.fn, this.#calledName, s.line(token));
      return -1;
    }
    const id = s.id(token);
    const known = s.words.classOf(id);
    if (known !== wordClass.plain && known !== wordClass.callback) return -1;
    if (s.parameterOf(token) >= 0) return -1;
    this.#calledName = id;
    return s.shard.addCall(s.fn, id, s.line(token));
  }

  #bareArgument(token: number, parens: number): void {
    const s = this.#state;
    const argument = this.#argument[parens]!;
    const edge = this.#callEdge[parens]!;
    const isAddress = s.code(token - 1) === mark.ampersand;
    if (edge >= 0 && argument < 2 && !isAddress) s.noteArgument(edge, argument, token);
    const name = this.#callName[parens]!;
    const row = s.words.callbackOf(name);
    if (row === undefined) {
      // `&function` behind the first argument is worth keeping when it is of another file: locals are seldom named as functions.
      if (isAddress && argument > 0 && s.parameterOf(token) < 0) s.pending.addAddress(s.fn, token);
      else s.pending.addArgument(s.fn, token);
      return;
    }
    if (s.classOf(token) === wordClass.plain && s.parameterOf(token) < 0) this.#callback(row, name, argument, token);
  }

  /** Apart from its caller: a closure there would cost an allocation for each argument of the kernel. */
  #callback(row: CallbackRow, api: number, argument: number, token: number): void {
    const s = this.#state;
    const taken = row.args.find(({ arg }) => arg === argument);
    if (taken === undefined) return;
    const table = s.shard.addTable(s.pool.internText(taken.table), s.shard.functionName(s.fn), api, s.line(token));
    s.shard.addEntry(table, s.pool.internText(taken.field), s.id(token), s.line(token));
  }

  /** `x->field = function;`: an entry of a table whose type is not known. `fn = function;` leads to a call through `fn`. */
  #assigned(token: number): void {
    const s = this.#state;
    const before = s.code(token - 3);
    if (!s.isWord(token - 2)) return;
    if (before === mark.arrow || before === mark.dot) s.pending.addAssigned(s.fn, s.id(token - 2), token);
    else s.pending.addArgument(s.fn, token);
  }

  /** The type of the variable or literal that the brace initialises; 0 not known, -1 for a block. */
  #typeOfInitializer(brace: number): number {
    const s = this.#state;
    const before = s.code(brace - 1);
    if (before === close.paren) {
      const type = this.#initializers.literalType(brace);
      return type === 0 ? -1 : type;
    }
    if (before !== mark.assign) return -1;
    for (let i = brace - 2; i > brace - 24 && i > 0; i--) {
      const c = s.code(i);
      if (c === mark.semicolon || c === open.brace || c === close.brace || c === close.paren) return 0;
      if (c === tokenCode.word && s.classOf(i) === wordClass.tag) return s.id(i + 1);
    }
    return 0;
  }
}
