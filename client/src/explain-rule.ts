/** "Explain a rule": its page, what it looks for, why, and how to mend it. */

import { type QuickPickItem, Uri, commands, languages, window } from "vscode";
import type { LastEditor } from "./reviewed-documents.ts";
import { type RuleEntry, ruleOf } from "./rules.ts";

export type RulePages = { readonly extensionUri: Uri; readonly rules: readonly RuleEntry[]; readonly lastEditor: LastEditor };

export async function explainRule(pages: RulePages, given: unknown): Promise<void> {
  const id = typeof given === "string" ? given : await pickRule(pages);
  if (id === undefined) return;
  if (!pages.rules.some((rule) => rule.id === id)) return void window.showInformationMessage(`Quiesce: there is no page for ${id}.`);
  await showPage(Uri.joinPath(pages.extensionUri, "docs/rules", `${id}.md`));
}

/** The preview belongs to an extension of VS Code that can be turned off. */
async function showPage(page: Uri): Promise<void> {
  try {
    await commands.executeCommand("markdown.showPreview", page);
  } catch {
    await window.showTextDocument(page, { preview: true });
  }
}

type RuleItem = QuickPickItem & { readonly id: string };

/** The rule of the finding under the cursor is chosen already. */
function pickRule({ rules, lastEditor }: RulePages): Promise<string | undefined> {
  const pick = window.createQuickPick<RuleItem>();
  pick.title = "Explain a rule of Quiesce";
  pick.placeholder = "rule id or words of its title";
  pick.matchOnDetail = true;
  pick.items = rules.map(({ id, title }) => ({ id, label: id, detail: title }));
  const here = ruleUnderCursor(lastEditor);
  pick.activeItems = pick.items.filter(({ id }) => id === here);
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]?.id);
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

function ruleUnderCursor(lastEditor: LastEditor): string | undefined {
  const editor = lastEditor.find();
  if (editor === undefined) return undefined;
  const { line } = editor.selection.active;
  const here = languages.getDiagnostics(editor.document.uri).filter(({ range }) => range.start.line <= line && line <= range.end.line);
  return here.map(ruleOf).find((id) => id !== undefined);
}
