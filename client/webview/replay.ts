/** The script of the replay panel's page: reads the state that the page came with, shows it, and tells the extension. */

import { el } from "./dom.ts";
import type { FromPanel, PanelState } from "./messages.ts";
import { readPanelState } from "./read-messages.ts";
import { ReplayPage } from "./replay-page.ts";

declare function acquireVsCodeApi(): {
  readonly postMessage: (message: FromPanel) => void;
  readonly getState: () => unknown;
  readonly setState: (state: PanelState) => void;
};

const api = acquireVsCodeApi();
const place = document.querySelector("main")!;
const given = readPanelState(parsed(document.querySelector("#state")?.textContent ?? ""));

if (given === undefined) {
  place.append(el("h1", {}, "Replay"), el("p", {}, "This replay cannot be read. Close the panel and emulate the function again."));
} else {
  const page = new ReplayPage(place, { send: (message) => api.postMessage(message), save: (state) => api.setState(state) });
  document.addEventListener("keydown", (event) => page.press(event));
  window.addEventListener("message", (event) => page.receive(event.data));
  page.show(latest(given));
}
api.postMessage({ kind: "ready" });

/** A page that was hidden is loaded anew as it was at first; what it was left with is newer, if it is about the same replay. */
function latest(first: PanelState): PanelState {
  const left = readPanelState(api.getState());
  return left !== undefined && JSON.stringify(left.replay) === JSON.stringify(first.replay) ? left : first;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
