/** The grammars against the rest of the product: what the emulator runs and the reviewer knows has its colour. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseLitmus } from "../../emulator-core/src/index.ts";
import { primitives } from "../../emulator-core/src/lkmm/primitives.ts";
import { headers } from "../../server/src/model/kernel-api/index.ts";
import type { EffectSpec } from "../../server/src/model/kernel-api/schema.ts";
import { kernelInjection, syntaxFiles } from "../../server/tasks/gen-syntax.mjs";
import { contributedGrammars, editorRegistry, innermostScope, root, tokensOf } from "./grammars.ts";

const registry = editorRegistry();

function jsonOf(path: string): unknown {
  return JSON.parse(readFileSync(`${root}${path}`, "utf8"));
}

describe("the litmus grammar", () => {
  it("colours every primitive that the emulator runs", async () => {
    const names = [...primitives.keys()];
    const calls = names.map((name) => `\tr0 = ${name}(x);`).join("\n");
    const tokens = await tokensOf(registry, "source.litmus", `C every-primitive\n{}\nP0(int *x)\n{\n${calls}\n}\nexists (x=1)`);
    const plain = names.filter((name) => !(innermostScope(tokens, name) ?? "").startsWith("support.function."));
    expect(plain).toEqual([]);
    expect(names.length).toBeGreaterThan(100);
    expect(innermostScope(tokens, "exists")).toBe("keyword.other.quantifier.litmus");
  });

  it("names only dialects that the reader of litmus tests refuses by name", () => {
    const grammar = jsonOf("syntaxes/litmus.tmLanguage.json") as { readonly repository: { readonly "other-dialect": { readonly begin: string } } };
    const dialects = /\(([\w|]+)\)/.exec(grammar.repository["other-dialect"].begin)?.[1]?.split("|") ?? [];
    expect(dialects).toEqual(expect.arrayContaining(["PPC", "AArch64", "X86", "LISA"]));
    for (const dialect of dialects) expect(parseLitmus(`${dialect} test\n{}\n`), dialect).toMatchObject({ ok: false, refused: true });
  });

  it("uses every rule of its repository and includes none that is missing", () => {
    const text = readFileSync(`${root}syntaxes/litmus.tmLanguage.json`, "utf8");
    const { repository } = JSON.parse(text) as { readonly repository: Readonly<Record<string, unknown>> };
    const included = new Set([...text.matchAll(/"include": "#([\w-]+)"/g)].map((match) => match[1]));
    expect([...included].sort()).toEqual(Object.keys(repository).sort());
  });

  it("marks nothing as invalid: a test that is being written is no mistake", () => {
    expect(readFileSync(`${root}syntaxes/litmus.tmLanguage.json`, "utf8")).not.toContain("invalid");
  });
});

describe("the injection into C", () => {
  const familyBy = (effect: EffectSpec): string | undefined => {
    switch (effect.kind) {
      case "reader-enter":
      case "reader-leave":
        return effect.implicit === true ? undefined : "rcu";
      case "wait":
      case "defer-free":
      case "defer-call":
      case "rcu-read":
      case "rcu-publish":
        return "rcu";
      case "list-add":
      case "list-delete":
      case "list-walk":
        return effect.rcu ? "rcu" : undefined;
      case "fence":
        return "barrier";
      case "load":
      case "store":
        return effect.access === "plain" ? undefined : "barrier";
      default:
        return undefined;
    }
  };
  const known = headers.flatMap(({ rows }) => rows.flatMap(({ names, effects }) => names.map((name) => ({ name, family: effects.map(familyBy).find((family) => family !== undefined) }))));

  it.each(["source.c", "source.cpp"])("colours what the reviewer's rules look at, and no lock, free or print, in %s", async (scope) => {
    const tokens = await tokensOf(registry, scope, known.map(({ name }) => `\t${name}(x);`).join("\n"));
    const scopes = new Map(tokens.map(({ text, scopes: all }) => [text, all.at(-1)]));
    const wanted = known.filter(({ family }) => family !== undefined);
    expect(wanted.length).toBeGreaterThan(100);
    expect(wanted.filter(({ name, family }) => scopes.get(name) !== `support.function.${family ?? ""}.kernel.c`)).toEqual([]);
    for (const name of ["kfree", "spin_lock", "mutex_lock", "list_del", "local_bh_disable", "printk", "atomic_inc", "kref_put"]) expect(scopes.get(name), name).toBe("entity.name.function.c");
  });

  it("is what `npm run gen` writes", async () => {
    const file = "syntaxes/kernel-c.injection.tmLanguage.json";
    const text = readFileSync(`${root}${file}`, "utf8");
    expect(text).toBe(kernelInjection(headers));
    expect(await syntaxFiles()).toEqual(new Map([[file, text]]));
  });

  it("follows the table: a new row is coloured", () => {
    const row = { names: ["rvx_wait_for_readers"], effects: [{ kind: "wait", flavour: "rcu" }] } as const;
    expect(kernelInjection([{ header: "include/linux/rvx.h", rows: [row] }])).toContain("(rvx_wait_for_readers|");
  });
});

describe("what package.json contributes", () => {
  const { contributes } = jsonOf("package.json") as {
    readonly contributes: { readonly languages: readonly { readonly id: string; readonly extensions: readonly string[]; readonly configuration: string }[] };
  };

  it("is there, with the scope that the grammar itself states", () => {
    const grammars = contributedGrammars();
    expect(grammars.map(({ scopeName }) => scopeName).sort()).toEqual(["kernel-c.injection", "source.litmus"]);
    for (const { path, scopeName } of grammars) expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ scopeName });
    expect(contributes.languages).toMatchObject([{ id: "litmus", extensions: [".litmus"] }]);
    for (const { configuration } of contributes.languages) expect(existsSync(`${root}${configuration}`), configuration).toBe(true);
  });

  it("treats thread bodies as C, so that comments are toggled as C there", async () => {
    const embedded = Object.keys(contributedGrammars().find(({ language }) => language === "litmus")?.embeddedLanguages ?? {});
    expect(embedded).toEqual(["meta.parameters.litmus", "meta.body.litmus"]);
    const tokens = await tokensOf(registry, "source.litmus", "C body\n{}\nP0(int *x)\n{\n\tsmp_mb();\n}\nexists (x=1)");
    for (const scope of embedded) expect(new Set(tokens.filter(({ scopes }) => scopes.includes(scope)).map(({ line }) => line)), scope).toEqual(new Set([scope === "meta.body.litmus" ? 4 : 2]));
  });
});

describe("the language configuration", () => {
  type Rule = { readonly beforeText: string; readonly afterText?: string; readonly previousLineText?: string; readonly action: { readonly appendText: string } };
  const { onEnterRules } = jsonOf("syntaxes/litmus.language-configuration.json") as { readonly onEnterRules: readonly Rule[] };
  /** What Enter inserts, as VS Code decides: the first rule all of whose patterns match. */
  const inserted = (before: string, after: string, previous: string): string => {
    const matches = (pattern: string | undefined, text: string): boolean => pattern === undefined || new RegExp(pattern).test(text);
    return onEnterRules.find((rule) => matches(rule.beforeText, before) && matches(rule.afterText, after) && matches(rule.previousLineText, previous))?.action.appendText ?? "";
  };

  it.each([
    ["(*", "*)", "", " * "],
    ["(*", "", "C test", " * "],
    [" * Result: Never", "", "(*", "* "],
    [" *", "", " * Result: Never", "* "],
    [" *)", "", " * Result: Never", ""],
    ["(* one line *)", "", "", ""],
    ["exists (x=1)", "", "", ""],
    ["\t*x = 1;", "", "\tsmp_mb();", ""],
  ])("goes on after %j, before %j, under %j with %j", (before, after, previous, text) => {
    expect(inserted(before, after, previous)).toBe(text);
  });
});
