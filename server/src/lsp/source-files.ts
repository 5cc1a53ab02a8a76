/**
 * Files as the reviewer names them and as the editor does. Printed names are those of every door: relative to the kernel
 * tree when inside it, else to the workspace folder.
 */

import { projectFileName } from "../session/project-file-name.ts";
import { includeFolders } from "../session/include-folders.ts";
import type { RefusedFile, ReviewHost, Sibling, SourceFile } from "../session/reviewer-types.ts";
import type { MacroLists } from "../syntax/macro-lists.ts";
import type { KernelTree, OpenText } from "./review-messages.ts";
import { canonical, folderOf, inFolder, isInside, relativeTo } from "./uris.ts";

export type Recorded = { readonly name: string; readonly uri: string; readonly text: string };

/** One workspace folder with one kernel tree. Owns the names of the files it was asked for. */
export class SourceFiles {
  readonly reviewHost: ReviewHost;
  readonly #readText: (uri: string) => string | RefusedFile | undefined;
  readonly #folder: string;
  readonly #kernel: KernelTree | null;
  readonly #uriByName = new Map<string, string>();
  #open: ReadonlyMap<string, OpenText> = new Map();
  #recorded: { readonly reads: Map<string, Recorded>; readonly missing: Set<string> } | undefined;

  constructor(readText: (uri: string) => string | RefusedFile | undefined, folder: string, kernel: KernelTree | null, macros?: () => MacroLists, sourcesIn?: (folder: string) => readonly string[]) {
    this.#readText = readText;
    this.reviewHost = { readProject: (ofFile) => this.#readProject(ofFile), readInclude: (fromFile, include) => this.#readInclude(fromFile, include), ...(kernel === null ? {} : { readText: (path: string) => textOnly(this.#read(inFolder(kernel.uri, path)))?.text }), ...(macros === undefined ? {} : { macros }), ...(sourcesIn === undefined ? {} : { siblings: (ofFile: string) => this.#siblings(ofFile, sourcesIn) }) };
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

  uriOf(name: string): string | undefined {
    return this.#uriByName.get(name);
  }

  /** Notes which headers are read from now on, and which were looked for in vain. */
  record(): { readonly end: () => { readonly reads: readonly Recorded[]; readonly missing: readonly string[] } } {
    const recorded = { reads: new Map<string, Recorded>(), missing: new Set<string>() };
    this.#recorded = recorded;
    return {
      end: () => {
        if (this.#recorded === recorded) this.#recorded = undefined;
        return { reads: [...recorded.reads.values()], missing: [...recorded.missing] };
      },
    };
  }

  #readInclude(fromFile: string, include: { readonly path: string; readonly system: boolean }): SourceFile | RefusedFile | undefined {
    for (const candidate of this.#candidates(fromFile, include)) {
      const read = this.#read(candidate);
      if (read !== undefined) return read;
    }
    return undefined;
  }

  /** From the file's folder up to the workspace's or the tree's. */
  #readProject(ofFile: string): SourceFile | undefined {
    const uri = this.#uriByName.get(ofFile);
    if (uri === undefined) return undefined;
    const top = this.#kernel !== null && isInside(this.#kernel.uri, uri) ? this.#kernel.uri : this.#folder;
    for (let folder = folderOf(uri); isInside(top, inFolder(folder, projectFileName)); folder = folderOf(folder)) {
      const read = textOnly(this.#read(inFolder(folder, projectFileName)));
      if (read !== undefined) return read;
    }
    return undefined;
  }

  /** Their texts are not noted as read: a change to one of them does not make the file be reviewed again. */
  #siblings(ofFile: string, sourcesIn: (folder: string) => readonly string[]): readonly Sibling[] {
    const own = this.#uriByName.get(ofFile);
    if (own === undefined) return [];
    return sourcesIn(folderOf(own)).filter((uri) => canonical(uri) !== canonical(own)).map((uri) => {
      const file = this.nameOf(uri);
      return {
        file,
        read: () => {
          const text = this.#open.get(canonical(uri))?.text ?? this.#readText(uri);
          return typeof text === "string" ? { file, text } : text;
        },
      };
    });
  }

  #read(candidate: string): SourceFile | RefusedFile | undefined {
    const { uri, text } = this.#open.get(canonical(candidate)) ?? { uri: candidate, text: this.#readText(candidate) };
    if (typeof text !== "string") {
      this.#recorded?.missing.add(uri);
      return text;
    }
    const name = this.nameOf(uri);
    this.#recorded?.reads.set(name, { name, uri, text });
    return { file: name, text };
  }

  #candidates(fromFile: string, include: { readonly path: string; readonly system: boolean }): readonly string[] {
    const from = this.#uriByName.get(fromFile);
    if (from === undefined || include.path.startsWith("/")) return [];
    const beside = include.system ? [] : [inFolder(folderOf(from), include.path)];
    const kernel = this.#kernel;
    return kernel === null ? beside : [...beside, ...includeFolders.map((folder) => inFolder(kernel.uri, `${folder}/${include.path}`))];
  }
}

function textOnly(read: SourceFile | RefusedFile | undefined): SourceFile | undefined {
  return read === undefined || "refused" in read ? undefined : read;
}
