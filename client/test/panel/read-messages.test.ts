import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FromPanel, ToPanel } from "../../webview/messages.ts";
import { readFromPanel, readPanelState, readToPanel } from "../../webview/read-messages.ts";
import { confirmed, pathOnly, refuted, refutedWithoutSteps, stateOf } from "./sample-runs.ts";

const states = [stateOf([confirmed], { step: 7 }), stateOf([pathOnly, refuted], { run: 1, step: 3 }), stateOf([refutedWithoutSteps]), stateOf([])];

const fromPanel: readonly FromPanel[] = [
  { kind: "ready" }, { kind: "focusEditor" }, { kind: "moved", run: 0, step: 7 }, { kind: "open", run: 1, step: 0 },
  { kind: "copy", run: 0 }, { kind: "exportLitmus", run: 2 }, { kind: "explainRule", rule: "rcu/free-before-grace-period" },
];

const toPanel: readonly ToPanel[] = [
  ...states.map((state) => ({ kind: "show", state }) as const),
  ...(["first", "back", "step", "last", "hazard", "nextRun", "previousRun"] as const).map((move) => ({ kind: "move", move }) as const),
];

type Path = readonly (string | number)[];

/** Every value inside, by the way to it. */
function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [...(path.length === 0 ? [] : [path]), ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]))];
}

function withValueAt(value: unknown, path: Path, replacement: unknown): unknown {
  const copy = structuredClone(value);
  let inner = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) inner = inner[key] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  if (replacement === undefined) Reflect.deleteProperty(inner, last);
  else inner[last] = replacement;
  return copy;
}

describe("what crosses the border between panel and extension", () => {
  it("is read when it has the shape of the protocol", () => {
    for (const message of fromPanel) expect(readFromPanel(structuredClone(message))).toEqual(message);
    for (const message of toPanel) expect(readToPanel(structuredClone(message))).toEqual(message);
    for (const state of states) expect(readPanelState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it("is refused when any field of a state is missing or of another type", () => {
    const fields = states.flatMap((state) => pathsIn(state).map((path) => ({ state, path })));
    let tried = 0;
    for (const { state, path } of fields) {
      // A list may be shorter, and a map may have fewer entries: only named fields must be there.
      if (typeof path.at(-1) === "string" && path[1] !== "sources") expect(readPanelState(withValueAt(state, path, undefined)), `without ${path.join(".")}`).toBeUndefined();
      expect(readPanelState(withValueAt(state, path, Symbol.for("other"))), `another ${path.join(".")}`).toBeUndefined();
      tried++;
    }
    expect(tried).toBeGreaterThan(300);
  });

  it("is refused when it is anything else", () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      expect(readFromPanel(value)).toBeUndefined();
      expect(readToPanel(value)).toBeUndefined();
      expect(readPanelState(value)).toBeUndefined();
    }), { numRuns: 2_000 });
    for (const value of [{ kind: "moved", run: -1, step: 0 }, { kind: "open", run: 0, step: 0.5 }, { kind: "copy" }, { kind: "run", command: "x" }, { kind: "explainRule", rule: 7 }, Object.create({ kind: "ready" })]) {
      expect(readFromPanel(value), JSON.stringify(value)).toBeUndefined();
    }
    expect(readToPanel({ kind: "move", move: "away" })).toBeUndefined();
  });

  it("is refused when it points at a run, a step or a column that is not there", () => {
    const [state] = states;
    expect(readPanelState({ ...state, run: 1, step: 0 })).toBeUndefined();
    expect(readPanelState({ ...state, step: 8 })).toBeUndefined();
    expect(readPanelState({ ...stateOf([]), step: 1 })).toBeUndefined();
    expect(readPanelState(stateOf([{ ...confirmed, roles: confirmed.roles.slice(0, 1) }]))).toBeUndefined();
  });

  it("may say more than this version knows", () => {
    expect(readPanelState({ ...stateOf([confirmed]), more: true })).toBeDefined();
  });
});
