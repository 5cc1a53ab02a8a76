/*
 * Litmus text to a Program: the C dialect of herd7 with the macros of linux-kernel.def.
 * Everything in a file that is wrong is one error with line and column; nothing throws.
 */
import type { Declaration, Global, InitialRegister, InitialValue, Observable, Parameter, Program, Proposition, Quantifier, Thread } from "../program.ts";
import { errorAt, LitmusSyntaxError, type LitmusError } from "./lexer.ts";
import { parseAddress, parseLocations, parseProposition } from "./parse-condition.ts";
import { macroTable, type MacroDefinition, type MacroTable } from "./macro-table.ts";
import { parseBlock } from "./parse-statement.ts";
import type { ModelName } from "../lkmm/lkmm.ts";
import { sharedThread, shareThread } from "../shared-threads.ts";
import { TokenReader } from "./token-reader.ts";

export type { LitmusError } from "./lexer.ts";

export type ParseResult =
  | { readonly ok: true; readonly program: Program }
  /** `refused`: a litmus test, but of another architecture. */
  | { readonly ok: false; readonly errors: readonly LitmusError[]; readonly refused?: boolean };

/** First words of the other dialects herd7 reads. */
const otherDialects = new Set(["PPC", "AArch64", "AArch32", "ARM", "LISA", "Bell", "X86", "X86_64", "RISCV", "MIPS", "CPP", "C11", "JAVA", "BPF", "ASL", "PTX", "GPU_PTX"]);

export type ParseOptions = {
  /** Whose linux-kernel.def says which macros there are; default `lkmm`. */
  readonly model?: ModelName;
  /** What a kernel tree defines besides or otherwise, see `recognizeModel`. */
  readonly macros?: readonly MacroDefinition[];
};

export function parseLitmus(text: string, { model = "lkmm", macros = [] }: ParseOptions = {}): ParseResult {
  const reader = new TokenReader(text);
  try {
    const dialect = reader.peek();
    if (otherDialects.has(dialect.text)) {
      const message = `found a test for \`${dialect.text}\`, expected \`C\`: only C litmus tests of the Linux kernel are read`;
      return { ok: false, errors: [errorAt(text, dialect.offset, message)], refused: true };
    }
    reader.expect("C", "as the first word of the file");
    return { ok: true, program: parseProgram(reader, macroTable(model, macros)) };
  } catch (error) {
    if (!(error instanceof LitmusSyntaxError)) throw error;
    return { ok: false, errors: [errorAt(text, error.offset, error.message)] };
  }
}

function parseProgram(reader: TokenReader, macros: MacroTable): Program {
  const name = parseName(reader);
  skipHeader(reader);
  const { globals, registers } = parseInit(reader);
  const threads: Thread[] = [];
  while (isThreadName(reader.peek().text)) threads.push(parseThread(reader, threads.length, macros));
  if (threads.length === 0) reader.fail("a thread such as `P0(int *x) { … }`");
  const tail = parseTail(reader);
  const expected = expectedResult(reader.lexer.comments);
  return {
    name,
    globals,
    ...(registers.length === 0 ? {} : { initialRegisters: registers }),
    threads,
    ...tail,
    ...(expected === undefined ? {} : { expected }),
  };
}

/** The rest of the first line: names contain `+`, `-`, `.` and more. */
function parseName(reader: TokenReader): string {
  const { lexer } = reader;
  const rest = /[^\S\n]*([^\s(]*)/y;
  rest.lastIndex = lexer.offset;
  const match = rest.exec(lexer.text)!;
  lexer.moveTo(lexer.offset + match[0].length);
  return match[1]!;
}

/** Free text up to the `{` of the init section: comments, a quoted line, `Key=value` lines. */
function skipHeader(reader: TokenReader): void {
  const { lexer } = reader;
  const { text } = lexer;
  let at = lexer.skipBlanks(lexer.offset, "outer");
  while (at < text.length && text[at] !== "{") {
    const line = text.slice(at, text.indexOf("\n", at) < 0 ? undefined : text.indexOf("\n", at));
    const close = text[at] === '"' ? text.indexOf('"', at + 1) : -1;
    if (close >= 0) at = close + 1;
    else if (/^[A-Za-z]\w*\s*=/.test(line)) at += line.length;
    else at++;
    at = lexer.skipBlanks(at, "outer");
  }
  lexer.moveTo(at);
}

type Init = { readonly globals: Global[]; readonly registers: InitialRegister[] };

function parseInit(reader: TokenReader): Init {
  reader.expect("{", "to open the init section");
  const init: Init = { globals: [], registers: [] };
  while (!reader.at("}")) {
    if (reader.peek().kind === "end") reader.fail("`}` to close the init section");
    if (!reader.accept(";")) parseInitEntry(reader, init);
  }
  reader.next();
  return init;
}

function parseInitEntry(reader: TokenReader, init: Init): void {
  const words: string[] = [];
  let stars = "";
  for (;;) {
    const token = reader.peek();
    if (token.kind === "number") {
      const thread = reader.integer("a thread number");
      reader.expect(":", "after the thread number");
      const register = reader.expectIdentifier("a register after `:`");
      const value = reader.accept("=") ? parseInitialValue(reader) : constant(0);
      init.registers.push({ thread, register, value });
      return endEntry(reader);
    }
    if (token.text === "*") stars += "*";
    else if (token.text === "[" && words.length === 0) return parseBracketed(reader, init);
    else if (token.kind === "identifier") words.push(token.text);
    else break;
    reader.next();
  }
  const name = words.pop();
  if (name === undefined) reader.fail("a declaration in the init section");
  const base = words.filter((w) => w !== "volatile" && w !== "const").join(" ");
  const type = base === "" ? undefined : stars === "" ? base : `${base} ${stars}`;
  let length: number | undefined;
  const bracket = reader.peek();
  if (reader.accept("[")) {
    length = reader.integer("the length of an array");
    if (length < 1 || length > 4096) reader.refuse(`array of ${length} words: expected 1 to 4096`, bracket);
    reader.expect("]", "after the length of an array");
  }
  const words_ = reader.accept("=") ? parseInitialWords(reader) : [constant(0)];
  while (length !== undefined && words_.length < length) words_.push(constant(0));
  addGlobal(init, { name, ...(type === undefined ? {} : { type }), words: words_, ...(length === undefined ? {} : { array: true }) });
  endEntry(reader);
}

/** `[x]=1`. */
function parseBracketed(reader: TokenReader, init: Init): void {
  reader.next();
  const name = reader.expectIdentifier("the name of a location");
  reader.expect("]", "after the location");
  reader.expect("=", "after the location");
  addGlobal(init, { name, words: [parseInitialValue(reader)] });
  endEntry(reader);
}

/** A later entry for the same name wins, as in herd7. */
function addGlobal(init: Init, global: Global): void {
  const at = init.globals.findIndex((g) => g.name === global.name);
  if (at < 0) init.globals.push(global);
  else init.globals[at] = global;
}

function endEntry(reader: TokenReader): void {
  if (!reader.accept(";") && !reader.at("}")) reader.fail("`;` after an init entry");
}

function parseInitialWords(reader: TokenReader): InitialValue[] {
  if (!reader.accept("{")) return [parseInitialValue(reader)];
  const words: InitialValue[] = [];
  while (!reader.accept("}")) {
    words.push(parseInitialValue(reader));
    if (!reader.accept(",") && !reader.at("}")) reader.fail("`,` or `}` in the words of an array");
  }
  return words;
}

function parseInitialValue(reader: TokenReader): InitialValue {
  if (reader.accept("(")) {
    // A cast, `(int *)0`, or parentheses around the value.
    while (reader.peek().kind === "identifier" || reader.at("*")) reader.next();
    reader.expect(")", "to close the cast");
    return parseInitialValue(reader);
  }
  if (reader.at("ATOMIC_INIT")) {
    reader.next();
    reader.expect("(", "after `ATOMIC_INIT`");
    const value = constant(reader.integer("a number"));
    reader.expect(")", "to close `ATOMIC_INIT`");
    return value;
  }
  if (reader.accept("&")) return parseAddress(reader);
  if (reader.peek().kind === "identifier") return parseAddress(reader);
  return constant(reader.integer("an initial value"));
}

function constant(value: number): InitialValue {
  return { kind: "constant", value };
}

/** `P` and digits. */
function isThreadName(text: string): boolean {
  if (text.length < 2 || text.charCodeAt(0) !== 80) return false;
  for (let k = 1; k < text.length; k++) if (text.charCodeAt(k) < 48 || text.charCodeAt(k) > 57) return false;
  return true;
}

/** Many tests have this thread: it is read once. Comments in it are no part of it, so a thread with comments is read each time. */
function parseThread(reader: TokenReader, index: number, macros: MacroTable): Thread {
  const name = reader.peek();
  if (name.text !== `P${index}`) reader.fail(`\`P${index}\` (threads are numbered consecutively)`);
  const { lexer } = reader;
  // Where a thread ends by custom: a guess, and what was read to elsewhere is not shared.
  const end = lexer.text.indexOf("\n}", name.offset) + 2;
  const key = macros.name === undefined || end < 2 ? undefined : `${macros.name} ${lexer.text.slice(name.offset, end)}`;
  const shared = key === undefined ? undefined : sharedThread(key);
  if (shared !== undefined) {
    lexer.moveTo(end);
    return shared;
  }
  const commentCount = lexer.comments.length;
  const thread = parseThreadAnew(reader, index, macros);
  if (key !== undefined && lexer.offset === end && lexer.comments.length === commentCount) shareThread(key, thread);
  return thread;
}

function parseThreadAnew(reader: TokenReader, index: number, macros: MacroTable): Thread {
  reader.next();
  reader.mode = "body";
  reader.expect("(", `after \`P${index}\``);
  const parameters: Parameter[] = [];
  while (!reader.at(")")) {
    parameters.push(parseParameter(reader));
    if (!reader.accept(",") && !reader.at(")")) reader.fail("`,` or `)` after a parameter");
  }
  reader.next();
  reader.expect("{", "to open the body of the thread");
  const locals: Declaration[] = [];
  const scope = { parameters: new Set(parameters.map((p) => p.name)), typeNames: new Set<string>(), locals, macros };
  const body = parseBlock(reader, scope);
  // The brace ends the C part: comments after it are `(* … *)` again.
  reader.expect("}", "to close the thread");
  reader.mode = "outer";
  return { parameters, locals, body };
}

function parseParameter(reader: TokenReader): Parameter {
  const words: string[] = [];
  let stars = "";
  for (;;) {
    if (reader.accept("*")) stars += "*";
    else if (reader.peek().kind === "identifier") words.push(reader.next().text);
    else break;
  }
  const name = words.pop();
  if (name === undefined) reader.fail("a parameter such as `int *x`");
  const base = words.filter((w) => w !== "volatile" && w !== "const").join(" ");
  return { type: base === "" ? `int *` : `${base} ${stars}`.trimEnd(), name };
}

type Tail = {
  readonly locations?: readonly Observable[];
  readonly filter?: Proposition;
  readonly quantifier: Quantifier;
  readonly condition: Proposition;
};

function parseTail(reader: TokenReader): Tail {
  let locations: Observable[] | undefined;
  let filter: Proposition | undefined;
  for (;;) {
    if (reader.accept("locations")) locations = [...(locations ?? []), ...parseLocations(reader)];
    else if (reader.accept("filter")) filter = parseProposition(reader);
    else break;
  }
  // A test without a condition is `forall (true)` to herd7.
  const absent = reader.peek().kind === "end";
  const quantifier = absent ? "forall" : parseQuantifier(reader);
  const condition: Proposition = absent ? { kind: "true" } : parseProposition(reader);
  reader.accept(";");
  if (reader.peek().kind !== "end") reader.fail("`/\\`, `\\/` or the end of the file after the condition");
  return { ...(locations === undefined ? {} : { locations }), ...(filter === undefined ? {} : { filter }), quantifier, condition };
}

function parseQuantifier(reader: TokenReader): Quantifier {
  if (reader.accept("exists")) return "exists";
  if (reader.accept("forall")) return "forall";
  if (reader.accept("~")) {
    reader.expect("exists", "after `~`");
    return "~exists";
  }
  return reader.fail("`exists`, `forall` or `~exists`");
}

/** The text after the first `Result:` of a comment, without what decorates the line. */
function expectedResult(comments: readonly string[]): string | undefined {
  for (const comment of comments) {
    if (!comment.includes("Result:")) continue;
    const match = /Result:[^\S\n]*([^\n]*)/.exec(comment);
    if (match !== null) return match[1]!.replace(/\*\)?\s*$/, "").trim();
  }
  return undefined;
}
