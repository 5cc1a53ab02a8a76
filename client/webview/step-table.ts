/** The replay as a real table: a row per step, a column per role; each step is a button that goes there. */

import type { Run, RunStep } from "../../server/src/protocol/index.ts";
import { drawEdges } from "./arrows.ts";
import { button, code, el, rove } from "./dom.ts";
import { placeOf } from "./stepping.ts";

export type StepTable = {
  readonly element: HTMLElement;
  /** Marks what is done; `steps` counts them. */
  readonly show: (steps: number) => void;
  /** Puts the keyboard's focus on the current step. */
  readonly focus: () => void;
  /** Scrolls the current step into view. */
  readonly reveal: (behavior: ScrollBehavior) => void;
  readonly dispose: () => void;
};

export type StepTableEvents = {
  /** Steps done, should the user's choice be followed. */
  readonly choose: (steps: number) => void;
  /** Index of the step whose source is wanted. */
  readonly open: (step: number) => void;
};

type Row = { readonly element: HTMLTableRowElement; readonly step: HTMLButtonElement; readonly place: HTMLButtonElement | undefined };

export function stepTable(run: Run, events: StepTableEvents): StepTable {
  let done = 0;
  const rows = run.steps.map((step, at) => rowOf(step, run.roles.length, {
    // The button of the step one stands on has nothing else to do than to show where that is.
    choose: () => (done === at + 1 ? events.open(at) : events.choose(at + 1)),
    open: () => events.open(at),
  }));
  const headers = run.roles.map(headerOf);
  const table = el("table", {},
    el("caption", { class: "unseen" }, "Steps of the replay, one column for each role"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "number" }, el("abbr", { title: "Step" }, "#")), ...headers, el("th", { scope: "col", class: "place" }, "Source"))),
    el("tbody", {}, ...rows.map((row) => row.element)));
  // Columns share the width; below this one they would be unreadable, and the table scrolls inside its frame.
  table.style.setProperty("--roles", String(run.roles.length));
  const element = el("div", { class: "steps" }, table);
  const edges = drawEdges(run, { frame: element, headers, steps: rows.map((row) => row.step), rows: rows.map((row) => row.element) });
  const current = (): Row | undefined => rows[Math.max(done - 1, 0)];
  return {
    element: edges.legend === undefined ? element : el("div", {}, element, edges.legend),
    show(steps) {
      done = steps;
      rows.forEach((row, at) => {
        row.element.classList.toggle("future", at >= done);
        if (at === done - 1) row.element.setAttribute("aria-current", "step");
        else row.element.removeAttribute("aria-current");
        if (row.place !== undefined) row.place.tabIndex = row === current() ? 0 : -1;
      });
      rove(rows.map((row) => row.step), current()?.step);
      edges.show(done);
    },
    focus: () => current()?.step.focus({ preventScroll: true }),
    // The button, not the row: where the table is wider than the panel, its column is wanted.
    reveal: (behavior) => current()?.step.scrollIntoView({ behavior, block: "nearest", inline: "nearest" }),
    dispose: edges.dispose,
  };
}

function headerOf(role: Run["roles"][number]): HTMLTableCellElement {
  const header = el("th", { scope: "col" }, el("span", { class: "role" }, role.name));
  if (role.function !== "") header.append(" ", el("span", { class: "function" }, ...code(functionWords(role.function))));
  return header;
}

/** A made-up counterpart is no function, so it gets no parentheses; the text table does the same. */
function functionWords(name: string): string {
  return name.startsWith("synthetic") ? name : `${name}()`;
}

function rowOf(step: RunStep, roles: number, on: { readonly choose: () => void; readonly open: () => void }): Row {
  const choose = button({ class: "step" }, "", on.choose);
  if (step.hazard) choose.append(el("span", { class: "mark" }, "hazard"), " ");
  choose.append(...code(step.text));
  const name = placeOf(step);
  const place = name === "" ? undefined : button({ class: "link", title: `Open ${step.file}:${step.line}` }, name, on.open);
  const cells = Array.from({ length: roles }, (_, role) => (role === step.role ? el("td", {}, choose) : el("td", {})));
  const element = el("tr", step.hazard ? { class: "hazard" } : {},
    el("th", { scope: "row", class: "number" }, String(step.index)),
    ...cells,
    el("td", { class: "place" }, place ?? "modelled"));
  return { element, step: choose, place };
}
