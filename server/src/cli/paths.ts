/** How paths are found and how they are printed: relative to the kernel tree when inside it, else to the working directory. */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

/** `directory` is absolute and real; `release` is "6.12", or "unknown". */
export type KernelTree = { readonly directory: string; readonly release: string };

/** The nearest folder at or above `start` with both `Kbuild` and `MAINTAINERS`; none is fine. */
export function nearestKernelTree(start: string): KernelTree | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Kbuild")) && existsSync(join(folder, "MAINTAINERS"))) return kernelTreeAt(folder);
    if (dirname(folder) === folder) return undefined;
  }
}

export function kernelTreeAt(folder: string): KernelTree {
  const directory = realpathSync(folder);
  return { directory, release: releaseOf(directory) };
}

/** The file of this name in the nearest folder at or above `start`. */
export function nearestFile(start: string, name: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

function releaseOf(directory: string): string {
  try {
    const makefile = readFileSync(join(directory, "Makefile"), "utf8");
    const version = /^VERSION *= *(\d+)/m.exec(makefile)?.[1];
    const patchLevel = /^PATCHLEVEL *= *(\d+)/m.exec(makefile)?.[1];
    return version && patchLevel ? `${version}.${patchLevel}` : "unknown";
  } catch {
    return "unknown";
  }
}

/** `path` is absolute. */
export function printedPath(path: string, kernel: KernelTree | undefined): string {
  if (kernel) {
    const inside = relative(kernel.directory, path);
    if (inside !== "" && !inside.startsWith("..") && !isAbsolute(inside)) return withSlashes(inside);
  }
  return withSlashes(relative(process.cwd(), path) || ".");
}

export function withSlashes(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}
