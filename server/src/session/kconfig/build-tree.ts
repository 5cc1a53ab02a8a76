/**
 * Which architectures a file can be built for: the Makefiles above it say under what options it is built, the Kconfig
 * files above it what those options depend on. What is not found there limits nothing.
 *
 * COMPILE_TEST counts as not set: a driver that is only compiled for an architecture never runs there.
 */

import { architectures, type Architecture, type Architectures } from "../../evidence/architectures.ts";
import { all, always, any, evaluate, type Expression, type Truth } from "./expression.ts";
import { type KconfigFile, parseKconfig } from "./kconfig-file.ts";
import { type BuildLine, isBuilt, parseMakefile } from "./makefile.ts";

/** Reads a file by its path from the root of the kernel tree. Must not throw. */
export type ReadText = (path: string) => string | undefined;

/** Sources that another folder builds as well, by a pattern rule of make that names them nowhere: xe takes these from i915. */
const builtElsewhere = ["drivers/gpu/drm/i915/display/", "drivers/gpu/drm/i915/soc/"];

type Parsed<T> = { readonly text: string; readonly value: T };

/** Owns what was parsed, by path; a file is read again for each question, and parsed again only when it changed. */
export class BuildTree {
  readonly #readText: ReadText;
  readonly #makefiles = new Map<string, Parsed<readonly BuildLine[]>>();
  readonly #kconfigs = new Map<string, Parsed<KconfigFile>>();

  constructor(readText: ReadText) {
    this.#readText = readText;
  }

  /** `file` is the path of a source file from the root of the tree; one elsewhere can be built for any. */
  architecturesOf(file: string): Architectures {
    const parts = file.split("/");
    if (parts.includes("..") || file.startsWith("/")) return "any";
    if (parts[0] === "arch") return architectures.some(({ name }) => name === parts[1]) ? [parts[1]!] : "any";
    const object = /^(.+)\.[cS]$/.exec(file)?.[1];
    if (object === undefined || builtElsewhere.some((folder) => file.startsWith(folder))) return "any";
    const condition = new Builds((folder) => this.#makefileIn(folder)).of(`${object}.o`);
    const options = new Options(foldersAbove(file).toReversed().flatMap((folder) => this.#kconfigIn(folder)));
    const possible = architectures.filter((one) => evaluate(condition, options.on(one)) !== "false");
    // Nothing left means that it is built in a way that this does not know.
    return possible.length === architectures.length || possible.length === 0 ? "any" : possible.map(({ name }) => name);
  }

  /**
   * Whether one build has both files: parts of one module, or built in under the same option or under none. `unknown`: no Makefile names
   * them. Options that do not exclude each other may still be two modules that never meet, so they are `apart`.
   */
  togetherness(one: string, other: string): "together" | "apart" | "unknown" {
    const [ours, theirs] = [this.#waysOf(one), this.#waysOf(other)];
    if (ours.length === 0 && theirs.length === 0) return "unknown";
    const areTogether = ours.some((a) => theirs.some((b) => a.folder === b.folder && a.line.list === b.line.list
      && (isBuilt(a.line.list) ? isAlways(a.line) || isAlways(b.line) || JSON.stringify(a.line.condition) === JSON.stringify(b.line.condition) : canHold(all([a.line.condition, b.line.condition])))));
    return areTogether ? "together" : "apart";
  }

  /** The lines of Makefiles that list the object of a source. */
  #waysOf(file: string): readonly { readonly folder: string; readonly line: BuildLine }[] {
    const object = `${file.replace(/\.[cS]$/, "")}.o`;
    return foldersAbove(object).flatMap((folder) => {
      const item = folder === "" ? object : object.slice(folder.length + 1);
      return this.#makefileIn(folder).filter(({ items }) => items.includes(item)).map((line) => ({ folder, line }));
    });
  }

  /** As make does it: `Kbuild` goes before `Makefile`. */
  #makefileIn(folder: string): readonly BuildLine[] {
    for (const name of ["Kbuild", "Makefile"]) {
      const lines = this.#parsed(inside(folder, name), this.#makefiles, parseMakefile);
      if (lines !== undefined) return lines;
    }
    return [];
  }

  #kconfigIn(folder: string): readonly InFolder[] {
    const file = this.#parsed(inside(folder, "Kconfig"), this.#kconfigs, parseKconfig);
    return file === undefined ? [] : [{ folder, file }];
  }

  #parsed<T>(path: string, known: Map<string, Parsed<T>>, parse: (text: string) => T): T | undefined {
    const text = this.#readText(path);
    if (text === undefined || text.trim() === "") return undefined;
    const before = known.get(path);
    if (before?.text === text) return before.value;
    const value = parse(text);
    known.set(path, { text, value });
    return value;
  }
}

const inside = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** From the folder of the file, or the one above a folder, up to the root, which is "". */
function foldersAbove(path: string): readonly string[] {
  const result: string[] = [];
  for (let folder = path.replace(/\/$/, ""); folder !== "";) {
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
    result.push(folder);
  }
  return result;
}

/** Under what an object is built or a folder entered. */
class Builds {
  readonly #linesIn: (folder: string) => readonly BuildLine[];
  readonly #known = new Map<string, Expression>();

  constructor(linesIn: (folder: string) => readonly BuildLine[]) {
    this.#linesIn = linesIn;
  }

  /** `path` is an object, or a folder with a slash at its end. One that no Makefile above it names is taken as built. */
  of(path: string): Expression {
    if (path === "/") return always;
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    this.#known.set(path, always);
    const ways = foldersAbove(path).flatMap((folder) => {
      const item = folder === "" ? path : path.slice(folder.length + 1);
      return this.#linesIn(folder).filter(({ items }) => items.includes(item)).map((line) =>
        all([line.condition, isBuilt(line.list) ? always : this.of(inside(folder, `${line.list}.o`)), this.of(`${folder}/`)]));
    });
    const condition = ways.length === 0 ? always : any(ways);
    this.#known.set(path, condition);
    return condition;
  }
}

const isAlways = ({ condition }: BuildLine): boolean => evaluate(condition, () => "maybe") === "true";

/** Options of one condition that are tried in all their values; more may be anything. */
const triedMax = 10;

/** Some choice of the options makes it true, as far as it can be told. */
function canHold(condition: Expression): boolean {
  const names = [...new Set(symbolsIn(condition))];
  if (names.length > triedMax) return true;
  return Array.from({ length: 2 ** names.length }, (_, choice) => choice).some((choice) => evaluate(condition, (name) => ((choice >> names.indexOf(name)) & 1 ? "true" : "false")) !== "false");
}

function symbolsIn(expression: Expression): readonly string[] {
  switch (expression.kind) {
    case "symbol": case "equals": return [expression.name];
    case "not": return symbolsIn(expression.of);
    case "all": case "any": return expression.of.flatMap(symbolsIn);
    case "unknown": case "constant": return [];
  }
}

type InFolder = { readonly folder: string; readonly file: KconfigFile };

/** What the options of the Kconfig files on the way to one file may be; those of other files may be anything. */
class Options {
  readonly #conditions = new Map<string, Expression>();

  /** From the root down. */
  constructor(files: readonly InFolder[]) {
    const read: (InFolder & { readonly condition: Expression })[] = [];
    const found = new Map<string, Expression[]>();
    for (const { folder, file } of files) {
      const path = inside(folder, "Kconfig");
      const ways = read.flatMap((above) => above.file.sources
        .filter((source) => (source.isRelative ? inside(above.folder, source.path) : source.path) === path)
        .map((source) => all([above.condition, source.condition])));
      const condition = ways.length === 0 ? always : any(ways);
      read.push({ folder, file, condition });
      for (const [name, blocks] of file.optionsByName) found.set(name, [...(found.get(name) ?? []), ...blocks.map((block) => all([condition, block]))]);
    }
    for (const [name, blocks] of found) this.#conditions.set(name, any(blocks));
  }

  /** An option of these files is false where what it depends on is, and else undecided: somebody may say no. */
  on(architecture: Architecture): (name: string) => Truth {
    const known = new Map<string, Truth>();
    const valueOf = (name: string): Truth => {
      const before = known.get(name) ?? ofArchitecture(name, architecture);
      if (before !== undefined) return before;
      const condition = this.#conditions.get(name);
      if (condition === undefined) return "maybe";
      known.set(name, "maybe");
      const value = evaluate(condition, valueOf) === "false" ? "false" : "maybe";
      known.set(name, value);
      return value;
    };
    return valueOf;
  }
}

const architectureSymbols = new Set(["UML", ...architectures.flatMap(({ is, mayBe }) => [...is, ...mayBe])]);

function ofArchitecture(name: string, { is, mayBe }: Architecture): Truth | undefined {
  if (name === "COMPILE_TEST") return "false";
  if (!architectureSymbols.has(name)) return undefined;
  return is.includes(name) ? "true" : mayBe.includes(name) ? "maybe" : "false";
}
