/** What other extensions and VS Code itself can ask of the findings. */

import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { DiagnosticSeverity, extensions, Position, Range, Uri, workspace, WorkspaceEdit } from "vscode";
import { actionsAt, lensesOf, lineOf, shown, until, verdicts } from "./documents.ts";

const rule = "rcu/free-before-grace-period";

export function findingsSuite(): void {
  describe("findings", () => {
    it("start the extension when a C file is open", async () => {
      const extension = extensions.getExtension("quiesce.quiesce");
      ok(extension);
      await shown("riscv-bond.c");
      await until(() => (extension.isActive ? true : undefined));
    });

    it("are diagnostics with a rule that leads to its page", async () => {
      const document = await shown("riscv-bond.c");
      const [found] = await verdicts(document, "confirmed");
      ok(found);
      strictEqual(found.severity, DiagnosticSeverity.Error);
      strictEqual(found.range.start.line, lineOf(document, "kfree(found)"));
      strictEqual(document.getText(found.range), "kfree(found)");
      match(found.message, /^found is freed while rvx_iotlb_inval \(line 38\) may still hold it\nconfirmed/);
      ok(typeof found.code === "object");
      strictEqual(found.code.value, rule);
      strictEqual(found.code.target.scheme, "command");
      strictEqual(found.code.target.path, "quiesce.explainRule");
      strictEqual(found.code.target.query, JSON.stringify([rule]));
    });

    it("tell the race step by step", async () => {
      const document = await shown("riscv-bond.c");
      const [found] = await verdicts(document, "confirmed");
      const steps = (found?.relatedInformation ?? []).filter(({ message }) => /^\d+\. /.test(message));
      deepStrictEqual(steps.map(({ message }) => message.replace(/^\d+\. (\w+): .*$/, "$1")), ["Reader", "Reader", "Reader", "Updater", "Updater", "Reader", "Reader"]);
      deepStrictEqual(steps.map(({ location }) => location.range.start.line + 1), [37, 38, 39, 68, 75, 38, 40]);
      ok(steps.every(({ location }) => location.uri.toString() === document.uri.toString()));
      match(steps[5]?.message ?? "", /freed memory/);
    });

    it("have their verified fix first, and preferred", async () => {
      const document = await shown("riscv-bond.c");
      const [found] = await verdicts(document, "confirmed");
      ok(found);
      const actions = await actionsAt(document, found.range);
      const [first, ...others] = actions;
      strictEqual(first?.title, "Free found with kfree_rcu(), adding an rcu_head to struct rvx_bond");
      strictEqual(first.isPreferred, true);
      strictEqual(others.some(({ isPreferred }) => isPreferred === true), false);
      deepStrictEqual(first.edit?.entries().map(([uri, edits]) => [uri.toString(), edits.length]), [[document.uri.toString(), 2]]);
      ok(others.some(({ command }) => command?.command === "quiesce.emulateFunction"));
      ok(others.some(({ command }) => command?.command === "quiesce.explainRule"));
    });

    it("have a lens over their function", async () => {
      const document = await shown("riscv-bond.c");
      await verdicts(document, "confirmed");
      const lenses = await until(async () => {
        const found = await lensesOf(document);
        return found.some(({ command }) => command?.title === "Emulate: 1 confirmed") ? found : undefined;
      });
      const [lens] = lenses;
      strictEqual(lenses.length, 1);
      strictEqual(lens?.range.start.line, lineOf(document, "static void rvx_bond_unlink"));
      strictEqual(lens.command?.command, "quiesce.emulateFunction");
    });

    it("come for a document that was never saved", async () => {
      const saved = await shown("riscv-bond.c");
      const document = await workspace.openTextDocument({ language: "c", content: saved.getText() });
      const [found] = await verdicts(document, "confirmed");
      strictEqual(found?.range.start.line, lineOf(document, "kfree(found)"));
    });

    it("reach the struct in a header, and their fix changes both files", async () => {
      const document = await shown("lnk.c");
      const [found] = await verdicts(document, "confirmed");
      ok(found);
      const [fix] = await actionsAt(document, found.range);
      deepStrictEqual(fix?.edit?.entries().map(([uri]) => uri.path.replace(/^.*\//, "")).sort(), ["lnk.c", "lnk.h"]);
      ok(await workspace.applyEdit(fix.edit));
      const header = await workspace.openTextDocument(Uri.joinPath(document.uri, "../lnk.h"));
      match(header.getText(), /\tstruct rcu_head rcu;\n\};/);
      match(document.getText(), /\tkfree_rcu\(port, rcu\);/);
      await until(async () => ((await lensesOf(document)).some(({ command }) => command?.title === "Emulate: 1 refuted") ? true : undefined));
    });

    it("are about the text as it is: no fix comes for one that was there before", async () => {
      const saved = await shown("riscv-bond.c");
      const document = await workspace.openTextDocument({ language: "c", content: saved.getText() });
      await verdicts(document, "confirmed");
      const above = new WorkspaceEdit();
      above.insert(document.uri, new Position(0, 0), "/* two lines */\n/* more */\n");
      ok(await workspace.applyEdit(above));
      // At once, and again, until the server has looked at the new text: nothing that it says in between may be for the old one.
      const line = lineOf(document, "kfree(found)");
      const fix = await until(async () => (await actionsAt(document, new Range(line, 1, line, 5))).find(({ edit }) => edit !== undefined));
      ok(fix.edit);
      ok(await workspace.applyEdit(fix.edit));
      strictEqual(document.lineAt(line + 1).text, "\tkfree_rcu(found, rcu);");
      match(document.getText(), /^\/\* two lines \*\/\n\/\* more \*\/\n[^]*struct rvx_bond \{\n\tstruct list_head list;\n\tstruct device \*dev;\n\tstruct rcu_head rcu;\n\};/);
    });
  });
}
