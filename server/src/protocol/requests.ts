/** Custom LSP requests; every method begins with `quiesce/`. */

export const replayTextMethod = "quiesce/replayText";

/** The function whose replay is wanted: at `position` (LSP, from 0), or by name. */
export type ReplayTextParams = {
  readonly textDocument: { readonly uri: string };
  readonly position?: { readonly line: number; readonly character: number };
  readonly function?: string;
};

/** `text` is the table of the replay, at most 78 columns; `stale` when the text changed while it was computed. */
export type ReplayTextResult = { readonly text: string } | { readonly stale: true };
