/** The same story for someone who has no mouse. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quiesce } from "./driver/command-line.ts";
import { clipboard, emptyClipboard, ReplayPanel } from "./driver/panel.ts";
import { canRun, example, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

describe.skipIf(!canRun("node"))("a reviewer with the keyboard alone", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.start({ files: { "riscv-bond.c": example("riscv-bond.c") } });
  });
  afterAll(() => session.stop());

  test("goes from the problem over the replay to the fixed file", async () => {
    session.watch();
    const { workbench, page, host } = session;
    const { keyboard } = page;
    await workbench.openFile(host.path("riscv-bond.c"));
    await workbench.reviewed(75, "Emulate: 1 confirmed");
    session.mark("verdict");

    // To the problem, as F8 does for every language.
    await workbench.goToLine(1);
    await workbench.focusEditor();
    await until("the problem under the cursor", async () => {
      await keyboard.press("F8");
      return page.locator(".marker-widget", { hasText: "may still hold it" }).waitFor({ timeout: 5_000 }).then(() => true, () => false);
    });
    await keyboard.press("Escape");
    await page.locator(".marker-widget").waitFor({ state: "detached" });
    session.mark("problem reached");

    await workbench.commandByKeys("Quiesce: Emulate This Function");
    const panel = new ReplayPanel(page);
    await panel.shown();
    await until("the focus in the panel", () => panel.hasFocus());
    session.mark("panel");
    await keyboard.press("Home");
    for (let step = 0; !(await panel.isAtHazard()); step += 1) {
      expect(step, "the hazard is one of the steps").toBeLessThan(await panel.steps.count());
      const before = await panel.announcement.innerText();
      await keyboard.press("j");
      await until("the next step", async () => (await panel.announcement.innerText()) !== before);
    }
    await keyboard.press("Home");
    await keyboard.press("h");
    await until("the hazard", () => panel.isAtHazard());
    session.mark("stepped to the hazard");

    await emptyClipboard(page);
    await keyboard.press("y");
    const copied = await until("the copied text", async () => (await clipboard(page)) || undefined);
    expect(copied).toBe(quiesce(host.workspace, "emulate", "riscv-bond.c:rvx_bond_unlink"));
    await keyboard.press("Escape");
    await until("the focus in the editor", () => workbench.hasFocus());
    session.mark("copied, and back in the editor");

    await workbench.goToLine(75, 2);
    expect((await workbench.quickFixes())[0]).toBe("Free found with kfree_rcu(), adding an rcu_head to struct rvx_bond");
    await keyboard.press("Enter");
    await workbench.squiggles.first().waitFor({ state: "detached" });
    await workbench.lens("Emulate: 1 refuted");
    await keyboard.press("Control+s");
    await until("the file on disk", () => host.read("riscv-bond.c").includes("kfree_rcu(found, rcu)"));
    session.mark("fixed, refuted and saved");
    expect(session.browser.mousePresses()).toBe(0);
  });
});
