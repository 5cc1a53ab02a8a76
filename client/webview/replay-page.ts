/** The page as a whole: one state, drawn anew when the run changes and marked step by step in between. */

import { controls, type Controls } from "./controls.ts";
import { details, emptyHeading, heading } from "./details.ts";
import { el } from "./dom.ts";
import { commandOf, type Focus } from "./keys.ts";
import type { FromPanel, PanelState } from "./messages.ts";
import { readToPanel } from "./read-messages.ts";
import { runPicker, type RunPicker } from "./run-picker.ts";
import { type StepTable, stepTable } from "./step-table.ts";
import { atStep, moved, runOf } from "./stepping.ts";

export type PageHost = {
  readonly send: (message: FromPanel) => void;
  /** Keeps the state for a reload. */
  readonly save: (state: PanelState) => void;
};

/** Owns the elements of the page and the state that they show. */
export class ReplayPage {
  readonly #place: HTMLElement;
  readonly #host: PageHost;
  readonly #runs: RunPicker;
  readonly #header = el("header", {});
  readonly #bar: Controls;
  readonly #tablePlace = el("div", {});
  readonly #details = el("div", { class: "details" });
  #table: StepTable | undefined;
  #state: PanelState | undefined;

  constructor(place: HTMLElement, host: PageHost) {
    this.#place = place;
    this.#host = host;
    this.#runs = runPicker((move) => this.#go((state) => moved(state, move)));
    this.#bar = controls({
      move: (move) => this.#go((state) => moved(state, move)),
      slide: (steps) => this.#go((state) => atStep(state, steps)),
      copy: () => this.#sendRun("copy"),
      exportLitmus: () => this.#sendRun("exportLitmus"),
    });
    place.append(this.#runs.element, this.#header, this.#bar.element, this.#tablePlace, this.#details);
    // What is scrolled to must not end up below the controls, whose height depends on the width of the panel.
    new ResizeObserver(() => { document.documentElement.style.scrollPaddingTop = `${this.#bar.element.offsetHeight}px`; }).observe(this.#bar.element);
  }

  show(state: PanelState): void {
    const before = this.#state;
    this.#state = state;
    this.#host.save(state);
    if (state.replay !== before?.replay || state.run !== before.run) this.#drawRun(state);
    this.#markStep(state);
  }

  press(event: KeyboardEvent): void {
    const command = event.defaultPrevented ? undefined : commandOf(event, focusOf(event.target));
    const run = this.#state === undefined ? undefined : runOf(this.#state);
    if (command === undefined || this.#state === undefined) return;
    switch (command) {
      case "focusEditor": this.#host.send({ kind: "focusEditor" }); break;
      case "copy": this.#sendRun("copy"); break;
      case "nextRun":
      case "previousRun": this.#go((state) => moved(state, command)); break;
      default:
        // Without steps the arrow keys scroll, as on any page.
        if (run === undefined || run.steps.length === 0) return;
        if (command === "open") this.#open(Math.max(this.#state.step - 1, 0));
        else this.#go((state) => moved(state, command));
    }
    event.preventDefault();
  }

  /** Anything may post to a window: what is not one of the extension's messages is ignored. */
  receive(data: unknown): void {
    const message = readToPanel(data);
    if (message?.kind === "show") this.show(message.state);
    else if (message?.kind === "move") this.#go((state) => moved(state, message.move));
  }

  #go(next: (state: PanelState) => PanelState): void {
    if (this.#state === undefined) return;
    const state = next(this.#state);
    if (state === this.#state) return;
    this.show(state);
    this.#host.send({ kind: "moved", run: state.run, step: state.step });
  }

  #open(step: number): void {
    if (this.#state !== undefined) this.#host.send({ kind: "open", run: this.#state.run, step });
  }

  #sendRun(kind: "copy" | "exportLitmus"): void {
    if (this.#state !== undefined && runOf(this.#state) !== undefined) this.#host.send({ kind, run: this.#state.run });
  }

  #drawRun(state: PanelState): void {
    const hadFocus = this.#place.contains(document.activeElement);
    const run = runOf(state);
    const { replay } = state;
    this.#table?.dispose();
    this.#table = run === undefined || run.steps.length === 0 ? undefined : stepTable(run, {
      choose: (steps) => this.#go((current) => atStep(current, steps)),
      open: (step) => this.#open(step),
    });
    this.#header.replaceChildren(...(run === undefined ? emptyHeading(replay) : heading(run, replay.about, (rule) => this.#host.send({ kind: "explainRule", rule }))));
    this.#tablePlace.replaceChildren(...(this.#table === undefined ? [] : [this.#table.element]));
    this.#details.replaceChildren(...(run === undefined ? [] : details(run)));
    document.title = run?.title ?? replay.function;
    this.#runs.show(state);
    this.#bar.show(state);
    // The element that had the focus may be gone: the keyboard must not start again at the top of the page.
    if (hadFocus && !this.#place.contains(document.activeElement)) this.#bar.focus();
  }

  #markStep(state: PanelState): void {
    const inTable = this.#tablePlace.contains(document.activeElement);
    this.#bar.show(state);
    this.#table?.show(state.step);
    if (inTable) this.#table?.focus();
    // Before the first step the heading says what this is about.
    if (state.step === 0) this.#place.scrollIntoView({ behavior: motion(), block: "start" });
    else this.#table?.reveal(motion());
  }
}

function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof Element)) return "elsewhere";
  if (target instanceof HTMLInputElement) return "slider";
  if (target.closest("[role=toolbar]") !== null) return "toolbar";
  return target.closest("button") === null ? "elsewhere" : "button";
}

function motion(): ScrollBehavior {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || document.body.classList.contains("vscode-reduce-motion");
  return calm ? "instant" : "smooth";
}
