/*
 * The files of a kernel tree's tools/memory-model against the releases we answer for: which one they are,
 * and which macros of linux-kernel.def mean something else than here. Comments and blanks do not matter.
 */
import { primitives, type Primitive } from "../lkmm/primitives.ts";
import type { FenceKind, RmwOrder } from "../program.ts";
import type { MacroDefinition } from "./macro-table.ts";

/** Read these, by name; those that are not there are absent. */
export const modelFileNames = ["linux-kernel.bell", "linux-kernel.cat", "lock.cat", "linux-kernel.def"] as const;
export type ModelFileName = (typeof modelFileNames)[number];

export type ModelFiles = {
  /** Undefined: no release we know. */
  readonly model: "lkmm" | "lkmm-6.1" | undefined;
  /** What differs from the release nearest to it, in words; empty when `model` is known and every macro means the same. */
  readonly drift: readonly string[];
  /** For `parseLitmus`: macros that our table lacks or defines otherwise. */
  readonly macros: readonly MacroDefinition[];
};

/** `hashOf(withoutComments(text))` of Linux 6.12 and 6.1. */
const releases = {
  lkmm: { "linux-kernel.bell": "1ih08xsnhil", "linux-kernel.cat": "1cdm25ijfh8", "lock.cat": "muv4cyufgb" },
  "lkmm-6.1": { "linux-kernel.bell": "v1ddezpqiz", "linux-kernel.cat": "1rp8hj9sexe", "lock.cat": "1v5refc5qsd" },
} as const;

const modelTexts = ["linux-kernel.bell", "linux-kernel.cat", "lock.cat"] as const;

export function recognizeModel(files: Readonly<Partial<Record<ModelFileName, string>>>): ModelFiles {
  const hashes = new Map(modelTexts.map((name) => [name, files[name] === undefined ? undefined : hashOf(withoutComments(files[name]))]));
  const model = (["lkmm", "lkmm-6.1"] as const).find((release) => modelTexts.every((name) => hashes.get(name) === releases[release][name]));
  const unknown = model !== undefined ? [] : modelTexts.flatMap((name) => wordsFor(name, hashes.get(name)));
  const definitions = files["linux-kernel.def"] === undefined ? [] : readMacros(files["linux-kernel.def"]);
  const macros = definitions.filter(({ name, primitive }) => primitive === undefined || JSON.stringify(primitive) !== JSON.stringify(primitives.get(name)));
  const changed = macros.map(({ name, primitive }) => {
    const what = primitives.has(name) ? "is defined otherwise" : "is new";
    return `linux-kernel.def: ${name} ${what}${primitive === undefined ? " and not understood" : ""}`;
  });
  const missing = files["linux-kernel.def"] === undefined ? ["linux-kernel.def is not there"] : [];
  const mixed = model === undefined && unknown.length === 0 ? ["its files are of different releases"] : [];
  return { model, drift: [...unknown, ...mixed, ...missing, ...changed], macros };
}

function wordsFor(name: (typeof modelTexts)[number], hash: string | undefined): readonly string[] {
  if (hash === undefined) return [`${name} is not there`];
  const known = (["lkmm", "lkmm-6.1"] as const).some((release) => releases[release][name] === hash);
  return known ? [] : [`${name} is unknown`];
}

/** Without `(* … *)`, which nest, and `//`; blanks as single spaces, and none beside a sign. */
function withoutComments(text: string): string {
  let out = "";
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("(*", at)) {
      depth++;
      at++;
    } else if (depth > 0 && text.startsWith("*)", at)) {
      depth--;
      at++;
    } else if (depth === 0 && text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end - 1;
    } else if (depth === 0) out += text[at]!;
  }
  return out.replace(/\s+/g, " ").replace(/ ?([^\w' ]) ?/g, "$1").trim();
}

/** 53 bits are plenty to tell releases of one file apart; nobody attacks this. */
function hashOf(text: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    low = Math.imul(low ^ c, 2654435761);
    high = Math.imul(high ^ c, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return (4294967296 * (2097151 & high) + (low >>> 0)).toString(36);
}

/** One macro a line: `NAME(X,V) body`, with `//` comments. */
function readMacros(text: string): readonly MacroDefinition[] {
  const bodies = new Map<string, Body>();
  const definitions: MacroDefinition[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(\w+)\s*\(([^)]*)\)\s*(.+?)\s*$/.exec(line.replace(/\/\/.*/, ""));
    if (match === null) continue;
    const parameters = match[2]!.split(",").map((p) => p.trim()).filter((p) => p !== "");
    const body = expanded(canonical(match[3]!, parameters), bodies);
    bodies.set(match[1]!, { text: body, arity: parameters.length });
    definitions.push({ name: match[1]!, primitive: meaningOf(body, parameters.length), text: match[3]! });
  }
  return definitions;
}

/** Parameters as $0, $1, …; no blanks. */
type Body = { readonly text: string; readonly arity: number };

function canonical(body: string, parameters: readonly string[]): string {
  return body.replace(/[A-Za-z_][\w-]*/g, (word) => (parameters.includes(word) ? `$${parameters.indexOf(word)}` : word)).replace(/\s+/g, "");
}

/** `{WRITE_ONCE(*$0,$1);}` with what WRITE_ONCE is. */
function expanded(text: string, bodies: ReadonlyMap<string, Body>): string {
  const call = /^\{?([A-Za-z]\w*)\(([^()]*)\);?\}?$/.exec(text);
  const body = call === null ? undefined : bodies.get(call[1]!);
  if (call === null || body === undefined) return text;
  const operands = call[2]!.split(",");
  return operands.length === body.arity ? body.text.replace(/\$(\d)/g, (_, k: string) => operands[Number(k)]!) : text;
}

const ordersByTag: Readonly<Record<string, RmwOrder>> = { mb: "mb", once: "relaxed", acquire: "acquire", release: "release" };

const fenceTags: ReadonlySet<string> = new Set<FenceKind>([
  "mb", "rmb", "wmb", "barrier", "rcu-lock", "rcu-unlock", "sync-rcu", "before-atomic", "after-atomic", "after-spinlock", "after-unlock-lock", "after-srcu-read-unlock",
]);

/** The bodies that linux-kernel.def is made of, with the number of parameters and what they mean. */
const meanings: readonly (readonly [arity: number, body: RegExp, (groups: readonly string[]) => Primitive | undefined])[] = [
  [1, /^__load\{(once|acquire)\}\((\*?)\$0\)$/, ([tag, star]) => ({ kind: "load", tag: tag as "once" | "acquire", memory: memoryOf(star!) })],
  [1, /^__load\{srcu-lock\}\(\*\$0\)$|^__srcu\{srcu-lock\}\(\$0\)$/, () => ({ kind: "srcu-read-lock" })],
  [2, /^\{__store\{srcu-unlock\}\(\*\$0,\$1\);\}$|^\{__srcu\{srcu-unlock\}\(\$0,\$1\);\}$/, () => ({ kind: "srcu-read-unlock" })],
  [1, /^\{__srcu\{sync-srcu\}\(\$0\);\}$/, () => ({ kind: "synchronize-srcu" })],
  [2, /^\{__store\{(once|release)\}\((\*?)\$0,\$1\);\}$/, ([tag, star]) => ({ kind: "store", tag: tag as "once" | "release", memory: memoryOf(star!) })],
  [2, /^\{__store\{(once|release)\}\((\*?)\$0,\$1\);__fence\{mb\};\}$/, ([tag, star]) => ({ kind: "store", tag: tag as "once" | "release", memory: memoryOf(star!), thenFence: "mb" })],
  [0, /^\{__fence\{([\w-]+)\};\}$/, ([tag]) => (fenceTags.has(tag!) ? { kind: "fence", fence: tag as FenceKind } : undefined)],
  [2, /^__xchg\{(\w+)\}\(\$0,\$1\)$/, ([tag]) => withOrder(tag!, (order) => ({ kind: "exchange", order }))],
  [3, /^__cmpxchg\{(\w+)\}\(\$0,\$1,\$2\)$/, ([tag]) => withOrder(tag!, (order) => ({ kind: "compare-exchange", order }))],
  [1, /^\{__lock\(\$0\);\}$/, () => ({ kind: "spin-lock" })],
  [1, /^\{__unlock\(\$0\);\}$/, () => ({ kind: "spin-unlock" })],
  [1, /^__trylock\(\$0\)$/, () => ({ kind: "spin-trylock" })],
  [1, /^__islocked\(\$0\)$/, () => ({ kind: "spin-is-locked" })],
  [2, /^\{__atomic_op\(\$1,([-+&|^]),\$0\);\}$/, ([sign]) => ({ kind: "arithmetic", operator: sign as "+", order: "relaxed", result: "none", operand: "first" })],
  [1, /^\{__atomic_op\(\$0,([-+&|^]),1\);\}$/, ([sign]) => ({ kind: "arithmetic", operator: sign as "+", order: "relaxed", result: "none", operand: "one" })],
  [2, /^__atomic_(op_return|fetch_op)\{(\w+)\}\(\$1,([-+&|^]),\$0\)(==0|<0)?$/, (groups) => arithmetic(groups, "first")],
  [1, /^__atomic_(op_return|fetch_op)\{(\w+)\}\(\$0,([-+&|^]),1\)(==0|<0)?$/, (groups) => arithmetic(groups, "one")],
];

function meaningOf(body: string, arity: number): Primitive | undefined {
  for (const [count, pattern, primitiveOf] of meanings) {
    const match = count === arity ? pattern.exec(body) : null;
    if (match !== null) return primitiveOf(match.slice(1));
  }
  return undefined;
}

function memoryOf(star: string): "lvalue" | "pointer" {
  return star === "" ? "lvalue" : "pointer";
}

function withOrder(tag: string, primitiveOf: (order: RmwOrder) => Primitive): Primitive | undefined {
  const order = ordersByTag[tag];
  return order === undefined ? undefined : primitiveOf(order);
}

function arithmetic([family, tag, sign, test]: readonly (string | undefined)[], operand: "one" | "first"): Primitive | undefined {
  const result = test === "==0" ? "is-zero" : test === "<0" ? "is-negative" : family === "fetch_op" ? "old" : "new";
  if (test !== undefined && family === "fetch_op") return undefined;
  return withOrder(tag!, (order) => ({ kind: "arithmetic", operator: sign as "+", order, result, operand }));
}
