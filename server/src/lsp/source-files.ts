/**
 * Files as the reviewer names them and as the editor does. Printed names are those of every door: relative to the kernel
 * tree when inside it, else to the workspace folder.
 */

import type { ReviewHost, SourceFile } from "../session/reviewer-types.ts";
import type { KernelTree, OpenText } from "./review-messages.ts";
import { canonical, folderOf, inFolder, isInside, relativeTo } from "./uris.ts";

export type Recorded = { readonly name: string; readonly uri: string; readonly text: string };

/** Architecture headers are taken from x86, which every tree has. */
const includeFolders = ["include", "include/uapi", "arch/x86/include", "arch/x86/include/uapi"];

/** One workspace folder with one kernel tree. Owns the names of the files it was asked for. */
export class SourceFiles {
  readonly #readText: (uri: string) => string | undefined;
  readonly #folder: string;
  readonly #kernel: KernelTree | null;
  readonly #uriByName = new Map<string, string>();
  #open: ReadonlyMap<string, OpenText> = new Map();
  #recorded: Map<string, Recorded> | undefined;

  constructor(readText: (uri: string) => string | undefined, folder: string, kernel: KernelTree | null) {
    this.#readText = readText;
    this.#folder = folder;
    this.#kernel = kernel;
  }

  /** Open texts win over those on disk. */
  setOpen(open: readonly OpenText[]): void {
    this.#open = new Map(open.map((one) => [canonical(one.uri), one]));
  }

  nameOf(uri: string): string {
    const folder = this.#kernel !== null && isInside(this.#kernel.uri, uri) ? this.#kernel.uri : this.#folder;
    const name = relativeTo(folder, uri);
    this.#uriByName.set(name, uri);
    return name;
  }

  /** Runs something synchronous and tells which headers it read. */
  recording<T>(run: () => T): { readonly result: T; readonly reads: readonly Recorded[] } {
    const recorded = new Map<string, Recorded>();
    this.#recorded = recorded;
    try {
      const result = run();
      return { result, reads: [...recorded.values()] };
    } finally {
      this.#recorded = undefined;
    }
  }

  readonly reviewHost: ReviewHost = {
    readInclude: (fromFile, include): SourceFile | undefined => {
      for (const candidate of this.#candidates(fromFile, include)) {
        const { uri, text } = this.#open.get(canonical(candidate)) ?? { uri: candidate, text: this.#readText(candidate) };
        if (text === undefined) continue;
        const name = this.nameOf(uri);
        this.#recorded?.set(name, { name, uri, text });
        return { file: name, text };
      }
      return undefined;
    },
  };

  #candidates(fromFile: string, include: { readonly path: string; readonly system: boolean }): readonly string[] {
    const from = this.#uriByName.get(fromFile);
    if (from === undefined || include.path.startsWith("/")) return [];
    const beside = include.system ? [] : [inFolder(folderOf(from), include.path)];
    const kernel = this.#kernel;
    return kernel === null ? beside : [...beside, ...includeFolders.map((folder) => inFolder(kernel.uri, `${folder}/${include.path}`))];
  }
}
