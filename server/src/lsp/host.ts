/**
 * What the language server needs from where it runs. Node supplies it in node-host.ts; a web worker can supply
 * another one: nothing else in this folder knows of files, threads or processes.
 */

import type { CParser } from "../syntax/parser.ts";
import type { JudgeThread } from "./judge-pool.ts";

/** `uri` has no trailing slash; `release` is "6.12", or "unknown". */
export type KernelTree = { readonly uri: string; readonly release: string };

export type LspHost = {
  readonly version: string;
  /** The folder that printed paths are relative to when a file is in no workspace folder. */
  readonly workingDirectory: string;
  readonly openParser: () => Promise<CParser>;
  /** Synchronous, because a review is; undefined when there is no such text. Must not throw. */
  readonly readText: (uri: string) => string | undefined;
  /** The nearest folder above with both `Kbuild` and `MAINTAINERS`. */
  readonly kernelTreeAbove: (uri: string) => KernelTree | undefined;
  /** The tree that a setting names; undefined when there is no such folder. */
  readonly kernelTreeAt: (path: string) => KernelTree | undefined;
  /** Where the page of a rule can be read, where it can. */
  readonly rulePage: (rule: string) => string | undefined;
  readonly startJudgeThread: () => JudgeThread;
  readonly judgeThreads: number;
};
