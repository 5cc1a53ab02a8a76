/** Quick fixes: only those that the emulator did not contradict, preferred only when it agreed. */

import { type CodeAction, CodeActionKind, type CodeActionParams, type Diagnostic, type Range } from "vscode-languageserver";
import type { Finding, Fix } from "../protocol/index.ts";
import type { ClientAbilities } from "./client-abilities.ts";
import { type CurrentFile, type DiagnosticOptions, diagnosticsOf, rangeOf, workspaceEditOf } from "./convert.ts";
import type { Reviewed } from "./document-review.ts";

export type CodeActionContext = {
  readonly uri: string;
  /** Of the document as it is now. */
  readonly version: number;
  readonly reviewed: Reviewed;
  readonly abilities: ClientAbilities;
  readonly diagnosticOptions: DiagnosticOptions;
  readonly read: (uri: string) => CurrentFile | undefined;
};

/** What an action needs to be completed later; it goes to the client and back. */
export type ActionData = { readonly uri: string; readonly version: number; readonly finding: number; readonly fix: number };

export function codeActionsFor({ range, context }: CodeActionParams, at: CodeActionContext): readonly CodeAction[] {
  if (context.only !== undefined && !context.only.some((kind) => kind === "" || kind === CodeActionKind.QuickFix)) return [];
  return at.reviewed.findings.flatMap((finding, index) => (overlaps(rangeOf(finding), range) ? actionsOf(finding, index, at) : []));
}

function actionsOf(finding: Finding, index: number, at: CodeActionContext): readonly CodeAction[] {
  const [diagnostic] = diagnosticsOf(at.uri, { ...at.reviewed, findings: [finding], notAnalysed: [], refused: undefined }, at.diagnosticOptions);
  if (diagnostic === undefined) return [];
  return finding.fixes.flatMap((fix, place) => {
    if (fix.verified === false) return [];
    const action = actionOf(fix, diagnostic, { uri: at.uri, version: at.reviewed.version, finding: index, fix: place }, at);
    return action === undefined ? [] : [action];
  });
}

function actionOf(fix: Fix, diagnostic: Diagnostic, data: ActionData, at: CodeActionContext): CodeAction | undefined {
  const action: CodeAction = {
    title: fix.title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic],
    ...(at.abilities.preferredCodeActions && fix.verified === true ? { isPreferred: true } : {}),
  };
  const disabled = (reason: string): CodeAction | undefined => (at.abilities.disabledCodeActions ? { ...action, disabled: { reason } } : undefined);
  if (at.version !== at.reviewed.version) return disabled("the text has changed since this was found; it is being reviewed again");
  if (at.abilities.resolvesEdits) return { ...action, data };
  const edit = workspaceEditOf(fix, { uri: at.uri, reviewed: at.reviewed, read: at.read, documentChanges: at.abilities.documentChanges });
  return edit.kind === "edit" ? { ...action, edit: edit.edit } : disabled(`${edit.file} has changed since this was found`);
}

export type ResolvedAction = { readonly action: CodeAction; /** Why there is no edit in it. */ readonly refused?: string };

/** The text may have changed between the menu and the choice: then there is no edit, and the reason is told. */
export function resolveAction(action: CodeAction, data: ActionData, at: CodeActionContext | undefined): ResolvedAction {
  const fix = at?.reviewed.findings[data.finding]?.fixes[data.fix];
  const isSame = at !== undefined && at.version === data.version && at.reviewed.version === data.version && fix?.title === action.title;
  if (!isSame) return refusal(action, "the text has changed since");
  const edit = workspaceEditOf(fix, { uri: at.uri, reviewed: at.reviewed, read: at.read, documentChanges: at.abilities.documentChanges });
  return edit.kind === "edit" ? { action: { ...action, edit: edit.edit } } : refusal(action, `${edit.file} has changed since`);
}

function refusal(action: CodeAction, reason: string): ResolvedAction {
  return { action, refused: `"${action.title}" was not applied: ${reason}. Choose the fix again.` };
}

function overlaps(a: Range, b: Range): boolean {
  // A cursor anywhere on the line of a finding offers its fixes: editors ask with the cursor as an empty range.
  return a.start.line <= b.end.line && b.start.line <= a.end.line;
}

/** Data comes back from the client: checked before it is believed. */
export function readActionData(data: unknown): ActionData | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { uri, version, finding, fix } = data as Readonly<Record<string, unknown>>;
  return typeof uri === "string" && typeof version === "number" && typeof finding === "number" && typeof fix === "number" ? { uri, version, finding, fix } : undefined;
}
