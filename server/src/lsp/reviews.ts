/** The reviews of all open documents, and one engine for each workspace folder with its kernel tree. */

import type { TextDocument } from "vscode-languageserver-textdocument";
import { type Judge, Reviewer } from "../session/reviewer.ts";
import type { CParser } from "../syntax/parser.ts";
import { DocumentReview, type Reviewed } from "./document-review.ts";
import { type Documents, isReviewed } from "./documents.ts";
import type { KernelTree, LspHost } from "./host.ts";
import type { Settings } from "./settings.ts";
import { isSameFile, SourceFiles } from "./source-files.ts";
import { isInside } from "./uris.ts";

/** Typing pauses that are worth a review. */
const typingDelayMs = 100;

export type ReviewsContext = {
  readonly host: LspHost;
  readonly documents: Documents;
  readonly parser: CParser;
  readonly judge: Judge;
  readonly settings: () => Settings;
  readonly onReviewed: (uri: string, reviewed: Reviewed) => void;
  readonly log: (message: string) => void;
};

type Engine = { readonly reviewer: Reviewer; readonly files: SourceFiles; readonly kernelRelease: string };

/** Owns the engines and the reviews. */
export class Reviews {
  readonly #context: ReviewsContext;
  readonly #engineByRoots = new Map<string, Engine>();
  readonly #reviewByUri = new Map<string, DocumentReview>();
  #folders: readonly string[] = [];

  constructor(context: ReviewsContext) {
    this.#context = context;
  }

  setFolders(folders: readonly string[]): void {
    this.#folders = folders;
  }

  changed(document: TextDocument): void {
    if (!isReviewed(document)) return;
    const known = this.#reviewByUri.get(document.uri);
    const review = known ?? this.#open(document);
    // What was just opened is not being typed: it is reviewed at once.
    review.schedule(known === undefined ? 0 : typingDelayMs);
    this.fileChanged(document.uri);
  }

  closed(uri: string): void {
    this.#reviewByUri.get(uri)?.dispose();
    this.#reviewByUri.delete(uri);
    this.fileChanged(uri);
  }

  /** Reviews again whoever looked at this file. */
  fileChanged(uri: string): void {
    for (const review of this.#reviewByUri.values()) {
      const reads = review.latest()?.reads ?? new Map<never, never>();
      if ([...reads.values()].some((file) => isSameFile(file.uri, uri))) review.schedule(typingDelayMs);
    }
  }

  reviewAll(): void {
    for (const review of this.#reviewByUri.values()) review.schedule(0);
  }

  of(uri: string): DocumentReview | undefined {
    return this.#reviewByUri.get(uri);
  }

  all(): readonly string[] {
    return [...this.#reviewByUri.keys()];
  }

  engineFor(uri: string): Engine {
    const { host, documents, parser, judge, settings } = this.#context;
    const folder = this.#folders.filter((one) => isInside(one, uri)).toSorted((a, b) => b.length - a.length)[0] ?? this.#folders[0] ?? host.workingDirectory;
    const chosen = settings().kernel;
    const kernel: KernelTree | undefined = chosen === "" ? host.kernelTreeAbove(uri) : host.kernelTreeAt(chosen);
    const key = `${folder} ${kernel?.uri ?? ""}`;
    const known = this.#engineByRoots.get(key);
    if (known !== undefined) return known;
    const files = new SourceFiles(host, documents, folder, kernel);
    const engine: Engine = { files, reviewer: new Reviewer(parser, files.reviewHost, judge), kernelRelease: kernel?.release ?? "unknown" };
    this.#engineByRoots.set(key, engine);
    return engine;
  }

  dispose(): void {
    for (const review of this.#reviewByUri.values()) review.dispose();
    this.#reviewByUri.clear();
  }

  #open({ uri }: TextDocument): DocumentReview {
    const { documents, settings, onReviewed, log } = this.#context;
    const review = new DocumentReview({
      engineFor: (one) => this.engineFor(one),
      document: () => {
        const document = documents.find(uri);
        return { uri, version: document?.version ?? 0, text: document?.getText() ?? "" };
      },
      settings,
      onReviewed: (reviewed) => {
        if (this.#reviewByUri.get(uri) === review) onReviewed(uri, reviewed);
      },
      log,
    });
    this.#reviewByUri.set(uri, review);
    return review;
  }
}
