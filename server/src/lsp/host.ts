/**
 * What the language server needs from where it runs. Node supplies it in node-host.ts, a web worker in
 * web-host.ts: nothing else in this folder knows of files, threads or processes.
 */

import type { KernelTree } from "./review-messages.ts";
import type { ReviewThread } from "./review-pool.ts";

export type LspHost = {
  readonly version: string;
  /** The folder that printed paths are relative to when a file is in no workspace folder. */
  readonly workingDirectory: string;
  /** false: what stands under this URI has to be asked of the client. */
  readonly canRead: (uri: string) => boolean;
  /** undefined when there is no such text. Must not throw. */
  readonly readText: (uri: string) => string | undefined;
  /** The nearest folder above with both `Kbuild` and `MAINTAINERS`. */
  readonly kernelTreeAbove: (uri: string) => KernelTree | undefined;
  /** The tree that a setting names; undefined when there is no such folder. */
  readonly kernelTreeAt: (path: string) => KernelTree | undefined;
  /** Where the page of a rule can be read, where it can. */
  readonly rulePage: (rule: string) => string | undefined;
  readonly startReviewThread: () => ReviewThread;
  readonly reviewThreads: number;
};
