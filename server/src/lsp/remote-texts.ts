/** Texts that only the client can read: in VS Code for the Web and in virtual workspaces. Asked for once, kept until they change. */

import type { ReadFileResult } from "../protocol/index.ts";
import type { KernelTree, OpenText } from "./review-messages.ts";
import { canonical, inFolder } from "./uris.ts";

/** Files asked for at once; a driver includes some dozens of headers. */
const asksMax = 32;

export type AskClient = (uri: string, probe: boolean) => Promise<ReadFileResult>;

/** Owns the texts. A client that fails to answer has no such file. */
export class RemoteTexts {
  readonly #ask: AskClient;
  readonly #textByUri = new Map<string, { readonly uri: string; readonly text: string | null }>();
  readonly #treeByFolder = new Map<string, Promise<KernelTree | null>>();

  constructor(ask: AskClient) {
    this.#ask = ask;
  }

  known(): readonly OpenText[] {
    return [...this.#textByUri.values()].flatMap(({ uri, text }) => (text === null ? [] : [{ uri, text }]));
  }

  find(uri: string): string | undefined {
    return this.#textByUri.get(canonical(uri))?.text ?? undefined;
  }

  forget(uri: string): void {
    this.#textByUri.delete(canonical(uri));
  }

  /** True when one of them is there and was not known before. */
  async fetch(uris: readonly string[]): Promise<boolean> {
    const asked = uris.filter((uri) => !this.#textByUri.has(canonical(uri)));
    let isNews = false;
    for (let at = 0; at < asked.length; at += asksMax) {
      const answers = await Promise.all(asked.slice(at, at + asksMax).map(async (uri) => ({ uri, text: (await this.#answer(uri, false))?.text ?? null })));
      for (const answer of answers) {
        this.#textByUri.set(canonical(answer.uri), answer);
        isNews ||= answer.text !== null;
      }
    }
    return isNews;
  }

  /** The folder as a kernel tree, when it is the root of one. */
  treeAt(folder: string): Promise<KernelTree | null> {
    const known = this.#treeByFolder.get(folder) ?? this.#probeTree(folder);
    this.#treeByFolder.set(folder, known);
    return known;
  }

  async #probeTree(folder: string): Promise<KernelTree | null> {
    const [kbuild, maintainers] = await Promise.all(["Kbuild", "MAINTAINERS"].map((name) => this.#answer(inFolder(folder, name), true)));
    if (kbuild === null || maintainers === null) return null;
    const makefile = await this.#answer(inFolder(folder, "Makefile"), false);
    return { uri: folder.replace(/\/$/, ""), release: releaseIn(makefile?.text ?? "") };
  }

  #answer(uri: string, probe: boolean): Promise<ReadFileResult> {
    return this.#ask(uri, probe).catch(() => null);
  }
}

/** "6.12" from the top of the kernel's Makefile, or "unknown". */
export function releaseIn(makefile: string): string {
  const version = /^VERSION *= *(\d+)/m.exec(makefile)?.[1];
  const patchLevel = /^PATCHLEVEL *= *(\d+)/m.exec(makefile)?.[1];
  return version !== undefined && patchLevel !== undefined ? `${version}.${patchLevel}` : "unknown";
}
