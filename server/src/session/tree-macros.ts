/**
 * The macros that are syntax in a kernel tree: found in its include/, kept beside the index, made anew when a header of
 * it came, went or changed by time or size. The answer is the same with and without what was kept.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { discoverMacros } from "../syntax/discover-macros.ts";
import { kernelMacros, mergedMacros, type MacroLists } from "../syntax/macro-lists.ts";

/** Changes whenever the discovery finds other names in the same headers. */
const discoveryVersion = 1;

type Kept = { readonly version: number; readonly stamp: string; readonly lists: MacroLists };

/** The shipped lists and those of the tree; the shipped ones alone where the tree has no headers. `cacheDir` undefined: nothing is kept. */
export function macrosOfTree(kernel: string, cacheDir: string | undefined): MacroLists {
  const headers = headersOf(kernel);
  if (headers.length === 0) return kernelMacros;
  const stamp = stampOf(headers);
  const file = cacheDir === undefined ? undefined : fileFor(kernel, cacheDir);
  const kept = file === undefined ? undefined : read(file);
  if (kept?.version === discoveryVersion && kept.stamp === stamp) return mergedMacros(kernelMacros, kept.lists);
  const lists = discoverMacros(textsOf(headers));
  if (file !== undefined) keep(file, { version: discoveryVersion, stamp, lists });
  return mergedMacros(kernelMacros, lists);
}

type Header = { readonly path: string; readonly mtimeMs: number; readonly size: number };

/** Sorted by path, without regard to the locale. */
function headersOf(kernel: string): readonly Header[] {
  try {
    const folder = join(kernel, "include");
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".h")).sort();
    return names.flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() === true ? [{ path, mtimeMs: stat.mtimeMs, size: stat.size }] : [];
    });
  } catch {
    return [];
  }
}

function stampOf(headers: readonly Header[]): string {
  const hash = createHash("sha256");
  for (const { path, mtimeMs, size } of headers) hash.update(`${path}\n${String(mtimeMs)} ${String(size)}\n`);
  return hash.digest("hex");
}

function* textsOf(headers: readonly Header[]): Iterable<string> {
  for (const { path } of headers) {
    try {
      yield readFileSync(path, "utf8");
    } catch {
      // It went between the look and the read: the next stamp differs.
    }
  }
}

function fileFor(kernel: string, cacheDir: string): string {
  const real = realpathSync(kernel);
  return join(cacheDir, "macros", `${basename(real)}-${createHash("sha256").update(real).digest("hex").slice(0, 16)}.json`);
}

/** undefined: there is none, or it is no such file. */
function read(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Partial<Kept> | null;
    const lists = kept?.lists;
    const isWhole = [lists?.attributes, lists?.attributeCalls, lists?.loops].every((names) => Array.isArray(names) && names.every((name: unknown) => typeof name === "string"));
    return isWhole && kept !== null ? (kept as Kept) : undefined;
  } catch {
    return undefined;
  }
}

/** Written under another name and moved into place; a folder that cannot be written costs time, nothing else. */
function keep(file: string, kept: Kept): void {
  const temporary = `${file}.${String(process.pid)}.${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(temporary, JSON.stringify(kept));
    renameSync(temporary, file);
  } catch {
    tryTo(() => rmSync(temporary, { force: true }));
  }
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // What is left is a file with a name that nobody asks for.
  }
}
