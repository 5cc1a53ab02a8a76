/** Every command that package.json contributes: it is in the palette, does what its name says, and ends without an error. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clipboard, emptyClipboard, ReplayPanel } from "./driver/panel.ts";
import { canRun, example, Session } from "./driver/session.ts";
import { until } from "./driver/until.ts";

type Manifest = {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
  };
};

describe.skipIf(!canRun("node"))("commands", () => {
  let session: Session;
  let panel: ReplayPanel;
  let manifest: Manifest;
  beforeAll(async () => {
    session = await Session.start({ files: { "riscv-bond.c": example("riscv-bond.c") }, open: "riscv-bond.c" });
    manifest = JSON.parse(readFileSync(join(session.host.extensionFolder, "package.json"), "utf8")) as Manifest;
    panel = new ReplayPanel(session.page);
    await session.workbench.reviewed(75, "Emulate: 1 confirmed");
  });
  afterAll(() => session.stop());

  const step = async (number: number): Promise<void> => until(`step ${number}`, async () => (await panel.announcement.innerText()).startsWith(number === 0 ? "Before step 1" : `Step ${number} of`)).then(() => undefined);
  const activeText = (text: string): Promise<unknown> => until(`an editor with "${text}"`, async () => {
    const editors = await session.page.locator(".editor-group-container.active .monaco-editor .view-lines").allTextContents();
    return editors.some((lines) => lines.replace(/\u00a0/g, " ").includes(text));
  });

  /** Beside the text that keeps the focus. */
  const anyText = (text: string): Promise<unknown> => until(`a text with "${text}"`, async () => (await session.page.locator(".monaco-editor .view-lines").allTextContents()).some((lines) => lines.replace(/\u00a0/g, " ").includes(text)));

  /** What a person sees when the command is done, in an order in which each has something to work on. */
  const effects: Readonly<Record<string, () => Promise<unknown>>> = {
    "quiesce.emulateFunction": () => panel.shown(),
    "quiesce.showFacts": () => anyText("Everything was followed."),
    "quiesce.replayStep": () => step(1),
    "quiesce.replayToHazard": () => step(6),
    "quiesce.replayBack": () => step(5),
    "quiesce.replayLast": () => step(7),
    "quiesce.replayFirst": () => step(0),
    // There is one execution: it stays.
    "quiesce.replayNextRun": () => step(0),
    "quiesce.replayPreviousRun": () => step(0),
    "quiesce.copyReplay": () => until("the replay as text", async () => (await clipboard(session.page)).includes("[rcu/free-before-grace-period]")),
    "quiesce.exportLitmus": () => activeText("exists ("),
    "quiesce.showReplay": () => until("the focus in the panel", () => panel.hasFocus()),
    "quiesce.explainRule": async () => {
      // The list shows a dozen of the rules: the filter brings the one that is meant.
      await session.page.locator(".quick-input-list .monaco-list-row").first().waitFor();
      await session.page.keyboard.type("rcu/missing-dereference");
      await session.page.locator(".quick-input-list .monaco-list-row", { hasText: "rcu/missing-dereference" }).click();
      await session.page.locator(".tab.active", { hasText: "missing-dereference" }).waitFor();
    },
    "quiesce.openSample": () => activeText("static void rvx_bond_unlink"),
    "quiesce.reportIssue": () => activeText("# Report on Quiesce"),
    "quiesce.showLog": () => until("the log", async () => {
      const chosen = await session.page.locator(".part.panel select").evaluateAll((elements) => elements.map((element) => (element as HTMLSelectElement).selectedOptions[0]?.text));
      return chosen.includes("Quiesce");
    }),
    "quiesce.restartServer": () => until("another server", () => servers().length === 1 && !serversBefore.includes(servers()[0] ?? 0)),
  };
  const servers = (): readonly number[] => session.host.processesOf(/dist\/server\.cjs/);
  let serversBefore: readonly number[] = [];

  test("each contributed command has a test", () => {
    expect(manifest.contributes.commands.map(({ command }) => command).sort()).toEqual(Object.keys(effects).sort());
  });

  test("without a replay, a command says what to do", async () => {
    session.watch();
    const { workbench } = session;
    await workbench.command("Quiesce: Copy Replay as Text");
    await until("a notice", async () => (await workbench.noticeTexts()).some((text) => /^Quiesce: no replay is open\. .*Emulate This Function/.test(text)));
    await workbench.command("Notifications: Clear All Notifications");
  });

  test.each(Object.keys(effects))("%s", async (id) => {
    session.watch();
    const { workbench, page } = session;
    const contributed = manifest.contributes.commands.find(({ command }) => command === id)!;
    serversBefore = servers();
    await emptyClipboard(page);
    await workbench.command(`${contributed.category}: ${contributed.title}`);
    await effects[id]!();
    expect(await workbench.errors()).toEqual([]);
  });
});
