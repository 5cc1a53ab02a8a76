// File names, code and comments come from patches of strangers.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../../../server/src/protocol/index.ts";
import { type Panel, PanelHost, skipped } from "./harness.ts";
import { confirmed, refuted, stateOf } from "./sample-runs.ts";

const hostile = `x</script><img src=x onerror="alert(1)"><script>alert(2)</script>'"&amp;<!--]]>\u2028\u2029\${alert(3)}\`javascript:alert(4)`;

/** Every string that the engine copies from a file or builds around one; the words of the protocol stay. */
function saying(text: string, run: Run): Run {
  const { evidence } = run;
  return {
    ...run,
    rule: text, title: text, message: text, model: text, need: text, litmus: text,
    roles: run.roles.map(() => ({ name: text, function: text })),
    steps: run.steps.map((step) => ({ ...step, text, file: text })),
    why: [text, text], fix: [text],
    evidence: { ...evidence, reason: text, assumptions: [text], counterpart: { file: text, function: text, line: 1, synthetic: false } },
    counts: { ...run.counts, observation: text },
  };
}

describe.skipIf(skipped)("content that means harm", () => {
  let host: PanelHost;
  beforeAll(async () => { host = await PanelHost.start(); });
  afterAll(() => host.dispose());

  const kinds = (panel: Panel): Promise<readonly string[]> => panel.page.evaluate(() => [...new Set([...document.querySelectorAll("*")].map((element) => element.tagName.toLowerCase()))].sort());
  const scripts = (panel: Panel): Promise<number> => panel.page.evaluate(() => document.scripts.length);

  it("is shown as text wherever it stands, and makes no element", async () => {
    const harmless = await host.open(stateOf([saying("call(a, b)", confirmed), saying("call(a, b)", refuted)], { step: 6 }));
    const panel = await host.open(stateOf([saying(hostile, confirmed), saying(hostile, refuted)], { step: 6 }));
    expect(await kinds(panel)).toEqual(await kinds(harmless));
    expect(await scripts(panel)).toBe(await scripts(harmless));
    const parts = await panel.page.evaluate(() => Object.fromEntries(["h1", ".message", ".about .link", ".live", "thead .role", "thead .function", "button.step", ".details li", ".details dd", ".details p"].map(
      (selector) => [selector, document.querySelector(selector)?.textContent ?? ""])));
    for (const [selector, text] of Object.entries(parts)) expect(text, selector).toContain(hostile);
    await panel.page.getByRole("button", { name: "Next run" }).click();
    await panel.page.locator(".about .link").click();
    expect(await panel.lastPosted()).toEqual({ kind: "explainRule", rule: hostile });
    expect(await panel.trouble()).toEqual([]);
    await panel.close();
    await harmless.close();
  });

  it("is shown as text when it comes in a message, or where there is nothing to replay", async () => {
    const panel = await host.open(stateOf([confirmed]));
    await panel.send({ kind: "show", state: stateOf([saying(hostile, refuted)], { step: 3 }) });
    expect(await panel.page.locator("h1").textContent()).toBe(hostile);
    const empty = stateOf([]);
    await panel.send({ kind: "show", state: { ...empty, replay: { ...empty.replay, function: hostile, about: hostile, uri: hostile, sources: { [hostile]: hostile } } } });
    expect(await panel.page.locator("main").textContent()).toContain(`${hostile}()${hostile}`);
    expect(await panel.page.locator("img").count()).toBe(0);
    expect(await panel.trouble()).toEqual([]);
    await panel.close();
  });

  it("could not run even if it became an element", async () => {
    const panel = await host.open(stateOf([confirmed]));
    // What the tests above look for is seen when it is there: the policy stops it and says so.
    await panel.page.evaluate(() => {
      document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='alert(1)'><p style='color:red'>x</p>");
      document.body.append(Object.assign(document.createElement("script"), { textContent: "alert(2)" }));
    });
    await panel.page.waitForFunction(() => globalThis.violations.length >= 4);
    const trouble = await panel.trouble();
    expect([...new Set(trouble.map((line) => line.split(" ")[0]))].sort()).toEqual(["img-src", "script-src-attr", "script-src-elem", "style-src-attr"]);
    await panel.close();
  });

  it.each([
    ["without a blank", "a".repeat(2_000)],
    ["with blanks", "struct x *y; ".repeat(154)],
    ["of brackets", "((((".repeat(500)],
  ])("a line of 2,000 characters %s breaks no layout", async (_name, text) => {
    for (const width of [320, 500, 1100]) {
      const panel = await host.open(stateOf([saying(text, confirmed), saying(text, refuted)], { step: 6 }), { width, height: 700 });
      for (const run of [0, 1]) {
        const sizes = await panel.page.evaluate(() => {
          const within = (outer: Element, inner: Element): boolean => inner.getBoundingClientRect().right <= outer.getBoundingClientRect().right + 1 && inner.scrollWidth <= inner.clientWidth + 1;
          return {
            page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            cells: [...document.querySelectorAll(".steps td, .steps th")].filter((cell) => cell.firstElementChild !== null && !within(cell, cell.firstElementChild)).length,
            controls: document.querySelector(".controls")!.getBoundingClientRect().height,
          };
        });
        expect(sizes.page, `${width} px, run ${run}`).toBeLessThanOrEqual(0);
        expect(sizes.cells, `${width} px, run ${run}: cells that text leaves`).toBe(0);
        expect(sizes.controls, "what stays in view leaves room for the table").toBeLessThan(200);
        await panel.page.keyboard.press("n");
      }
      expect(await panel.page.locator("button.step").first().textContent()).toBe(text);
      expect(await panel.trouble()).toEqual([]);
      await panel.close();
    }
  });
});
