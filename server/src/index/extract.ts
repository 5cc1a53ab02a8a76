/**
 * The lexical extraction of one file: what stands at file scope. Nothing here knows C's grammar; kernel style (one
 * definition after the other, the body's brace after the head) is enough, and a head that is not understood costs
 * itself, not the file.
 */

import { fileMacroRoles, inertFileMacros, pastingMacros } from "./callback-apis.ts";
import { BodyReader } from "./extract-body.ts";
import { InitializerReader } from "./extract-initializer.ts";
import { readRcuFields } from "./extract-structs.ts";
import { close, mark, open, ScanState } from "./scan-state.ts";
import { functionFlag, type Shard } from "./shard.ts";
import { tokenCode, tokenize } from "./tokens.ts";
import type { DefineSink } from "./directive-scanner.ts";
import { wordClass } from "./words.ts";

/** Bytes of 0 that must follow a text. */
export const paddingBytes = 8;

/** New names in a file of 6.12, on the average. */
const namesPerFile = 16;

/** What is known of the declaration being read. */
type Declaration = { first: number; name: number; open: number; close: number; tag: number; lastWord: number; flags: number; isTypedef: boolean };

const inert: ReadonlySet<string> = new Set(inertFileMacros);
const syscall = /^(?:(COMPAT_)?SYSCALL_DEFINE|SYSCALL32_DEFINE|PPC32_SYSCALL_DEFINE|SYSCALL_DEFINE_)\w*$/;

export class Extractor {
  readonly #state: ScanState;
  readonly #initializers: InitializerReader;
  readonly #bodies: BodyReader;
  #macro = -1;
  readonly #defines: DefineSink = {
    macro: (from, to, line, lastLine) => {
      const { pool, shard, source } = this.#state;
      this.#macro = shard.addFunction(pool.intern(source, from, to), line, lastLine, functionFlag.macro);
    },
    macroCall: (from, to, line) => {
      const s = this.#state;
      const id = s.pool.intern(s.source, from, to);
      const known = s.words.classOf(id);
      if (known === wordClass.plain || known === wordClass.callback) s.shard.addCall(this.#macro, id, line);
    },
  };

  /** `files`: about how many it will read. */
  constructor(files: number) {
    this.#state = new ScanState(files * namesPerFile);
    this.#initializers = new InitializerReader(this.#state);
    this.#bodies = new BodyReader(this.#state, this.#initializers);
  }

  /** `source[0, length)`, followed by `paddingBytes` of 0. */
  read(source: Uint8Array<ArrayBuffer>, length: number, stamp: Shard["files"][number]): void {
    const s = this.#state;
    s.source = source;
    s.fn = -1;
    s.shard.beginFile();
    tokenize(source, length, s.tokens, this.#defines);
    for (let i = 0; i < s.tokens.count; ) i = this.#declaration(i);
    s.pending.endFile();
    s.shard.endFile(stamp);
  }

  done(): Shard {
    return this.#state.shard.done(this.#state.pool);
  }

  #declaration(first: number): number {
    const s = this.#state;
    const { count } = s.tokens;
    const d: Declaration = { first, name: -1, open: -1, close: -1, tag: -1, lastWord: -1, flags: 0, isTypedef: false };
    for (let i = first; i < count; i++) {
      switch (s.code(i)) {
        case tokenCode.word:
          this.#word(i, d);
          break;
        case open.paren:
          i = this.#parens(i, d);
          if (this.#endsWithoutSemicolon(i, d)) return this.#macroCall(d, i + 1);
          break;
        case open.bracket:
          i = s.matching(i);
          break;
        case mark.assign:
          return this.#initializer(i + 1, d);
        case mark.semicolon:
          return d.open >= 0 && !d.isTypedef ? this.#macroCall(d, i + 1) : i + 1;
        case close.brace:
        case close.paren:
          return i + 1;
        case open.brace: {
          if (d.open >= 0 && !d.isTypedef) return this.#body(i, d);
          // `extern "C" {` and what is not understood: what is inside is file scope too.
          if (d.tag < 0) return i + 1;
          const end = s.matching(i);
          readRcuFields(s, d.tag, i, end);
          i = end;
          d.lastWord = -1;
          break;
        }
        default:
          break;
      }
    }
    return count;
  }

  #word(i: number, d: Declaration): void {
    const s = this.#state;
    const known = s.classOf(i);
    if (known === wordClass.static) d.flags |= functionFlag.static;
    else if (known === wordClass.inline) d.flags |= functionFlag.inline;
    else if (known === wordClass.typedef) d.isTypedef = true;
    else if (known === wordClass.tag) {
      let tag = i + 1;
      while (s.isWord(tag) && (s.classOf(tag) === wordClass.attributeCall || s.classOf(tag) === wordClass.qualifier)) tag = s.code(tag + 1) === open.paren ? s.matching(tag + 1) + 1 : tag + 1;
      if (s.isWord(tag)) d.tag = tag;
    } else if (known === wordClass.plain && i !== d.tag && (d.lastWord < 0 || !s.startsWithUnderscores(i))) d.lastWord = i;
  }

  /** Parentheses belong to the declared name, to an attribute, or hold the name: `(*f(int))(void)`. */
  #parens(at: number, d: Declaration): number {
    const s = this.#state;
    const end = s.matching(at);
    if (d.open >= 0) return end;
    if (s.isWord(at - 1) && at > d.first) {
      const known = s.classOf(at - 1);
      if (known === wordClass.plain || known === wordClass.callback) {
        d.name = at - 1;
        d.open = at;
        d.close = end;
        return end;
      }
      if (known === wordClass.attributeCall || known === wordClass.notACall) return end;
    }
    let inner = at + 2;
    if (s.code(at + 1) !== mark.star) return end;
    while (s.isWord(inner) && s.classOf(inner) === wordClass.qualifier) inner++;
    if (!s.isWord(inner)) return end;
    // `(*const table[])(void)` declares a variable.
    d.lastWord = inner;
    if (s.code(inner + 1) === open.paren) {
      d.name = inner;
      d.open = inner + 1;
      d.close = s.matching(inner + 1);
    }
    return end;
  }

  /** A macro call on a line of its own, after which a new declaration begins in the first column. */
  #endsWithoutSemicolon(end: number, d: Declaration): boolean {
    const s = this.#state;
    return d.name === d.first && s.isFirstColumn(d.first) && s.isWord(end + 1) && s.isFirstColumn(end + 1) && s.line(end + 1) > s.line(end);
  }

  #initializer(at: number, d: Declaration): number {
    const s = this.#state;
    const { count } = s.tokens;
    const owner = d.lastWord < 0 ? 0 : s.id(d.lastWord);
    let i = at;
    for (; i < count; i++) {
      const c = s.code(i);
      if (c === mark.semicolon) return i + 1;
      if (c === open.paren || c === open.bracket) i = s.matching(i);
      else if (c === open.brace) {
        const type = this.#initializers.literalType(i) || (d.tag < 0 ? this.#typeBefore(d) : s.id(d.tag));
        i = this.#initializers.read(i, type, owner) - 1;
      } else if (c === mark.comma) return this.#declarationAfterComma(i + 1, d);
    }
    return count;
  }

  /** `struct x a = {…}, b = {…};` */
  #declarationAfterComma(at: number, d: Declaration): number {
    const s = this.#state;
    let i = at;
    while (s.code(i) === mark.star) i++;
    if (!s.isWord(i)) return at;
    d.lastWord = i++;
    while (s.code(i) === open.bracket) i = s.matching(i) + 1;
    return s.code(i) === mark.assign ? this.#initializer(i + 1, d) : at;
  }

  /** The name of a typedef, before the variable. */
  #typeBefore(d: Declaration): number {
    const s = this.#state;
    for (let i = d.lastWord - 1; i >= d.first; i--) if (s.isWord(i) && s.classOf(i) === wordClass.plain) return s.id(i);
    return 0;
  }

  #body(brace: number, d: Declaration): number {
    const s = this.#state;
    const { name, flags } = this.#nameOf(d);
    const fn = s.shard.addFunction(name, s.line(d.name), s.line(d.name), d.flags | flags);
    s.pending.defines(name);
    const named = (flags & functionFlag.head) === 0 ? d.name : d.open + 1;
    s.pending.definesShape(s.tokens.start[named]!, s.tokens.end[named]!);
    s.readParameters(d.open, d.close);
    s.fn = fn;
    const end = this.#bodies.read(brace);
    s.fn = -1;
    s.forgetParameters();
    s.shard.endFunction(fn, s.line(end));
    return end + 1;
  }

  /** Macro heads name the function by their first argument: `SYSCALL_DEFINE3(read, …) {`, `DEFINE_IDTENTRY(exc_x) {`. */
  #nameOf(d: Declaration): { readonly name: number; readonly flags: number } {
    const s = this.#state;
    const argument = d.open + 1;
    const next = s.code(argument + 1);
    const isHead = !s.hasSmallLetter(d.name) && s.isWord(argument) && (next === mark.comma || next === close.paren) && s.classOf(argument) === wordClass.plain;
    if (!isHead) return { name: s.id(d.name), flags: 0 };
    const macro = s.text(d.name);
    const matched = syscall.exec(macro);
    const name = matched === null ? s.id(argument) : s.joined(matched[1] === undefined ? "sys_" : "compat_sys_", argument);
    const isSyscall = matched !== null;
    const table = s.shard.addTable(s.pool.internText(isSyscall ? "syscall" : macro), name, s.id(d.name), s.line(d.name));
    s.shard.addEntry(table, isSyscall ? s.id(argument) : s.pool.internText("function"), name, s.line(d.name));
    return { name, flags: functionFlag.head };
  }

  /** `module_init(f);` and kin, or a prototype, of which nothing is kept. */
  #macroCall(d: Declaration, next: number): number {
    const s = this.#state;
    let argument = 0;
    let depth = 0;
    let holder: MacroHolder | undefined;
    for (let i = d.open; i <= d.close; i++) {
      const c = s.code(i);
      if (c === open.paren) depth++;
      else if (c === close.paren) depth--;
      else if (c === mark.comma && depth === 1) argument++;
      else if (c === tokenCode.word && depth === 1 && s.isBareArgument(i)) {
        holder ??= this.#holderOf(d);
        if (holder === undefined) return next;
        this.#macroArgument(holder, argument, i);
      }
    }
    return next;
  }

  #macroArgument(holder: MacroHolder, argument: number, token: number): void {
    const s = this.#state;
    const { shard, pool } = s;
    const line = s.line(token);
    if (holder.kind === "exports") {
      this.#export(token);
    } else if (holder.kind === "pastes") {
      for (const { suffix, table, field } of holder.rows) {
        const name = pool.internText(`${s.text(token)}${suffix}`);
        if (s.pending.isDefined(name)) shard.addEntry(shard.addTable(pool.internText(table), s.id(token), holder.macro, line), pool.internText(field), name, line);
      }
    } else {
      const role = holder.roles(argument);
      if (role === undefined) return;
      if (s.classOf(token) !== wordClass.plain) return;
      s.pending.addValue(shard.addTable(role.table === "" ? holder.macro : pool.internText(role.table), 0, holder.macro, line), pool.internText(role.field), token);
    }
  }

  /** Exports follow the function in its file. */
  #export(token: number): void {
    const s = this.#state;
    const name = s.pool.find(s.source, s.tokens.start[token]!, s.tokens.end[token]!);
    if (!s.pending.isDefined(name)) return;
    for (let fn = s.shard.functionCount - 1; fn >= s.shard.firstFunctionOfFile; fn--) {
      if (s.shard.functionName(fn) === name) return s.shard.addFlags(fn, functionFlag.exported);
    }
  }

  #holderOf(d: Declaration): MacroHolder | undefined {
    const s = this.#state;
    const isPrototype = d.lastWord >= 0 && d.lastWord !== d.name && d.lastWord < d.name;
    if (isPrototype) return undefined;
    const text = s.text(d.name);
    if (text.startsWith("EXPORT_SYMBOL")) return { kind: "exports" };
    if (inert.has(text) || text.startsWith("MODULE_")) return undefined;
    const macro = s.id(d.name);
    const rows = pastingMacros.get(text);
    if (rows !== undefined) return { kind: "pastes", macro, rows };
    const callback = s.words.callbackOf(macro);
    if (callback !== undefined) return { kind: "enters", macro, roles: (argument) => callback.args.find(({ arg }) => arg === argument) };
    const role = fileMacroRoles.get(text);
    return { kind: "enters", macro, roles: (argument) => role ?? { table: "", field: `[${String(argument)}]` } };
  }
}

type Role = { readonly table: string; readonly field: string };

type MacroHolder =
  | { readonly kind: "exports" }
  | { readonly kind: "pastes"; readonly macro: number; readonly rows: NonNullable<ReturnType<typeof pastingMacros.get>> }
  | { readonly kind: "enters"; readonly macro: number; readonly roles: (argument: number) => Role | undefined };
