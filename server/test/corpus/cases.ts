/** Cases of a corpus: pointers into kernel sources, one JSON object a line (shared/corpus/README.md says what the fields mean). */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

export type Source = { readonly pkg: string; readonly version: string };

export type Place = { readonly source: Source; readonly file: string; readonly function: string };

export type Case = Place & {
  readonly id: string;
  readonly kind: "bug" | "ok";
  readonly rules: readonly string[];
  readonly line: number;
  readonly lineText: string;
  readonly match: "line" | "function";
  readonly crossFile: boolean;
  readonly confidence: "high" | "medium" | "low";
  readonly fix?: Place;
};

/** Those that are scored: of high and medium confidence. Sorted as in the file. */
export function readCases(path: string): readonly Case[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line, index) => (line.trim() === "" ? [] : [caseOf(line, `${path}:${String(index + 1)}`)])).filter(({ confidence }) => confidence !== "low");
}

function caseOf(line: string, where: string): Case {
  const fields = JSON.parse(line) as Partial<Case>;
  for (const name of ["id", "kind", "rules", "source", "file", "function", "line"] as const) if (fields[name] === undefined) throw new Error(`${where}: a case without "${name}"`);
  return { lineText: "", match: "function", crossFile: false, confidence: "high", ...fields } as Case;
}

/** Finds the tree of a package version: in `kernels` (default the user's cache), else by `get-kernel` beside the cases. */
export function treeFinder(kernels: string | undefined, cases: string): (version: string) => string {
  const root = kernels ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "linux-source");
  const known = new Map<string, string>();
  return (version) => {
    const found = known.get(version) ?? treeIn(root, version) ?? unpacked(version, kernels, cases);
    known.set(version, found);
    return found;
  };
}

/** A folder of that name, or one whose Makefile says that it is that release (`get-kernel 6.12` names its folder by the series). */
function treeIn(root: string, version: string): string | undefined {
  if (!existsSync(root)) return undefined;
  const release = /^\d+\.\d+\.\d+/.exec(version)?.[0];
  const series = /^\d+\.\d+/.exec(version)?.[0] ?? version;
  const tree = (folder: string): string => join(root, folder, `linux-source-${series}`);
  if (existsSync(join(tree(version), "MAINTAINERS"))) return tree(version);
  return readdirSync(root).sort().filter((folder) => /^\d+\.\d+$/.test(folder)).map(tree).find((path) => existsSync(join(path, "MAINTAINERS")) && releaseOf(path) === release);
}

function releaseOf(tree: string): string {
  const makefile = readFileSync(join(tree, "Makefile"), "utf8");
  return ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map((name) => new RegExp(`^${name} *= *(\\d+)`, "m").exec(makefile)?.[1] ?? "").join(".");
}

function unpacked(version: string, kernels: string | undefined, cases: string): string {
  const script = join(dirname(cases), "get-kernel");
  if (!existsSync(script)) throw new Error(`no kernel tree of version ${version}, and no get-kernel beside the cases to unpack one`);
  return execFileSync("bash", [script, version, ...(kernels === undefined ? [] : [kernels])], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}
