/** Quick fixes: only those that the emulator did not contradict, preferred only when it agreed. */

import { type CodeAction, CodeActionKind, type CodeActionParams, type Diagnostic, type Range } from "vscode-languageserver";
import type { Finding, Fix } from "../protocol/index.ts";
import type { ClientAbilities } from "./client-abilities.ts";
import { type CurrentFile, type DiagnosticOptions, diagnosticsOf, rangeOf, workspaceEditOf } from "./convert.ts";
import type { Reviewed } from "./document-review.ts";
import { emulateCommand } from "./replay.ts";

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
  const here = at.reviewed.findings.flatMap((finding, index) => (overlaps(rangeOf(finding), range) ? [{ finding, index }] : []));
  const fixes = here.flatMap(({ finding, index }) => actionsOf(finding, index, at));
  const isVerified = ({ isPreferred }: CodeAction): number => Number(isPreferred === true);
  return [...fixes.toSorted((a, b) => isVerified(b) - isVerified(a)), ...here.flatMap(({ finding }) => commandsOf(finding, at))].filter(isFirstOfItsTitle);
}

/** Fixes at this place are being tried: their answer is worth a moment. */
export function areFixesPending(range: Range, at: CodeActionContext | undefined): boolean {
  if (at === undefined || at.reviewed.isSettled || at.version !== at.reviewed.version) return false;
  return at.reviewed.findings.some((finding) => overlaps(rangeOf(finding), range) && finding.evidence?.verdict === "confirmed" && finding.fixes.some(({ verified }) => verified === null));
}

const isFirstOfItsTitle = (action: CodeAction, index: number, all: readonly CodeAction[]): boolean =>
  action.command === undefined || all.findIndex(({ title }) => title === action.title) === index;

/** For a client that has these commands itself: another would run them and show nothing. */
function commandsOf(finding: Finding, at: CodeActionContext): readonly CodeAction[] {
  if (at.abilities.takesCommands || diagnosticIn(finding, at) === undefined) return [];
  const command = (title: string, name: string, argument: unknown): CodeAction => ({ title, kind: CodeActionKind.QuickFix, command: { title, command: name, arguments: [argument] } });
  return [
    command(`Emulate ${finding.function}()`, emulateCommand, { textDocument: { uri: at.uri }, function: finding.function }),
    command(`Explain ${finding.rule}`, explainCommand, finding.rule),
  ];
}

const explainCommand = "quiesce.explainRule";

/** undefined where the settings hide it. */
function diagnosticIn(finding: Finding, at: CodeActionContext): Diagnostic | undefined {
  return diagnosticsOf(at.uri, { ...at.reviewed, findings: [finding], notAnalysed: [], refused: undefined }, at.diagnosticOptions)[0];
}

function actionsOf(finding: Finding, index: number, at: CodeActionContext): readonly CodeAction[] {
  const diagnostic = diagnosticIn(finding, at);
  if (diagnostic === undefined) return [];
  return finding.fixes.flatMap((fix, place) => {
    // A fix that is being tried is not offered yet.
    const isPending = fix.verified === null && !at.reviewed.isSettled && at.version === at.reviewed.version;
    if (fix.verified === false || isPending) return [];
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
