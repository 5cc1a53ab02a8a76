/** The panel as VS Code shows it: axe-core in its four kinds of themes, the pictures of the documents, and what a restart leaves. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ReplayPanel } from "./driver/panel.ts";
import { canRun, example, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

const themes = [
  { label: "Dark Modern", id: "Default Dark Modern", kind: "vscode-dark", picture: "replay-dark" },
  { label: "Light Modern", id: "Default Light Modern", kind: "vscode-light", picture: "replay-light" },
  { label: "Dark High Contrast", id: "Default High Contrast", kind: "vscode-high-contrast", picture: "replay-hc-dark" },
  { label: "Light High Contrast", id: "Default High Contrast Light", kind: "vscode-high-contrast-light", picture: "replay-hc-light" },
];

describe.skipIf(!canRun("node"))("the panel is readable for everyone", () => {
  let session: Session;
  let panel: ReplayPanel;
  beforeAll(async () => {
    session = await Session.start({ files: { "riscv-bond.c": example("riscv-bond.c") }, open: "riscv-bond.c", settings: { "editor.minimap.enabled": false } });
    panel = new ReplayPanel(session.page);
  });
  afterAll(() => session.stop());

  test("goes to the hazard, and the source line follows", async () => {
    session.watch();
    const { workbench } = session;
    await workbench.reviewed(75, "Emulate: 1 confirmed");
    await workbench.clickLens("Emulate: 1 confirmed");
    await panel.shown();
    await session.page.keyboard.press("Control+b");
    await panel.button("To hazard").click();
    await until("the hazard", () => panel.isAtHazard());
    await until("the mark on the line of the hazard", () => workbench.isMarked("list_for_each_entry_rcu(bond"));
    await panel.button("Back").click();
    await until("the mark on the line of the step before", () => workbench.isMarked("kfree(found)"));
  });

  test("axe-core sees what is wrong with a page", async () => {
    session.watch();
    await panel.evaluate(() => {
      const faint = document.createElement("p");
      faint.id = "faint";
      faint.textContent = "This can hardly be read.";
      faint.style.color = getComputedStyle(document.body).backgroundColor === "rgb(31, 31, 31)" ? "#2a2a2a" : "#f0f0f0";
      document.querySelector("main")?.append(faint, document.createElement("button"));
    });
    expect((await panel.violations()).map(({ id }) => id).sort()).toEqual(["button-name", "color-contrast"]);
    await panel.evaluate(() => document.querySelectorAll("#faint, #faint + button").forEach((element) => element.remove()));
  });

  test.each(themes)("in $label", async ({ label, id, kind, picture }) => {
    session.watch();
    await session.workbench.chooseTheme(label);
    const body = panel.frame.locator("body");
    await until(`the theme ${label} in the panel`, async () => (await body.getAttribute("data-vscode-theme-id")) === id);
    expect(await body.getAttribute("data-vscode-theme-kind")).toBe(kind);
    expect(await panel.violations()).toEqual([]);
    // With the steps before the hazard too: what lies in the future looks different.
    await panel.button("First").click();
    expect(await panel.violations()).toEqual([]);
    await panel.button("To hazard").click();
    await until("the hazard", () => panel.isAtHazard());
    await until("VS Code to be done with its start", async () => !((await session.page.locator(".statusbar").innerText()).includes("Activating")));
    await session.screenshot(picture);
  });

  test("a restart of the window leaves it where it was", async () => {
    session.watch();
    await panel.button("Back").click();
    await until("the step before the hazard", async () => !(await panel.isAtHazard()));
    const shown = async (): Promise<readonly string[]> => [await panel.title.innerText(), await panel.announcement.innerText()];
    const before = await shown();
    const step = Number(/Step (\d+) of/.exec(before[1] ?? "")?.[1]);
    await session.restart(new RegExp(`quiesce\\.replay.*\\W"step\\W*:${step}\\D`));
    await panel.shown();
    await until("the same step", async () => (await shown()).join() === before.join());
    // It is alive, not a picture of what was.
    await panel.button("To hazard").click();
    await until("the hazard", () => panel.isAtHazard());
  });
});
