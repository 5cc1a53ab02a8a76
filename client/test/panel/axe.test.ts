import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PanelState } from "../../webview/messages.ts";
import { PanelHost, skipped } from "./harness.ts";
import { themes } from "./host-page.ts";
import { confirmed, pathOnly, refuted, refutedWithoutSteps, stateOf } from "./sample-runs.ts";

const states: readonly (readonly [string, PanelState])[] = [
  ["before the first step", stateOf([confirmed])],
  ["in the middle", stateOf([confirmed, refuted], { step: 3 })],
  ["at the hazard", stateOf([confirmed], { step: 6 })],
  ["refuted, at the end", stateOf([pathOnly, refuted], { run: 1, step: 10 })],
  ["without steps", stateOf([refutedWithoutSteps, pathOnly])],
  ["empty", stateOf([])],
];

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

describe.skipIf(skipped)("axe finds nothing to object to", () => {
  let host: PanelHost;
  beforeAll(async () => { host = await PanelHost.start(); });
  afterAll(() => host.dispose());

  describe.each(themes)("in $name", (theme) => {
    it.each(states)("%s", async (_name, state) => {
      const panel = await host.open(state, { theme });
      await panel.page.evaluate(axe.source);
      const results = await panel.page.evaluate(async (only) => {
        const run = (globalThis as unknown as { axe: typeof axe }).axe.run(document, { runOnly: only });
        return run.then(({ violations, passes, incomplete }) => ({
          violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ""}`).join("; ")}`),
          passes: passes.map(({ id }) => id),
          undecided: incomplete.flatMap(({ id, nodes }) => nodes.flatMap((node) => node.any.map(({ message }) => `${id}: ${message}`))),
        }));
      }, tags);
      expect(results.violations).toEqual([]);
      // It did look, at all colours too: only the numbers of the steps are too short for it.
      expect([...new Set(results.undecided)].filter((reason) => !reason.includes("too short"))).toEqual([]);
      expect(results.passes).toEqual(expect.arrayContaining(["color-contrast", "page-has-heading-one", "region"]));
      expect(await panel.trouble()).toEqual([]);
      await panel.close();
    });
  });
});
