/*
 * A Program as litmus text that stock herd7 reads (`herd7 -conf linux-kernel.cfg`) and that parses
 * back to the same program. What herd7 needs: every global a thread uses is a parameter, threads are
 * numbered consecutively, words of an object are an array reached by byte offsets, and a comment
 * sign is followed by a blank, or `(*x, 1)` would open a comment.
 */
import { assert } from "../assert.ts";
import { fenceSpelling, primitives } from "../lkmm/primitives.ts";
import type { Expression, Global, InitialValue, Instruction, Observable, Program, Proposition, Thread } from "../program.ts";
import { withDeclarations } from "./derive-declarations.ts";
import { printRmwSpelling } from "./spelling.ts";

export function printLitmus(program: Program): string {
  const complete = withDeclarations(program);
  const parts = [
    `C ${complete.name}`,
    printComments(complete),
    `{\n${complete.globals.map(printGlobal).join("")}${printInitialRegisters(complete)}}`,
    ...complete.threads.map(printThread),
    printTail(complete),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function printComments(program: Program): string {
  const lines = [...(program.expected === undefined ? [] : [`Result: ${program.expected}`]), ...(program.comments ?? [])];
  if (lines.length === 0) return "";
  return `(*\n${lines.map((line) => ` * ${oneLine(line).replaceAll("(*", "( *").replaceAll("*)", "* )")}`.trimEnd()).join("\n")}\n *)`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** `int x`, `int *x`. */
function declared(type: string, name: string): string {
  return type.endsWith("*") ? `${type}${name}` : `${type} ${name}`;
}

function printGlobal(global: Global): string {
  const { name, type, words } = global;
  const left = `\t${type === undefined ? name : declared(type, name)}`;
  if (global.array === true) return `${left}[${words.length}]={${words.map(printInitialValue).join(",")}};\n`;
  const first = words[0] ?? { kind: "constant", value: 0 };
  assert(words.length <= 1, `global \`${name}\` has several words and is no array`);
  const isZero = first.kind === "constant" && first.value === 0;
  if (isZero && (type === "spinlock_t" || type?.startsWith("struct ") === true)) return `${left};\n`;
  if (type === "atomic_t" && first.kind === "constant") return `${left} = ATOMIC_INIT(${first.value});\n`;
  return `${left}=${printInitialValue(first)};\n`;
}

function printInitialValue(value: InitialValue): string {
  if (value.kind === "constant") return String(value.value);
  return value.offset === 0 ? value.location : `${value.location}+${value.offset}`;
}

function printInitialRegisters(program: Program): string {
  return (program.initialRegisters ?? []).map((r) => `\t${r.thread}:${r.register}=${printInitialValue(r.value)};\n`).join("");
}

function printThread(thread: Thread, index: number): string {
  const parameters = (thread.parameters ?? []).map((p) => declared(p.type, p.name)).join(", ");
  const about = [thread.role, thread.title].filter((word) => word !== undefined).join(", ");
  const lines = [
    ...(about === "" ? [] : [`\t// ${oneLine(about)}`]),
    ...(thread.locals ?? []).map((l) => `\t${declared(l.type, l.name)};`),
    ...printBody(thread.body, "\t"),
  ];
  return `P${index}(${parameters})\n{\n${lines.map((line) => `${line}\n`).join("")}}`;
}

function printBody(body: readonly Instruction[], indent: string): readonly string[] {
  return body.flatMap((instruction) => {
    const { source } = instruction;
    const [first, ...rest] = printInstruction(instruction, indent);
    const note = source === undefined ? "" : ` // ${oneLine(`${source.file}:${source.line} ${source.text}`)}`;
    return [`${indent}${first!}${note}`, ...rest];
  });
}

/** The first line without indentation. */
function printInstruction(i: Instruction, indent: string): readonly string[] {
  switch (i.kind) {
    case "assign":
      return [`${i.register} = ${print(i.value)};`];
    case "evaluate":
      return [`${print(i.value)};`];
    case "store":
      return [`${printStore(i)};`];
    case "fence":
      return [`${i.spelling ?? fenceSpelling.get(i.fence)!}();`];
    case "spin-lock":
      return [`spin_lock(${print(i.lock)});`];
    case "spin-unlock":
      return [`spin_unlock(${print(i.lock)});`];
    case "srcu-read-unlock":
      return [`${i.spelling ?? "srcu_read_unlock"}(${print(i.domain)}, ${print(i.index)});`];
    case "synchronize-srcu":
      return [`${i.spelling ?? "synchronize_srcu"}(${print(i.domain)});`];
    case "if": {
      const otherwise = i.else.length === 0 ? [] : [`${indent}} else {`, ...printBody(i.else, `${indent}\t`)];
      return [`if (${print(i.condition)}) {`, ...printBody(i.then, `${indent}\t`), ...otherwise, `${indent}}`];
    }
    case "while":
      return [`while (${print(i.condition)}) {`, ...printBody(i.body, `${indent}\t`), `${indent}}`];
    default:
      assert(false, `lifetime instruction \`${i.kind}\` reached the printer: lower it first`);
  }
}

function printStore(i: Extract<Instruction, { readonly kind: "store" }>): string {
  if (i.tag === "plain") return `${dereferenced(i.address)} = ${print(i.value)}`;
  const spelling = i.spelling ?? (i.tag === "once" ? "WRITE_ONCE" : "smp_store_release");
  return `${spelling}(${memory(spelling, i.address)}, ${print(i.value)})`;
}

/** `*x` or `x`, as the macro wants it. */
function memory(spelling: string, address: Expression): string {
  const primitive = primitives.get(spelling);
  assert(primitive?.kind === "load" || primitive?.kind === "store", `\`${spelling}\` is no load or store of linux-kernel.def`);
  return primitive.memory === "lvalue" ? dereferenced(address) : print(address);
}

function dereferenced(address: Expression): string {
  return `*${isAtom(address) ? print(address) : `(${print(address)})`}`;
}

function isAtom(e: Expression): boolean {
  return e.kind === "register" || (e.kind === "address" && e.offset === 0);
}

function print(e: Expression): string {
  switch (e.kind) {
    case "constant":
      return String(e.value);
    case "register":
      return e.name;
    case "address":
      return e.offset === 0 ? e.location : `${e.location} + ${e.offset}`;
    case "binary":
      return `${operand(e.left)} ${e.operator} ${operand(e.right)}`;
    case "load": {
      if (e.tag === "plain") return dereferenced(e.address);
      const spelling = e.spelling ?? (e.tag === "once" ? "READ_ONCE" : "smp_load_acquire");
      return `${spelling}(${memory(spelling, e.address)})`;
    }
    case "rmw":
      return printRmw(e);
    case "srcu-read-lock":
      return `${e.spelling ?? "srcu_read_lock"}(${print(e.domain)})`;
    case "spin-trylock":
      return `spin_trylock(${print(e.lock)})`;
    case "spin-is-locked":
      return `spin_is_locked(${print(e.lock)})`;
  }
}

function operand(e: Expression): string {
  const isCompound = e.kind === "binary" || (e.kind === "address" && e.offset !== 0);
  return isCompound ? `(${print(e)})` : print(e);
}

function printRmw(e: Extract<Expression, { readonly kind: "rmw" }>): string {
  const { operation: f } = e;
  const name = e.spelling ?? printRmwSpelling(e);
  const at = print(e.address);
  switch (f.kind) {
    case "exchange":
      return `${name}(${at}, ${print(f.value)})`;
    case "compare-exchange":
      return `${name}(${at}, ${print(f.expected)}, ${print(f.value)})`;
    case "add-unless":
      return `${name}(${at}, ${print(f.operand)}, ${print(f.unless)})`;
    case "arithmetic": {
      const primitive = primitives.get(name);
      const isOne = f.operand.kind === "constant" && f.operand.value === 1;
      const takesNone = primitive?.kind === "arithmetic" && primitive.operand === "one";
      // No macro tests a sum of any number for zero: say it with the returning form.
      if (takesNone && !isOne) return `atomic_add_return(${print(f.operand)}, ${at}) == 0`;
      return takesNone ? `${name}(${at})` : `${name}(${print(f.operand)}, ${at})`;
    }
  }
}

/** `exists (0:r0=1 /\\ 1:r0=0)`: the question of a test in one line. */
export function printCondition(program: Program): string {
  return `${program.quantifier} (${printProposition(program.condition)})`;
}

function printTail(program: Program): string {
  const lines: string[] = [];
  if (program.locations !== undefined) lines.push(`locations [${program.locations.map((o) => `${printObservable(o)};`).join(" ")}]`);
  if (program.filter !== undefined) lines.push(`filter (${printProposition(program.filter)})`);
  lines.push(printCondition(program));
  return lines.join("\n");
}

function printObservable(o: Observable): string {
  if (o.kind === "register") return `${o.thread}:${o.register}`;
  return o.offset === 0 ? o.location : `${o.location}[${o.offset / 4}]`;
}

function printProposition(p: Proposition): string {
  switch (p.kind) {
    case "true":
    case "false":
      return p.kind;
    case "equals":
      return `${printObservable(p.left)}=${printRight(p.right)}`;
    case "not":
      return `~(${printProposition(p.operand)})`;
    default: {
      const sign = p.kind === "and" ? "/\\" : p.kind === "or" ? "\\/" : "=>";
      const left = p.left.kind === p.kind && p.kind !== "implies" ? printProposition(p.left) : printSide(p.left);
      return `${left} ${sign} ${printSide(p.right)}`;
    }
  }
}

function printSide(p: Proposition): string {
  return p.kind === "and" || p.kind === "or" || p.kind === "implies" ? `(${printProposition(p)})` : printProposition(p);
}

function printRight(right: InitialValue | Observable): string {
  if (right.kind === "location") return `[${right.location}${right.offset === 0 ? "" : `+${right.offset}`}]`;
  return right.kind === "register" ? printObservable(right) : printInitialValue(right);
}
