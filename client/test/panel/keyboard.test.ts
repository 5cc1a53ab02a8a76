import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Panel, PanelHost, skipped } from "./harness.ts";
import { confirmed, pathOnly, refuted, stateOf } from "./sample-runs.ts";

describe.skipIf(skipped)("with the keyboard alone", () => {
  let host: PanelHost;
  beforeAll(async () => { host = await PanelHost.start(); });
  afterAll(() => host.dispose());

  const focused = (panel: Panel): Promise<string> => panel.page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
  const live = (panel: Panel): Promise<string> => panel.page.locator(".live").innerText();
  const current = (panel: Panel): Promise<readonly string[]> => panel.page.locator("tr[aria-current=step] th").allInnerTexts();

  it("the whole story can be told", async () => {
    const panel = await host.open(stateOf([confirmed, refuted]));
    const press = (...keys: readonly string[]): Promise<void> => keys.reduce(async (before, key) => { await before; await panel.page.keyboard.press(key); }, Promise.resolve());
    expect(await panel.posted()).toEqual([{ kind: "ready" }]);
    expect(await live(panel)).toBe("Before step 1 of 7; the hazard is step 6");
    expect(await current(panel)).toEqual([]);

    await press("j", "ArrowDown", "ArrowRight");
    expect(await current(panel)).toEqual(["3"]);
    await press("k", "ArrowUp");
    expect(await panel.lastPosted()).toEqual({ kind: "moved", run: 0, step: 1 });
    await press("h");
    expect(await live(panel)).toBe("Step 6 of 7, hazard: Reader: the walk reads list.next <- freed memory, riscv-bond.c:38");
    expect(await panel.lastPosted()).toEqual({ kind: "moved", run: 0, step: 6 });
    await press("Enter");
    expect(await panel.lastPosted()).toEqual({ kind: "open", run: 0, step: 5 });
    await press("y");
    expect(await panel.lastPosted()).toEqual({ kind: "copy", run: 0 });
    await press("End");
    expect(await current(panel)).toEqual(["7"]);
    await press("Home");
    expect(await current(panel)).toEqual([]);
    await press("n");
    expect(await panel.lastPosted()).toEqual({ kind: "moved", run: 1, step: 0 });
    expect(await panel.page.locator("h1").innerText()).toBe(refuted.title);
    await press("Shift+N");
    expect(await panel.page.locator("h1").innerText()).toBe(confirmed.title);
    await press("Escape");
    expect(await panel.lastPosted()).toEqual({ kind: "focusEditor" });
    expect(await panel.trouble()).toEqual([]);
    await panel.close();
  });

  it("Tab stops once at each control, and once in each list of buttons", async () => {
    const panel = await host.open(stateOf([confirmed, refuted], { step: 2 }));
    const stops: string[] = [];
    for (let at = 0; at < 8; at++) {
      await panel.page.keyboard.press("Tab");
      stops.push(await focused(panel));
    }
    expect(stops).toEqual(["Previous run", "Next run", confirmed.rule, "Step", "Steps done", confirmed.steps[1]!.text, "riscv-bond.c:38", expect.anything()]);
    await panel.close();
  });

  it("arrow keys walk the toolbar, Enter and Space press its buttons once", async () => {
    const panel = await host.open(stateOf([confirmed]));
    await panel.page.getByRole("button", { name: "Step", exact: true }).focus();
    await panel.page.keyboard.press("Enter");
    await panel.page.keyboard.press("Space");
    expect((await panel.posted()).slice(1)).toEqual([{ kind: "moved", run: 0, step: 1 }, { kind: "moved", run: 0, step: 2 }]);
    const walk = ["To hazard", "Last", "Copy as text", "Export litmus", "First"];
    for (const name of walk) {
      await panel.page.keyboard.press("ArrowRight");
      expect(await focused(panel)).toBe(name);
    }
    await panel.page.keyboard.press("ArrowLeft");
    await panel.page.keyboard.press("Enter");
    expect(await panel.lastPosted()).toEqual({ kind: "exportLitmus", run: 0 });
    expect((await panel.posted()).length, "walking moves no step").toBe(4);
    // The toolbar remembers where the focus was.
    await panel.page.keyboard.press("Tab");
    await panel.page.keyboard.press("Shift+Tab");
    expect(await focused(panel)).toBe("Export litmus");
    await panel.close();
  });

  it("the slider keeps its own keys, and letters still work on it", async () => {
    const panel = await host.open(stateOf([confirmed]));
    const slider = panel.page.getByRole("slider", { name: "Steps done" });
    await slider.focus();
    for (const key of ["ArrowRight", "ArrowUp", "ArrowLeft"]) await panel.page.keyboard.press(key);
    expect(await slider.inputValue()).toBe("1");
    expect(await slider.getAttribute("aria-valuetext")).toBe("Step 1 of 7: Reader: rcu_read_lock(), riscv-bond.c:37");
    await panel.page.keyboard.press("End");
    expect(await current(panel)).toEqual(["7"]);
    await panel.page.keyboard.press("k");
    expect(await slider.inputValue()).toBe("6");
    await panel.page.keyboard.press("Enter");
    expect(await panel.lastPosted()).toEqual({ kind: "open", run: 0, step: 5 });
    await panel.close();
  });

  it("in the table the focus goes with the step, and Enter chooses a step, then opens its source", async () => {
    const panel = await host.open(stateOf([confirmed], { step: 3 }));
    await panel.page.locator("button.step").nth(2).focus();
    await panel.page.keyboard.press("ArrowDown");
    expect(await focused(panel)).toBe("list_del_rcu(&bond->list)");
    await panel.page.keyboard.press("Enter");
    expect(await panel.lastPosted()).toEqual({ kind: "open", run: 0, step: 3 });
    await panel.page.locator("button.step").nth(0).focus();
    await panel.page.keyboard.press("Space");
    expect(await panel.lastPosted()).toEqual({ kind: "moved", run: 0, step: 1 });
    await panel.page.keyboard.press("Tab");
    expect(await focused(panel)).toBe("riscv-bond.c:37");
    await panel.page.keyboard.press("Enter");
    expect(await panel.lastPosted()).toEqual({ kind: "open", run: 0, step: 0 });
    expect(await panel.page.locator("[tabindex='0'].step, .place [tabindex='0']").count()).toBe(2);
    await panel.close();
  });

  it("the focus is not lost when another run is shown", async () => {
    const panel = await host.open(stateOf([confirmed, pathOnly, refuted], { step: 3 }));
    await panel.page.locator("button.step").nth(2).focus();
    await panel.page.keyboard.press("n");
    expect(await focused(panel)).toBe("Copy as text");
    expect(await panel.page.locator(".position").isVisible(), "nothing to step through").toBe(false);
    expect(await panel.page.getByRole("button", { name: "Export litmus" }).isVisible(), "no litmus test to export").toBe(false);
    await panel.page.keyboard.press("n");
    expect(await panel.page.getByRole("slider").isVisible()).toBe(true);
    await panel.close();
  });

  it("keys with a modifier are left to VS Code", async () => {
    const panel = await host.open(stateOf([confirmed], { step: 3 }));
    const kept = await panel.page.evaluate(() => {
      const outcomes: string[] = [];
      for (const modifier of ["ctrlKey", "altKey", "metaKey"]) {
        for (const key of ["j", "k", "h", "n", "y", "Enter", "Escape", "Home", "ArrowDown", "ArrowLeft"]) {
          const event = new KeyboardEvent("keydown", { key, [modifier]: true, bubbles: true, cancelable: true });
          (document.querySelector("button.step") ?? document.body).dispatchEvent(event);
          if (event.defaultPrevented) outcomes.push(`${modifier} ${key}`);
        }
      }
      return outcomes;
    });
    expect(kept).toEqual([]);
    expect(await panel.posted()).toEqual([{ kind: "ready" }]);
    await panel.close();
  });

  it("a replay without steps has only the keys that mean something", async () => {
    const panel = await host.open(stateOf([]));
    for (const key of ["j", "h", "y", "n", "Enter", "End"]) await panel.page.keyboard.press(key);
    expect(await panel.posted()).toEqual([{ kind: "ready" }]);
    await panel.page.keyboard.press("Escape");
    expect(await panel.lastPosted()).toEqual({ kind: "focusEditor" });
    await panel.close();
  });
});
