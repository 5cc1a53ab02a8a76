import { describe, expect, it } from "vitest";
import { edgesOf } from "../../webview/edges.ts";
import { type Command, commandOf, type Focus, type KeyPress } from "../../webview/keys.ts";
import type { Move } from "../../webview/messages.ts";
import { announcement, moved, placeOf, verdictWords } from "../../webview/stepping.ts";
import { confirmed, pathOnly, refuted, stateOf } from "./sample-runs.ts";

describe("a move", () => {
  const check = (from: number, move: Move, to: number): void => {
    const state = stateOf([confirmed, pathOnly], { step: from });
    const after = moved(state, move);
    expect([after.run, after.step], `${move} from ${from}`).toEqual([0, to]);
    if (from === to) expect(after, "a move that leads nowhere changes nothing").toBe(state);
  };

  it("goes one step, to an end or to the hazard, and stays inside", () => {
    check(0, "step", 1);
    check(0, "back", 0);
    check(0, "first", 0);
    check(3, "back", 2);
    check(3, "first", 0);
    check(3, "last", 7);
    check(7, "step", 7);
    check(7, "last", 7);
    check(0, "hazard", 6);
    check(6, "hazard", 6);
    check(7, "hazard", 6);
    check(2, "previousRun", 2);
  });

  it("starts another run before its first step", () => {
    const state = moved(stateOf([confirmed, refuted], { step: 4 }), "nextRun");
    expect([state.run, state.step]).toEqual([1, 0]);
    expect(moved(state, "nextRun")).toBe(state);
    expect(moved(state, "hazard"), "no step of this run reaches a hazard").toBe(state);
    expect(moved(state, "previousRun").run).toBe(0);
  });

  it("leads nowhere in a replay without runs", () => {
    const empty = stateOf([]);
    for (const move of ["first", "back", "step", "last", "hazard", "nextRun", "previousRun"] as const) expect(moved(empty, move)).toBe(empty);
  });

  it("to the hazard goes from one to the next when there are several", () => {
    const twice = { ...confirmed, steps: confirmed.steps.map((step, at) => ({ ...step, hazard: at === 1 || at === 5 })) };
    expect([0, 2, 6].map((step) => moved(stateOf([twice], { step }), "hazard").step)).toEqual([2, 6, 2]);
  });
});

describe("the words for a step", () => {
  it("name the step, the role, the text and the place", () => {
    expect(announcement(confirmed, 2)).toBe("Step 2 of 7: Reader: list_for_each_entry_rcu(bond, &domain->bonds, list): gets the object, riscv-bond.c:38");
    expect(announcement(confirmed, 6)).toBe("Step 6 of 7, hazard: Reader: the walk reads list.next  <- freed memory, riscv-bond.c:38");
    expect(announcement(refuted, 9)).toBe("Step 9 of 10: RCU callback: a grace period has elapsed");
    expect(announcement(confirmed, 0)).toBe("Before step 1 of 7; the hazard is step 6");
    expect(announcement(refuted, 0)).toBe("Before step 1 of 10");
  });

  it("leave out the place of a modelled step", () => {
    expect(placeOf(refuted.steps[8]!)).toBe("");
    expect(placeOf({ ...confirmed.steps[0]!, file: "x.c", line: 5 })).toBe("x.c:5");
  });

  it("say when a hazard is the compiler's alone, as the text table does", () => {
    expect(verdictWords(confirmed)).toBe("confirmed");
    expect(verdictWords({ ...confirmed, evidence: { ...confirmed.evidence, class: "compiler" } })).toBe("confirmed (compiler only)");
    expect(verdictWords(refuted)).toBe("refuted");
  });
});

describe("a key", () => {
  const plain: KeyPress = { key: "", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, isComposing: false };
  const check = (key: string, focus: Focus, command: Command | undefined, change: Partial<KeyPress> = {}): void =>
    expect(commandOf({ ...plain, key, ...change }, focus), `${key} in ${focus}`).toBe(command);
  const everywhere: readonly Focus[] = ["slider", "toolbar", "button", "elsewhere"];

  it("has one meaning wherever the focus is, unless the focused control needs it", () => {
    for (const focus of everywhere) {
      check("j", focus, "step");
      check("k", focus, "back");
      check("h", focus, "hazard");
      check("n", focus, "nextRun");
      check("N", focus, "previousRun", { shiftKey: true });
      check("y", focus, "copy");
      check("Escape", focus, "focusEditor");
      check(" ", focus, undefined);
      check("Tab", focus, undefined);
    }
    for (const focus of ["button", "elsewhere"] as const) {
      check("ArrowDown", focus, "step");
      check("ArrowRight", focus, "step");
      check("ArrowUp", focus, "back");
      check("ArrowLeft", focus, "back");
      check("Home", focus, "first");
      check("End", focus, "last");
    }
  });

  it("that a slider, a toolbar or a button knows by itself is theirs", () => {
    for (const key of ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "Home", "End", "PageUp", "PageDown"]) check(key, "slider", undefined);
    for (const key of ["ArrowLeft", "ArrowRight"]) check(key, "toolbar", undefined);
    check("ArrowDown", "toolbar", "step");
    check("Enter", "toolbar", undefined);
    check("Enter", "button", undefined);
    check("Enter", "slider", "open");
    check("Enter", "elsewhere", "open");
  });

  it("with a modifier belongs to VS Code", () => {
    for (const focus of everywhere) {
      for (const key of ["j", "k", "h", "n", "y", "Enter", "Escape", "Home", "End", "ArrowDown"]) {
        check(key, focus, undefined, { ctrlKey: true });
        check(key, focus, undefined, { altKey: true });
        check(key, focus, undefined, { metaKey: true });
        check(key, focus, undefined, { isComposing: true });
      }
      check("ArrowDown", focus, undefined, { shiftKey: true });
      check("Enter", focus, undefined, { shiftKey: true });
    }
  });
});

describe("an arrow", () => {
  it("is drawn for what the sentences name", () => {
    expect(edgesOf(confirmed)).toEqual([{ kind: "fr", from: 1, to: 3 }, { kind: "fr", from: 2, to: 4 }, { kind: "rf", from: 4, to: 5 }]);
  });

  it("is not drawn for other sentences, unknown steps, or numbers that two steps have", () => {
    const why = ["[5] stands before [2], but nothing keeps [2] from being done first.", "[6] reads what [9] wrote.", "[2] reads what [2] wrote.", "reads what [1] wrote.", "[6] reads what [5] wrote. And [4]."];
    expect(edgesOf({ ...confirmed, why })).toEqual([]);
    expect(edgesOf({ ...confirmed, steps: confirmed.steps.map((step) => ({ ...step, index: 5 })), why: ["[6] reads what [5] wrote."] })).toEqual([]);
  });
});
