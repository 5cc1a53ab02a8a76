/** When something breaks: a person is told once, in words, and what can come back comes back. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canRun, example, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

describe.skipIf(!canRun("node"))("what goes wrong", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.start({ files: { "riscv-bond.c": example("riscv-bond.c") }, open: "riscv-bond.c" });
  });
  afterAll(() => session.stop());

  const servers = (): readonly number[] => session.host.processesOf(/dist\/server\.cjs/);

  test("a server that was killed is told of once, and its findings come back", async () => {
    session.watch();
    const { workbench, page } = session;
    await workbench.reviewed(75, "Emulate: 1 confirmed");
    const before = servers();
    expect(before).toHaveLength(1);
    process.kill(before[0] ?? 0, "SIGKILL");
    const killedMs = Date.now();
    await until("a notice", async () => (await workbench.noticeTexts()).length > 0);
    await until("another server", () => servers().some((id) => !before.includes(id)));
    session.mark(`another server after ${Date.now() - killedMs} ms`);

    // Findings of a server that is gone may still be on the screen; a fix that is offered and refuted is the new one's.
    await workbench.focusEditor();
    await workbench.goToLine(75, 2);
    await until("the fix of the new server", async () => {
      const [first] = await workbench.quickFixes();
      if (first?.includes("kfree_rcu()")) return true;
      await page.keyboard.press("Escape");
      return false;
    });
    await page.keyboard.press("Enter");
    await workbench.squiggles.first().waitFor({ state: "detached" });
    await workbench.lens("Emulate: 1 refuted");
    session.mark("findings are back");
    expect(await workbench.allNotices()).toEqual([expect.stringMatching(/^Quiesce: the language server ended unexpectedly/)]);
    expect(servers()).toHaveLength(1);
  });

  test("a setting that makes no sense is named", async () => {
    session.watch();
    const { workbench, host } = session;
    host.changeSettings({ "quiesce.evidence": "sometimes" });
    await session.openWindow("riscv-bond.c");
    const notices = await until("a notice that names the setting", async () => {
      const texts = await workbench.noticeTexts();
      return texts.some((text) => text.includes("quiesce.evidence")) ? texts : undefined;
    });
    expect(notices).toEqual([expect.stringMatching(/quiesce\.evidence must be .*, not "sometimes"/)]);
  });
});
