/** The words and the icon of the status item. Its width never changes: one word and one icon, whatever the state. */

import type { ReviewState, ReviewStatus } from "../../server/src/protocol/index.ts";
import type { ServerState } from "./server-supervisor.ts";

export type StatusText = {
  readonly text: string;
  /** State, message and time, for who looks closer; also what a screen reader says. */
  readonly detail: string;
  readonly isBusy: boolean;
  readonly isError: boolean;
  readonly command: "showLog" | "restart";
};

/** `document` is undefined where the server said nothing of it yet; `isReviewed` is false where it never will. */
export function statusTextOf(server: ServerState, document: ReviewStatus | undefined, isReviewed: boolean): StatusText {
  switch (server) {
    case "starting": return textOf("analysing", "the language server is starting", "showLog");
    case "waiting": return textOf("analysing", "the language server ended and is started again", "showLog");
    case "failed": return textOf("failed", "the language server is not running", "restart");
    case "stopped": return textOf("failed", "the language server was stopped", "restart");
    case "running": break;
  }
  if (!isReviewed) return textOf("not-analysed", "this document is not one that can be edited here", "showLog");
  // Neither clean nor busy: a spinner for every document that is opened would flicker.
  if (document === undefined) return { text: `Quiesce${gap}$(circle-outline)`, detail: "not reviewed yet", isBusy: false, isError: false, command: "showLog" };
  const time = document.ms === null ? "" : ` (${secondsOf(document.ms)})`;
  return textOf(document.state, `${document.message}${time}`, "showLog");
}

/** What VS Code puts before its spinner. */
const gap = "\u00a0\u00a0";

const words: Readonly<Record<ReviewState, string>> = { ready: "ready", analysing: "analysing", "not-analysed": "not analysed here", failed: "failed" };

/** A busy item gets its spinner, of the same width, from VS Code. */
const icons: Readonly<Record<ReviewState, string>> = { ready: "$(check)", analysing: "", "not-analysed": "$(circle-slash)", failed: "$(error)" };

function textOf(state: ReviewState, message: string, command: StatusText["command"]): StatusText {
  const icon = icons[state];
  return {
    text: icon === "" ? "Quiesce" : `Quiesce${gap}${icon}`,
    detail: message === "" ? words[state] : `${words[state]}: ${message}`,
    isBusy: state === "analysing",
    isError: state === "failed",
    command,
  };
}

function secondsOf(ms: number): string {
  return ms < 1_000 ? `${String(Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
