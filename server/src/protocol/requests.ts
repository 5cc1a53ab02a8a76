/** What the server and its clients say beyond LSP; every method begins with `quiesce/`. */

import type { FunctionFacts } from "./facts.ts";
import type { Run } from "./replay.ts";

/** A function: at `position` (LSP, from 0), or by name. */
export type FunctionAt = {
  readonly textDocument: { readonly uri: string };
  readonly position?: { readonly line: number; readonly character: number };
  readonly function?: string;
};

/** Client to server: the replay of a function as text, for editors without webviews. */
export const replayTextMethod = "quiesce/replayText";

export type ReplayTextParams = FunctionAt;

/** `text` is the table of the replay, at most 78 columns; `stale` when the text changed while it was computed. */
export type ReplayTextResult = { readonly text: string } | { readonly stale: true };

/** Client to server: the replay of a function as data. What cannot be replayed is an error with words for the user. */
export const replayMethod = "quiesce/replay";

export type ReplayParams = FunctionAt;

/** `text` is what `quiesce emulate` prints for this run. */
export type ReplayedRun = { readonly run: Run; readonly text: string };

export type Replay = {
  readonly version: 1;
  /** Of the document that was replayed. */
  readonly uri: string;
  readonly function: string;
  /** What was replayed, in one sentence. */
  readonly about: string;
  /** The worst first; empty where nothing of the function runs beside anything else. */
  readonly runs: readonly ReplayedRun[];
  /** Where the files that the steps name are, by the name that they print. */
  readonly sources: Readonly<Record<string, string>>;
};

export type ReplayResult = Replay | { readonly stale: true };

/** Client to server: what a function does, point by point. A place where no function is, is an error with words for the user. */
export const factsMethod = "quiesce/facts";

export type FactsParams = FunctionAt;

/** `text` is what `quiesce facts` prints for it; `stale` when the text changed while it was worked out. */
export type ShownFacts = { readonly version: 1; readonly uri: string; readonly facts: FunctionFacts; readonly text: string };

export type FactsResult = ShownFacts | { readonly stale: true };

/** Server to client, a notification: how the review of a document stands. */
export const statusMethod = "quiesce/status";

export type ReviewState =
  /** Findings or verdicts are on their way. */
  | "analysing"
  | "ready"
  /** The document could not be followed, in whole or in part. */
  | "not-analysed"
  /** The review ended without an answer. */
  | "failed";

export type ReviewStatus = {
  readonly uri: string;
  readonly state: ReviewState;
  /** One line for people: what was found, what is missing, or what failed. */
  readonly message: string;
  /** Time of the whole review; null while it runs. */
  readonly ms: number | null;
};

/** Server to client: a text that the server cannot read itself (VS Code for the Web, virtual workspaces); null when there is none. */
export const readFileMethod = "quiesce/readFile";

export type ReadFileParams = { readonly uri: string; /** Only whether it is there: `text` may be empty. */ readonly probe?: boolean };

export type ReadFileResult = { readonly text: string } | null;

/** `initializationOptions`, beside the settings. */
export type ClientOptions = {
  /** false: the client has the command `quiesce.emulateFunction` itself and is not offered the server's. */
  readonly commands?: boolean;
  /** The client answers `quiesce/readFile`. */
  readonly readsFiles?: boolean;
  /** The client wants `quiesce/status`. */
  readonly status?: boolean;
  /** URI of the folder that holds the rules' pages (`rcu/missing-dereference.md`), without a trailing slash. */
  readonly rulePages?: string;
};
