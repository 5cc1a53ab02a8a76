/** What stays in view while the table scrolls: the toolbar, the slider and the line that is read out after each step. */

import { button, el, rove } from "./dom.ts";
import type { Move, PanelState } from "./messages.ts";
import { announcement, moved, runOf } from "./stepping.ts";

export type Controls = {
  readonly element: HTMLElement;
  readonly show: (state: PanelState) => void;
  /** Puts the keyboard's focus on the toolbar, if it is there. */
  readonly focus: () => void;
};

export type ControlEvents = {
  readonly move: (move: Move) => void;
  readonly slide: (steps: number) => void;
  readonly copy: () => void;
  readonly exportLitmus: () => void;
};

type StepMove = Exclude<Move, "nextRun" | "previousRun">;

const stepMoves: readonly { readonly move: StepMove; readonly label: string; readonly key: string; readonly shortcut: string }[] = [
  { move: "first", label: "First", key: "Home", shortcut: "Home" },
  { move: "back", label: "Back", key: "k", shortcut: "K" },
  { move: "step", label: "Step", key: "j", shortcut: "J" },
  { move: "hazard", label: "To hazard", key: "h", shortcut: "H" },
  { move: "last", label: "Last", key: "End", shortcut: "End" },
];

export function controls(events: ControlEvents): Controls {
  const steppers = stepMoves.map(({ move, label, key, shortcut }) => ({
    move,
    element: button({ title: `${label} (${key})`, "aria-keyshortcuts": shortcut, ...(move === "step" ? { class: "primary" } : {}) }, label, () => events.move(move)),
  }));
  const stepGroup = el("span", { class: "group" }, ...steppers.map(({ element }) => element));
  const copy = button({ title: "Copy as text (y)", "aria-keyshortcuts": "Y" }, "Copy as text", events.copy);
  const exporter = button({ title: "Export this run as a litmus test for herd7" }, "Export litmus", events.exportLitmus);
  const toolbar = el("div", { role: "toolbar", "aria-label": "Replay" }, stepGroup, el("span", { class: "group" }, copy, exporter));
  const slider = el("input", { type: "range", min: "0", step: "1", "aria-label": "Steps done" });
  slider.addEventListener("input", () => events.slide(slider.valueAsNumber));
  const live = el("p", { class: "live", role: "status", "aria-live": "polite" });
  const position = el("p", { class: "position" }, slider, live);
  const element = el("div", { class: "controls" }, toolbar, position);
  const buttons = [...toolbar.querySelectorAll("button")];
  const shown = (): readonly HTMLButtonElement[] => buttons.filter((one) => one.closest("[hidden]") === null);
  let stop = steppers.find(({ move }) => move === "step")?.element;

  toolbar.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const direction = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const stops = shown();
    const at = stops.findIndex((stop) => stop === document.activeElement);
    if (direction === 0 || at === -1) return;
    event.preventDefault();
    stops[(at + direction + stops.length) % stops.length]!.focus();
  });
  // Also for the mouse: Tab comes back to the button that was used last.
  toolbar.addEventListener("focusin", (event) => {
    stop = shown().find((one) => one === event.target) ?? stop;
    rove(buttons, stop);
  });

  return {
    element,
    show(state) {
      const run = runOf(state);
      const total = run?.steps.length ?? 0;
      stepGroup.hidden = position.hidden = total === 0;
      exporter.hidden = run?.litmus === "";
      element.hidden = run === undefined;
      if (run === undefined) return;
      for (const { move, element: stepper } of steppers) {
        if (moved(state, move) === state) stepper.setAttribute("aria-disabled", "true");
        else stepper.removeAttribute("aria-disabled");
      }
      const words = announcement(run, state.step);
      slider.max = String(total);
      slider.value = String(state.step);
      slider.setAttribute("aria-valuetext", words);
      // An equal text is not set again: it would be read out once more.
      if (total > 0 && live.textContent !== words) live.textContent = words;
      stop = shown().find((one) => one === stop) ?? shown()[0];
      rove(buttons, stop);
    },
    focus() {
      if (!element.hidden) stop?.focus();
    },
  };
}
