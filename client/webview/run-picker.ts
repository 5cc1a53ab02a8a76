/** "Run 1 of 3", and the way to the others; not there for a single run. */

import { button, el } from "./dom.ts";
import type { Move, PanelState } from "./messages.ts";

export type RunPicker = { readonly element: HTMLElement; readonly show: (state: PanelState) => void };

export function runPicker(move: (to: Move) => void): RunPicker {
  const previous = button({ title: "Previous run (N)", "aria-keyshortcuts": "Shift+N" }, "Previous run", () => move("previousRun"));
  const next = button({ title: "Next run (n)", "aria-keyshortcuts": "N" }, "Next run", () => move("nextRun"));
  const position = el("span", { role: "status", "aria-live": "polite" });
  const element = el("div", { class: "runs", role: "group", "aria-label": "Runs" }, position, previous, next);
  return {
    element,
    show({ run, replay }) {
      const total = replay.runs.length;
      element.hidden = total < 2;
      position.textContent = total < 2 ? "" : `Run ${run + 1} of ${total}`;
      previous.setAttribute("aria-disabled", String(run === 0));
      next.setAttribute("aria-disabled", String(run >= total - 1));
    },
  };
}
