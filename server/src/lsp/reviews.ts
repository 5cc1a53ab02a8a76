/** The reviews of all open documents. */

import type { TextDocument } from "vscode-languageserver-textdocument";
import { DocumentReview, type Reviewed } from "./document-review.ts";
import { type Documents, isReviewed } from "./documents.ts";
import type { LspHost } from "./host.ts";
import type { Place } from "./review-messages.ts";
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
  readonly onReviewed: (uri: string, reviewed: Reviewed) => void;
  readonly log: (message: string) => void;
};

/** Owns the reviews, and knows the workspace folders. */
export class Reviews {
  readonly #context: ReviewsContext;
  readonly #reviewByUri = new Map<string, DocumentReview>();
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
    const { host, documents, settings } = this.#context;
    const document = documents.find(uri);
    const text = document?.getText() ?? host.readText(uri);
    if (text === undefined) return undefined;
    const folder = this.#folders.filter((one) => isInside(one, uri)).toSorted((a, b) => b.length - a.length)[0] ?? this.#folders[0] ?? host.workingDirectory;
    const { kernel } = settings();
    const open = documents.all().filter((one) => one !== document && isReviewed(one)).map((one) => ({ uri: one.uri, text: one.getText() }));
    return { uri: document?.uri ?? uri, text, folder, kernel: (kernel === "" ? host.kernelTreeAbove(uri) : host.kernelTreeAt(kernel)) ?? null, open };
  }

  dispose(): void {
    for (const review of this.#reviewByUri.values()) review.dispose();
    this.#reviewByUri.clear();
  }

  #open(document: TextDocument): DocumentReview {
    const { uri } = document;
    const { pool, settings, onReviewed, log } = this.#context;
    const review = new DocumentReview({
      pool, settings, log,
      place: () => ({ ...(this.placeOf(uri) ?? { uri, text: document.getText(), folder: "", kernel: null, open: [] }), version: document.version }),
      onReviewed: (reviewed) => {
        if (this.#reviewByUri.get(uri) === review) onReviewed(uri, reviewed);
      },
    });
    this.#reviewByUri.set(uri, review);
    return review;
  }
}
