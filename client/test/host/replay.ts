/** The command and the panel as extensions see them. */

import { match, ok, strictEqual } from "node:assert/strict";
import { commands, env, type Tab, TabInputWebview, window } from "vscode";
import { shown, until, uriOf, verdicts } from "./documents.ts";

const replayTab = (): Tab | undefined =>
  window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ input }) => input instanceof TabInputWebview && input.viewType.endsWith("quiesce.replay"));

const emulate = (file: string, name: string): Thenable<unknown> => commands.executeCommand("quiesce.emulateFunction", { textDocument: { uri: uriOf(file).toString() }, function: name });

export function replaySuite(): void {
  describe("the replay", () => {
    it("opens beside the code", async () => {
      const document = await shown("riscv-bond.c");
      await verdicts(document, "confirmed");
      await emulate("riscv-bond.c", "rvx_bond_unlink");
      const tab = await until(() => replayTab());
      strictEqual(tab.label, "Replay: rvx_bond_unlink()");
      ok(tab.group.viewColumn !== window.visibleTextEditors.find((editor) => editor.document === document)?.viewColumn);
    });

    it("of a function without findings says what was replayed, in the same panel", async () => {
      await shown("riscv-bond.c");
      await emulate("riscv-bond.c", "rvx_bond_link");
      await until(() => (replayTab()?.label === "Replay: rvx_bond_link()" ? true : undefined));
      strictEqual(window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ input }) => input instanceof TabInputWebview).length, 1);
    });

    it("can be copied by other extensions", async () => {
      await emulate("riscv-bond.c", "rvx_bond_unlink");
      await until(() => (replayTab()?.label === "Replay: rvx_bond_unlink()" ? true : undefined));
      await commands.executeCommand("quiesce.copyReplay");
      const text = await env.clipboard.readText();
      match(text, /^CONFIRMED: found is freed/);
      strictEqual(text.split("\n").filter((line) => line.length > 78 || line.includes("\t")).length, 0);
    });

    it("is exported as a litmus test", async () => {
      await commands.executeCommand("quiesce.exportLitmus");
      const editor = await until(() => (window.activeTextEditor?.document.languageId === "litmus" ? window.activeTextEditor : undefined));
      match(editor.document.getText(), /^C \S+\n[^]*\nexists \(/);
    });
  });
}
