/** What the replay panel and the extension say to each other: plain data, checked where it arrives. */

import type { Replay } from "../../server/src/protocol/index.ts";

/** Everything the panel shows; it survives a reload. */
export type PanelState = {
  readonly version: 1;
  readonly replay: Replay;
  /** Index into `replay.runs`. */
  readonly run: number;
  /** Steps done: 0 before the first one, `steps.length` after the last. */
  readonly step: number;
};

export type Move = "first" | "back" | "step" | "last" | "hazard" | "nextRun" | "previousRun";

export type ToPanel =
  | { readonly kind: "show"; readonly state: PanelState }
  | { readonly kind: "move"; readonly move: Move };

export type FromPanel =
  /** The panel shows its state and listens. */
  | { readonly kind: "ready" }
  /** Another step or run is shown: the source line follows. */
  | { readonly kind: "moved"; readonly run: number; readonly step: number }
  /** Open the source of this step (counts from 0) in the editor. */
  | { readonly kind: "open"; readonly run: number; readonly step: number }
  | { readonly kind: "copy"; readonly run: number }
  | { readonly kind: "exportLitmus"; readonly run: number }
  | { readonly kind: "explainRule"; readonly rule: string }
  | { readonly kind: "focusEditor" };
