/** The reviews of all open documents. */

import type { TextDocument } from "vscode-languageserver-textdocument";
import { DocumentReview, type Reviewed } from "./document-review.ts";
import { type Documents, isReviewed } from "./documents.ts";
import type { LspHost } from "./host.ts";
import type { RemoteTexts } from "./remote-texts.ts";
import type { KernelTree, Place } from "./review-messages.ts";
import type { ReviewPool } from "./review-pool.ts";
import type { Settings } from "./settings.ts";
import { canonical, isInside } from "./uris.ts";

/** Typing pauses that are worth a review. */
const typingDelayMs = 100;

export type ReviewsContext = {
  readonly host: LspHost;
  readonly documents: Documents;
  readonly pool: ReviewPool;
  readonly settings: () => Settings;
  /** undefined where the client reads no files for the server. */
  readonly remote: RemoteTexts | undefined;
  readonly onStarted: (uri: string) => void;
  readonly onReviewed: (uri: string, reviewed: Reviewed) => void;
  readonly log: (message: string) => void;
};

/** Owns the reviews, and knows the workspace folders. */
export class Reviews {
  readonly #context: ReviewsContext;
  readonly #reviewByUri = new Map<string, DocumentReview>();
  readonly #remoteTreeByFolder = new Map<string, KernelTree | null>();
  #folders: readonly string[] = [];

  constructor(context: ReviewsContext) {
    this.#context = context;
  }

  setFolders(folders: readonly string[]): void {
    this.#folders = folders;
  }

  changed(document: TextDocument): void {
    if (isReviewed(document)) {
      const known = this.#reviewByUri.get(document.uri);
      // What was just opened is not being typed: it is reviewed at once.
      if (known === undefined) this.#open(document).schedule(0);
      else known.schedule(typingDelayMs);
    }
    this.fileChanged(document.uri);
  }

  closed(uri: string): void {
    this.#reviewByUri.get(uri)?.dispose();
    this.#reviewByUri.delete(uri);
    this.fileChanged(uri);
  }

  /** Reviews again whoever looked at this file. */
  fileChanged(uri: string): void {
    this.#context.remote?.forget(uri);
    const changed = canonical(uri);
    for (const review of this.#reviewByUri.values()) {
      if ([...(review.latest()?.reads.values() ?? [])].some((file) => canonical(file.uri) === changed)) review.schedule(typingDelayMs);
    }
  }

  reviewAll(): void {
    for (const review of this.#reviewByUri.values()) review.schedule(0);
  }

  of(uri: string): DocumentReview | undefined {
    return this.#reviewByUri.get(uri);
  }

  /** undefined when there is no such text. */
  placeOf(uri: string): Place | undefined {
    const { host, documents, remote } = this.#context;
    const document = documents.find(uri);
    const text = document?.getText() ?? host.readText(uri) ?? remote?.find(uri);
    if (text === undefined) return undefined;
    const folder = this.#folderOf(uri);
    const open = documents.all().filter((one) => one !== document && isReviewed(one)).map((one) => ({ uri: one.uri, text: one.getText() }));
    const fetched = (remote?.known() ?? []).filter((one) => documents.find(one.uri) === undefined);
    return { uri: document?.uri ?? uri, text, folder, kernel: this.#kernelOf(uri, folder), open: [...fetched, ...open] };
  }

  /** Fetches what `placeOf` needs and the host cannot read. */
  async prepare(uri: string): Promise<void> {
    const { host, documents, remote } = this.#context;
    if (remote === undefined || host.canRead(uri)) return;
    if (documents.find(uri) === undefined) await remote.fetch([uri]);
    const folder = this.#folderOf(uri);
    if (isInside(folder, uri)) this.#remoteTreeByFolder.set(folder, await remote.treeAt(folder));
  }

  #folderOf(uri: string): string {
    return this.#folders.filter((one) => isInside(one, uri)).toSorted((a, b) => b.length - a.length)[0] ?? this.#folders[0] ?? this.#context.host.workingDirectory;
  }

  #kernelOf(uri: string, folder: string): KernelTree | null {
    const { host, settings } = this.#context;
    const { kernel } = settings();
    if (kernel !== "") return host.kernelTreeAt(kernel) ?? null;
    return (host.canRead(uri) ? host.kernelTreeAbove(uri) : this.#remoteTreeByFolder.get(folder)) ?? null;
  }

  dispose(): void {
    for (const review of this.#reviewByUri.values()) review.dispose();
    this.#reviewByUri.clear();
  }

  #open(document: TextDocument): DocumentReview {
    const { uri } = document;
    const { pool, settings, host, remote, onStarted, onReviewed, log } = this.#context;
    const review = new DocumentReview({
      pool, settings, log,
      place: () => ({ ...(this.placeOf(uri) ?? { uri, text: document.getText(), folder: "", kernel: null, open: [] }), version: document.version }),
      prepare: () => this.prepare(uri),
      fetchMissing: async (uris) => (await remote?.fetch(uris.filter((one) => !host.canRead(one)))) ?? false,
      onStarted: () => onStarted(uri),
      onReviewed: (reviewed) => {
        if (this.#reviewByUri.get(uri) === review) onReviewed(uri, reviewed);
      },
    });
    this.#reviewByUri.set(uri, review);
    return review;
  }
}
