/** What a reviewer does: sees the squiggle, reads the verdict, replays the hazard, takes the fix. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quiesce } from "./driver/command-line.ts";
import { clipboard, emptyClipboard, ReplayPanel } from "./driver/panel.ts";
import { canRun, example, fixture, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

describe.skipIf(!canRun("node"))("a reviewer with the mouse", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.start({
      files: { "riscv-bond.c": example("riscv-bond.c"), "lnk.c": fixture("lnk.c"), "lnk.h": fixture("lnk.h") },
      open: "riscv-bond.c",
    });
  });
  afterAll(() => session.stop());

  test("goes from the squiggle over the replay to the fixed file", async () => {
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
    expect(await workbench.languageStatus()).toMatch(/Quiesce[^]*ready: .*1 confirmed/);

    await workbench.clickLens("Emulate: 1 confirmed");
    const panel = new ReplayPanel(page);
    await panel.shown();
    session.mark("panel");
    expect(await panel.verdict.innerText()).toMatch(/^confirmed/i);
    for (let step = 0; !(await panel.isAtHazard()); step += 1) {
      expect(step, "the hazard is one of the steps").toBeLessThan(await panel.steps.count());
      const before = await panel.announcement.innerText();
      await panel.button("Step").click();
      await until("the next step", async () => (await panel.announcement.innerText()) !== before);
    }
    expect(await panel.announcement.innerText()).toMatch(/hazard/i);
    session.mark("stepped to the hazard");

    await emptyClipboard(page);
    await panel.button("Copy as text").click();
    const copied = await until("the copied text", async () => (await clipboard(page)) || undefined);
    expect(copied).toBe(quiesce(host.workspace, "emulate", "riscv-bond.c:rvx_bond_unlink"));
    session.mark("copied");

    await workbench.focusEditor();
    await workbench.goToLine(75, 2);
    const [fix] = await workbench.quickFixesOfBulb();
    expect(fix).toBe("Free found with kfree_rcu(), adding an rcu_head to struct rvx_bond");
    await workbench.chooseFix("Free found with kfree_rcu()");
    await workbench.squiggles.first().waitFor({ state: "detached" });
    await workbench.lens("Emulate: 1 refuted");
    session.mark("fixed and refuted");
    await page.keyboard.press("Control+s");
    await until("the file on disk", () => host.read("riscv-bond.c").includes("kfree_rcu(found, rcu)"));
    expect(host.read("riscv-bond.c")).toMatch(/struct rvx_bond \{[^}]*\n\tstruct rcu_head rcu;\n\}/);
    expect(quiesce(host.workspace, "check", "--evidence", "all", "riscv-bond.c")).toMatch(/refuted/);
    session.mark("saved");
  });

  test("takes a fix that changes the header too", async () => {
    session.watch();
    const { workbench, host } = session;
    await workbench.openFile(host.path("lnk.c"));
    await workbench.goToLine(40, 5);
    await workbench.squiggles.first().waitFor();
    await workbench.lens("Emulate: 1 confirmed");
    expect((await workbench.quickFixesOfBulb())[0]).toBe("Free port with kfree_rcu(), adding an rcu_head to struct lnk_port");
    await workbench.chooseFix("Free port with kfree_rcu()");
    await workbench.squiggles.first().waitFor({ state: "detached" });
    await workbench.command("File: Save All Files");
    await until("both files on disk", () => host.read("lnk.c").includes("kfree_rcu(port, rcu)") && host.read("lnk.h").includes("\tstruct rcu_head rcu;\n};"));
    session.mark("fixed over two files");
  });
});
