/**
 * What a name means where it is called. Without a compiler this is a guess in order: the file's own definition, its
 * folder, the one global of the tree, a header; and when several remain, all of them, and the answer says so.
 */

import type { FunctionId, FunctionInfo, KernelIndex } from "./kernel-index.ts";

/** How the definition was found, surest first. */
export type Confidence = "file" | "directory" | "unique" | "header" | "ambiguous";

export const confidences: readonly Confidence[] = ["file", "directory", "unique", "header", "ambiguous"];

export type Resolved = { readonly confidence: Confidence; readonly functions: readonly FunctionId[] };

const nothing: Resolved = { confidence: "ambiguous", functions: [] };

/** Programs that are built for the machine the kernel is built on, or run under it: their functions are not the kernel's. */
const programFolders = ["tools/", "scripts/", "usr/", "Documentation/"];

type Candidate = FunctionInfo & { readonly id: FunctionId };

export class Resolver {
  readonly #index: KernelIndex;
  readonly #candidates = new Map<string, readonly Candidate[]>();
  readonly #resolved = new Map<string, Resolved>();

  constructor(index: KernelIndex) {
    this.#index = index;
  }

  /** Empty when the tree defines no such name that can be seen from `file`. */
  resolve(name: string, file: string): Resolved {
    if (name.startsWith("->")) return nothing;
    const key = `${name} ${file}`;
    let resolved = this.#resolved.get(key);
    if (resolved === undefined) {
      resolved = this.#resolve(name, file);
      this.#resolved.set(key, resolved);
    }
    return resolved;
  }

  #resolve(name: string, file: string): Resolved {
    const all = this.#candidatesOf(name);
    if (all.length === 0) return nothing;
    const own = all.filter((candidate) => candidate.file === file);
    if (own.length > 0) return { confidence: "file", functions: own.map(({ id }) => id) };
    const visible = all.filter((candidate) => isVisible(candidate) && programOf(candidate.file) === programOf(file));
    const folder = folderOf(file);
    const beside = preferred(visible.filter((candidate) => folderOf(candidate.file) === folder));
    if (beside.length > 0) return { confidence: beside.length === 1 ? "directory" : "ambiguous", functions: beside.map(({ id }) => id) };
    const near = sameArchitecture(visible, file);
    const globals = near.filter((candidate) => !isHeader(candidate.file));
    if (globals.length === 1) return { confidence: "unique", functions: [globals[0]!.id] };
    if (globals.length > 1) return { confidence: "ambiguous", functions: globals.map(({ id }) => id) };
    if (near.length > 0) return { confidence: near.length === 1 ? "header" : "ambiguous", functions: near.map(({ id }) => id) };
    // Files that include one another's .c share their static functions.
    const shared = all.filter((candidate) => !candidate.isMacro && folderOf(candidate.file) === folder);
    return { confidence: "ambiguous", functions: shared.map(({ id }) => id) };
  }

  #candidatesOf(name: string): readonly Candidate[] {
    let candidates = this.#candidates.get(name);
    if (candidates === undefined) {
      candidates = this.#index.functionsNamed(name).map((id) => ({ id, ...this.#index.info(id) }));
      this.#candidates.set(name, candidates);
    }
    return candidates;
  }
}

const isHeader = (file: string): boolean => file.endsWith(".h");
const folderOf = (file: string): string => file.slice(0, file.lastIndexOf("/") + 1);

function isVisible({ file, isStatic, isMacro }: Candidate): boolean {
  return isHeader(file) || (!isStatic && !isMacro);
}

/** Of a definition and a header's stub for when it is configured out, the definition. */
function preferred(candidates: readonly Candidate[]): readonly Candidate[] {
  const real = candidates.filter(({ file }) => !isHeader(file));
  return real.length > 0 ? real : candidates;
}

function programOf(file: string): string {
  return programFolders.find((folder) => file.startsWith(folder)) ?? "";
}

const architecture = /^(?:tools\/)?arch\/[^/]+\//;

/** Code of one architecture calls its own; other code may call any of them. */
function sameArchitecture(candidates: readonly Candidate[], file: string): readonly Candidate[] {
  const own = architecture.exec(file)?.[0];
  if (own === undefined) return candidates;
  const inside = candidates.filter((candidate) => candidate.file.startsWith(own));
  return inside.length > 0 ? inside : candidates.filter((candidate) => !architecture.test(candidate.file));
}
