// The table of .dependency-cruiser.cjs over every source file, and one planted violation per rule.
// A cruise that reads nothing reports no violation: hence the count, and the mutants.

import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from "dependency-cruiser";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

type Layer = { readonly may: readonly string[]; readonly packages: readonly string[]; readonly builtins?: boolean };
type Config = { readonly forbidden: NonNullable<IFlattenedRuleSet["forbidden"]>; readonly options: ICruiseOptions; readonly layers: Readonly<Record<string, Layer>>; readonly folders: Readonly<Record<string, string>> };

const root = resolve(import.meta.dirname, "../..");
const config = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as Config;
const sourceFolders = ["emulator-core/src", "emulator-core/scenarios", "server/src", "client/src", "client/webview"];

async function cruiseTree(baseDir: string, folders: readonly string[]): Promise<ICruiseResult> {
  const result = await cruise([...folders], { ...config.options, baseDir, ruleSet: { forbidden: config.forbidden }, validate: true });
  if (typeof result.output === "string") throw new Error("dependency-cruiser answered with text");
  return result.output;
}

function sourceFiles(): readonly string[] {
  return sourceFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
  );
}

describe("the layers of the source tree", () => {
  let output: ICruiseResult;
  beforeAll(async () => {
    output = await cruiseTree(root, sourceFolders);
  });

  it("are kept", () => {
    expect(output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  });

  it("were looked at: every source file was cruised", () => {
    const cruised = new Set(output.modules.map(({ source }) => source));
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => !cruised.has(file))).toEqual([]);
  });

  it("have imports: the parser read TypeScript", () => {
    const withImports = output.modules.filter(({ source, dependencies }) => source.endsWith(".ts") && dependencies.length > 0);
    for (const folder of sourceFolders) expect(withImports.filter(({ source }) => source.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(5);
  });
});

type Mutant = { readonly rule: string; readonly file: string; readonly text: string };

const folderOf = (layer: string): string => config.folders[layer] ?? `server/src/${layer}`;
const doorOf = (layer: string): string => `${folderOf(layer)}/${layer === "webview" ? "messages" : "index"}.ts`;
const names = Object.keys(config.layers);

/** Packages of which each is allowed somewhere and forbidden elsewhere. */
const packageNames = [...new Set(names.flatMap((layer) => config.layers[layer]?.packages ?? []))].filter((name) => name !== "vscode");

function importFrom(file: string, target: string, how: "import" | "import type"): string {
  const up = "../".repeat(dirname(file).split("/").length);
  return `${how} { a } from "${up}${target}";\nexport const b: typeof a = 1;\n`;
}

function mutants(): readonly Mutant[] {
  const planted: Mutant[] = [];
  for (const layer of names) {
    const { may = [], packages = [], builtins = false } = config.layers[layer] ?? {};
    const plant = (rule: string, name: string, text: (file: string) => string): void => {
      const file = `${folderOf(layer)}/mutant-${name}.ts`;
      planted.push({ rule, file, text: text(file) });
    };
    for (const other of names) {
      if (other === layer || may.includes(other)) continue;
      plant(`${layer}-imports`, `layer-${other}`, (file) => importFrom(file, doorOf(other), "import"));
      plant(`${layer}-imports`, `type-${other}`, (file) => importFrom(file, doorOf(other), "import type"));
    }
    for (const name of packageNames) {
      if (!packages.includes(name)) plant(`${layer}-packages`, `package-${name}`, () => `import { a } from "${name}";\nexport const b: unknown = a;\n`);
    }
    if (!builtins) plant(`${layer}-builtins`, "builtin", () => 'import { sep } from "node:path";\nexport const b: string = sep;\n');
  }
  return [
    ...planted,
    { rule: "no-cycles", file: "server/src/model/cycle-a.ts", text: 'import type { B } from "./cycle-b.ts";\nexport type A = B | 1;\n' },
    { rule: "no-unresolved", file: "server/src/model/nowhere.ts", text: 'import { a } from "./not-there.ts";\nexport const b: unknown = a;\n' },
    { rule: "emulator-core-door", file: "server/src/evidence/window.ts", text: importFrom("server/src/evidence/window.ts", "emulator-core/src/inside.ts", "import") },
    { rule: "scenarios-litmus", file: "emulator-core/scenarios/transcript.ts", text: importFrom("emulator-core/scenarios/transcript.ts", "emulator-core/src/reads-litmus.ts", "import") },
    { rule: "protocol-door", file: "client/src/window.ts", text: importFrom("client/src/window.ts", "server/src/protocol/inside.ts", "import type") },
    { rule: "protocol-door", file: "client/webview/window.ts", text: importFrom("client/webview/window.ts", "server/src/protocol/inside.ts", "import") },
    { rule: "webview-vocabulary", file: "client/src/page.ts", text: importFrom("client/src/page.ts", "client/webview/inside.ts", "import type") },
    { rule: "native-parser", file: "server/src/lsp/native.ts", text: importFrom("server/src/lsp/native.ts", "server/src/syntax/native-inside.ts", "import") },
    { rule: "native-parser", file: "server/src/syntax/native.ts", text: importFrom("server/src/syntax/native.ts", "server/src/syntax/native-inside.ts", "import type") },
    { rule: "rule-imports-rule", file: "server/src/rules/rcu/one.ts", text: 'import { a } from "./two.ts";\nexport const b: typeof a = 1;\n' },
    { rule: "rule-imports-rule", file: "server/src/rules/iommu/three.ts", text: 'import { a } from "../rcu/two.ts";\nexport const b: typeof a = 1;\n' },
    { rule: "no-test-code-in-product", file: "server/src/session/mutant-support.ts", text: 'import { a } from "../test-support/index.ts";\nexport const b: typeof a = 1;\n' },
  ];
}

describe("a planted violation", () => {
  const planted = mutants();
  const tree = mkdtempSync(join(tmpdir(), "quiesce-layers-"));
  let violations: ReadonlySet<string>;

  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };

  beforeAll(async () => {
    write("package.json", JSON.stringify({ type: "module", dependencies: Object.fromEntries(packageNames.map((name) => [name, "1"])) }));
    for (const name of packageNames) {
      write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
      write(`node_modules/${name}/index.js`, "exports.a = 1;\n");
    }
    const clean = "export const a = 1;\n";
    for (const layer of names) write(doorOf(layer), clean);
    for (const folder of ["emulator-core/src", "server/src/protocol", "client/webview"]) write(`${folder}/inside.ts`, clean);
    write("emulator-core/src/litmus/parser.ts", clean);
    write("emulator-core/src/reads-litmus.ts", 'import { a } from "./litmus/parser.ts";\nexport const b: typeof a = 1;\nexport { a };\n');
    // The other half of the cycle; the tool names one of the two.
    write("server/src/model/cycle-b.ts", 'import type { A } from "./cycle-a.ts";\nexport type B = A | 2;\n');
    write("server/src/rules/rcu/two.ts", clean);
    write("server/src/syntax/native-inside.ts", clean);
    write("server/src/test-support/index.ts", clean);
    // What the table allows must stay silent, or a rule that forbids everything would pass for a good one.
    for (const layer of names) {
      for (const other of config.layers[layer]?.may ?? []) write(`${folderOf(layer)}/allowed-${other}.ts`, importFrom(`${folderOf(layer)}/allowed.ts`, doorOf(other), "import"));
      for (const name of config.layers[layer]?.packages ?? []) write(`${folderOf(layer)}/allowed-package-${name}.ts`, `import { a } from "${name}";\nexport const b: unknown = a;\n`);
    }
    for (const { file, text } of planted) write(file, text);
    const output = await cruiseTree(tree, sourceFolders);
    violations = new Set(output.summary.violations.map(({ rule, from }) => `${rule.name} ${from}`));
  });
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  it("is there for every rule of the table", () => {
    expect(config.forbidden.map(({ name }) => name).filter((name) => !planted.some(({ rule }) => rule === name))).toEqual([]);
  });

  it.each(config.forbidden.map(({ name }) => name))("is caught by %s", (name) => {
    expect(planted.filter(({ rule, file }) => rule === name && !violations.has(`${rule} ${file}`)).map(({ file }) => file)).toEqual([]);
  });

  it("is the only thing that is caught", () => {
    expect([...violations].filter((violation) => violation.includes("/allowed-"))).toEqual([]);
  });
});
