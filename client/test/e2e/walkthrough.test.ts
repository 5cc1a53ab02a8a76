/** What a newcomer sees: four steps, from nothing open to a replay in the clipboard. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clipboard, emptyClipboard, ReplayPanel } from "./driver/panel.ts";
import { canRun, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

type Manifest = { readonly contributes: { readonly walkthroughs: readonly { readonly title: string; readonly steps: readonly { readonly title: string }[] }[] } };

describe.skipIf(!canRun("node"))("the walkthrough", () => {
  let session: Session;
  beforeAll(async () => {
    session = await Session.start({ files: { "README.md": "# Nothing of C here\n" } });
  });
  afterAll(() => session.stop());

  test("leads from the sample over the problem and the replay to its text", async () => {
    session.watch();
    const { workbench, page, host } = session;
    const manifest = JSON.parse(readFileSync(join(host.extensionFolder, "package.json"), "utf8")) as Manifest;
    const [walkthrough] = manifest.contributes.walkthroughs;
    expect(walkthrough?.steps).toHaveLength(4);
    await workbench.command("Welcome: Open Walkthrough...");
    await workbench.quickInput.fill(walkthrough?.title ?? "");
    await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: walkthrough?.title ?? "" }).waitFor();
    await page.keyboard.press("Enter");
    const steps = page.locator(".gettingStartedContainer .getting-started-step");
    await steps.first().waitFor();
    expect(await steps.locator(".step-title").allTextContents()).toEqual(walkthrough?.steps.map(({ title }) => title));
    const take = async (step: number, button: string): Promise<void> => {
      await steps.nth(step).locator(".step-title").click();
      await page.locator(".getting-started-step.expanded .monaco-button", { hasText: button }).click();
    };

    await take(0, "Open the Sample");
    await until("the sample in an editor", async () => (await page.locator(".view-line", { hasText: "rvx_bond_unlink" }).count()) > 0);
    await page.locator(".squiggly-error").first().waitFor();
    await session.screenshot("walkthrough");
    session.mark("sample");

    await take(1, "Show the Problems");
    await page.locator(".markers-panel .monaco-list-row", { hasText: "found is freed while rvx_iotlb_inval" }).waitFor();
    session.mark("problem");

    await take(2, "Emulate the Function");
    const panel = new ReplayPanel(page);
    await panel.shown();
    session.mark("replay");

    await emptyClipboard(page);
    // Two columns are full: the replay took the one of the walkthrough.
    await page.locator(".tab", { hasText: "Walkthrough" }).click();
    await take(3, "Copy the Replay");
    await until("the copied text", async () => (await clipboard(page)).startsWith("CONFIRMED: found is freed"));
    session.mark("copied");
    expect(await workbench.errors()).toEqual([]);
  });
});
