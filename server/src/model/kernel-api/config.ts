/**
 * A project's own APIs, as the `[[api]]` tables of quiesce.toml say them. Takes what a TOML reader made of the file; who
 * reads the file gives the line of each table, so that an error names it.
 */

import { err, ok, type Result } from "../../base/result.ts";
import type { Arg, CoreEffect, Flavour, LockClass, MemoryKind } from "./schema.ts";
import type { ApiRow } from "./schema.ts";

/** One effect as written: "free", or { effect = "free", arg = 1 }. */
type Written = Readonly<Record<string, unknown>>;

export type ConfigError = { readonly line: number | undefined; readonly key: string; readonly message: string };

type Reading = { readonly written: Written; readonly arg: (key: string, fallback?: number) => Arg; readonly word: <T extends string>(key: string, words: readonly T[], fallback: T) => T; readonly flag: (key: string) => boolean };

const flavours: readonly Flavour[] = ["rcu", "srcu", "tasks"];
const memories: readonly MemoryKind[] = ["slab", "cache", "page", "vmalloc", "percpu", "devm", "dma"];
const classes: readonly LockClass[] = ["spin", "mutex", "read", "write"];

const domainOf = (reading: Reading): { readonly flavour: Flavour; readonly domain?: Arg } => {
  const flavour = reading.word("flavour", flavours, "rcu");
  return flavour === "srcu" ? { flavour, domain: reading.arg("domain", 0) } : { flavour };
};

/** The documented words. `harmless` says that there is no effect, and stands alone. */
const effects: Readonly<Record<string, { readonly keys: readonly string[]; readonly read: (reading: Reading) => readonly CoreEffect[] }>> = {
  harmless: { keys: [], read: () => [] },
  pure: { keys: [], read: () => [{ kind: "pure" }] },
  free: { keys: ["arg", "memory"], read: (r) => [{ kind: "free", object: r.arg("arg", 0), memory: r.word("memory", memories, "slab") }] },
  "defer-free": { keys: ["arg", "may-wait"], read: (r) => [{ kind: "defer-free", object: r.arg("arg", 0), mayWait: r.flag("may-wait") }] },
  allocate: { keys: ["memory", "gfp", "zeroed"], read: (r) => [{ kind: "allocate", memory: r.word("memory", memories, "slab"), zeroed: r.flag("zeroed"), ...(r.written["gfp"] === undefined ? {} : { gfp: r.arg("gfp") }) }] },
  lock: { keys: ["arg", "class"], read: (r) => [{ kind: "lock", lock: r.arg("arg", 0), class: r.word("class", classes, "mutex") }] },
  trylock: { keys: ["arg", "class"], read: (r) => [{ kind: "lock", lock: r.arg("arg", 0), class: r.word("class", classes, "mutex"), conditional: "nonzero" }] },
  unlock: { keys: ["arg", "class"], read: (r) => [{ kind: "unlock", lock: r.arg("arg", 0), class: r.word("class", classes, "mutex") }] },
  wait: { keys: ["flavour", "domain"], read: (r) => [{ kind: "wait", ...domainOf(r) }] },
  "reader-enter": { keys: ["flavour", "domain"], read: (r) => [{ kind: "reader-enter", ...domainOf(r) }] },
  "reader-leave": { keys: ["flavour", "domain"], read: (r) => [{ kind: "reader-leave", ...domainOf(r) }] },
  "rcu-read": { keys: ["arg"], read: (r) => [{ kind: "rcu-read", pointer: r.arg("arg", 0), side: "reader" }] },
  publish: { keys: ["arg", "value"], read: (r) => [{ kind: "rcu-publish", pointer: r.arg("arg", 0), value: r.arg("value", 1), release: true }] },
  "list-add": { keys: ["arg", "head", "rcu"], read: (r) => [{ kind: "list-add", element: r.arg("arg", 0), head: r.arg("head", 1), rcu: r.flag("rcu") }] },
  "list-delete": { keys: ["arg", "rcu"], read: (r) => [{ kind: "list-delete", element: r.arg("arg", 0), rcu: r.flag("rcu") }] },
};

export const configEffects: readonly string[] = Object.keys(effects);

const tableKeys = new Set(["name", "names", "effects", "may_sleep", "since", "until"]);
/** Arguments a C function may have, and be asked about here. */
const argumentsMax = 16;

/** `lineOf`: where the table with this index begins, in the file. All errors are found, not only the first. */
export function rowsFromConfig(config: unknown, lineOf: (index: number) => number | undefined = () => undefined): Result<readonly ApiRow[], readonly ConfigError[]> {
  const tables = isTable(config) ? (config["api"] ?? []) : undefined;
  if (!Array.isArray(tables)) return err([{ line: undefined, key: "api", message: "is a list of tables: [[api]]" }]);
  const errors: ConfigError[] = [];
  const seen = new Set<string>();
  const rows = tables.map((table: unknown, index): ApiRow => rowOf(table, (key, message) => errors.push({ line: lineOf(index), key, message }), seen));
  return errors.length === 0 ? ok(rows) : err(errors);
}

type Fail = (key: string, message: string) => void;

function rowOf(table: unknown, fail: Fail, seen: Set<string>): ApiRow {
  if (!isTable(table)) {
    fail("api", "is a table");
    return { names: [], effects: [] };
  }
  for (const key of Object.keys(table)) if (!tableKeys.has(key)) fail(key, `is not known; known are ${[...tableKeys].join(", ")}`);
  const names = [...(table["name"] === undefined ? [] : [table["name"]]), ...(Array.isArray(table["names"]) ? (table["names"] as readonly unknown[]) : [])];
  const good = names.filter((name): name is string => typeof name === "string" && /^[A-Za-z_]\w*$/.test(name));
  if (good.length === 0 || good.length < names.length) fail("name", "is the name of a function or macro, or `names` a list of them");
  for (const name of good) {
    if (seen.has(name)) fail("name", `${name} stands twice`);
    seen.add(name);
  }
  const written = table["effects"];
  if (!Array.isArray(written) || written.length === 0) fail("effects", 'is a list of effects; ["harmless"] where there are none');
  const list: readonly unknown[] = Array.isArray(written) ? written : [];
  if (list.includes("harmless") && list.length > 1) fail("effects", "harmless stands alone");
  const sleeps = table["may_sleep"];
  if (sleeps !== undefined && typeof sleeps !== "boolean") fail("may_sleep", "is true or false");
  const releases = Object.fromEntries((["since", "until"] as const).flatMap((key) => {
    const value = table[key];
    if (value !== undefined && !(typeof value === "string" && /^\d+\.\d+/.test(value))) fail(key, 'is a release, as "6.12"');
    return typeof value === "string" ? [[key, value] as const] : [];
  }));
  return { names: good, effects: list.flatMap((one) => effectOf(one, fail)), ...(sleeps === true ? { maySleep: true } : {}), ...releases };
}

function effectOf(one: unknown, fail: Fail): readonly CoreEffect[] {
  const written: Written = typeof one === "string" ? { effect: one } : isTable(one) ? one : {};
  const name = written["effect"];
  const known = typeof name === "string" && Object.hasOwn(effects, name) ? effects[name] : undefined;
  if (known === undefined) {
    fail("effects", `${JSON.stringify(name ?? one)} is no effect; known are ${configEffects.join(", ")}`);
    return [];
  }
  for (const key of Object.keys(written)) if (key !== "effect" && !known.keys.includes(key)) fail(`effects.${key}`, `is not known of ${String(name)}${known.keys.length === 0 ? "" : `; known are ${known.keys.join(", ")}`}`);
  const reading: Reading = {
    written,
    arg: (key, fallback) => {
      const value = written[key] ?? fallback;
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < argumentsMax) return value;
      fail(`effects.${key}`, "is the index of an argument, from 0");
      return 0;
    },
    word: (key, words, fallback) => {
      const value = written[key] ?? fallback;
      const found = words.find((word) => word === value);
      if (found === undefined) fail(`effects.${key}`, `is one of ${words.join(", ")}`);
      return found ?? fallback;
    },
    flag: (key) => {
      const value = written[key] ?? false;
      if (typeof value !== "boolean") fail(`effects.${key}`, "is true or false");
      return value === true;
    },
  };
  return known.read(reading);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
