/** VS Code for the Web: no Node anywhere, the server is a web worker, the files are not on a disk. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quiesce } from "./driver/command-line.ts";
import { clipboard, emptyClipboard, ReplayPanel } from "./driver/panel.ts";
import { canRun, example, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

describe.skipIf(!canRun("web"))("VS Code for the Web", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.start({ host: "web", files: { "riscv-bond.c": example("riscv-bond.c") }, open: "riscv-bond.c" });
  });
  afterAll(() => session.stop());

  test("shows the same squiggle, lens, panel and fix", async () => {
    session.watch();
    const { workbench, page, host } = session;
    await workbench.line("SPDX").waitFor();
    session.mark("file");
    await workbench.focusEditor();
    await workbench.goToLine(75, 2);
    await workbench.squiggles.first().waitFor();
    session.mark("squiggle");
    await workbench.lens("Emulate: 1 confirmed");
    session.mark("verdict");

    await workbench.clickLens("Emulate: 1 confirmed");
    const panel = new ReplayPanel(page);
    await panel.shown();
    await panel.button("To hazard").click();
    await until("the hazard", () => panel.isAtHazard());
    await emptyClipboard(page);
    await panel.button("Copy as text").click();
    const copied = await until("the copied text", async () => (await clipboard(page)) || undefined);
    expect(copied).toBe(quiesce(host.workspace, "emulate", "riscv-bond.c:rvx_bond_unlink"));
    session.mark("panel");

    await workbench.focusEditor();
    await workbench.goToLine(75, 2);
    expect((await workbench.quickFixes())[0]).toBe("Free found with kfree_rcu(), adding an rcu_head to struct rvx_bond");
    await page.keyboard.press("Enter");
    await workbench.squiggles.first().waitFor({ state: "detached" });
    await workbench.lens("Emulate: 1 refuted");
    session.mark("fixed and refuted");
  });
});
