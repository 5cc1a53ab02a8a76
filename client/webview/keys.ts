/** Which key does what. Keys with a modifier belong to VS Code, and a focused control keeps the keys it has by itself. */

import type { Move } from "./messages.ts";

export type Command = Move | "open" | "copy" | "focusEditor";

/** What has the focus: `toolbar` is a button in the toolbar, `button` any other one. */
export type Focus = "slider" | "toolbar" | "button" | "elsewhere";

export type KeyPress = Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey" | "shiftKey" | "isComposing">;

const letters: Readonly<Record<string, Command>> = { j: "step", k: "back", h: "hazard", n: "nextRun", N: "previousRun", y: "copy" };

const arrows: Readonly<Record<string, Command>> = {
  ArrowDown: "step", ArrowRight: "step", ArrowUp: "back", ArrowLeft: "back", Home: "first", End: "last",
};

export function commandOf(press: KeyPress, focus: Focus): Command | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing) return undefined;
  const letter = letters[press.key];
  if (letter !== undefined) return letter;
  // Shift with an arrow selects text.
  if (press.shiftKey) return undefined;
  if (press.key === "Escape") return "focusEditor";
  if (press.key === "Enter") return focus === "slider" || focus === "elsewhere" ? "open" : undefined;
  if (focus === "slider") return undefined;
  if (focus === "toolbar" && (press.key === "ArrowLeft" || press.key === "ArrowRight")) return undefined;
  return arrows[press.key];
}
