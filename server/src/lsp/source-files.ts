/**
 * Files as the reviewer names them and as the editor does. Printed names are those of every door: relative to the kernel
 * tree when inside it, else to the workspace folder.
 */

import type { ReviewHost, SourceFile } from "../session/reviewer-types.ts";
import type { Documents } from "./documents.ts";
import type { KernelTree, LspHost } from "./host.ts";
import { canonical, folderOf, inFolder, isInside, relativeTo } from "./uris.ts";

/** `version` is null for a file that is not open. */
export type ReadFile = { readonly uri: string; readonly text: string; readonly version: number | null };

/** Architecture headers are taken from x86, which every tree has. */
const includeFolders = ["include", "include/uapi", "arch/x86/include", "arch/x86/include/uapi"];

/** One workspace folder with one kernel tree. Owns the names of the files it was asked for. */
export class SourceFiles {
  readonly #host: LspHost;
  readonly #documents: Documents;
  readonly #folder: string;
  readonly #kernel: KernelTree | undefined;
  readonly #uriByName = new Map<string, string>();
  #onRead: ((name: string, file: ReadFile) => void) | undefined;

  constructor(host: LspHost, documents: Documents, folder: string, kernel: KernelTree | undefined) {
    this.#host = host;
    this.#documents = documents;
    this.#folder = folder;
    this.#kernel = kernel;
  }

  nameOf(uri: string): string {
    const folder = this.#kernel !== undefined && isInside(this.#kernel.uri, uri) ? this.#kernel.uri : this.#folder;
    const name = relativeTo(folder, uri);
    this.#uriByName.set(name, uri);
    return name;
  }

  /** Only for names that `nameOf` or a review gave out. */
  uriOf(name: string): string | undefined {
    return this.#uriByName.get(name);
  }

  read(uri: string): ReadFile | undefined {
    const document = this.#documents.find(uri);
    if (document !== undefined) return { uri: document.uri, text: document.getText(), version: document.version };
    const text = this.#host.readText(uri);
    return text === undefined ? undefined : { uri, text, version: null };
  }

  /** Runs something synchronous and tells which files it read. */
  recording<T>(run: () => T): { readonly result: T; readonly reads: ReadonlyMap<string, ReadFile> } {
    const reads = new Map<string, ReadFile>();
    this.#onRead = (name, file) => reads.set(name, file);
    try {
      return { result: run(), reads };
    } finally {
      this.#onRead = undefined;
    }
  }

  readonly reviewHost: ReviewHost = {
    readInclude: (fromFile, include): SourceFile | undefined => {
      for (const uri of this.#candidates(fromFile, include)) {
        const file = this.read(uri);
        if (file === undefined) continue;
        const name = this.nameOf(file.uri);
        this.#onRead?.(name, file);
        return { file: name, text: file.text };
      }
      return undefined;
    },
  };

  #candidates(fromFile: string, include: { readonly path: string; readonly system: boolean }): readonly string[] {
    const from = this.uriOf(fromFile);
    if (from === undefined || include.path.startsWith("/")) return [];
    const beside = include.system ? [] : [inFolder(folderOf(from), include.path)];
    const kernel = this.#kernel;
    return kernel === undefined ? beside : [...beside, ...includeFolders.map((folder) => inFolder(kernel.uri, `${folder}/${include.path}`))];
  }
}

export function isSameFile(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}
