/** Finding → LSP: the only place that shapes one into the other. Positions of LSP count from 0, those of findings from 1. */

import { type CodeDescription, type Diagnostic, type DiagnosticRelatedInformation, DiagnosticSeverity, type Range, type TextDocumentEdit, type TextEdit, type WorkspaceEdit } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { EvidenceReport, Finding, Fix } from "../protocol/index.ts";
import type { Reviewed } from "./document-review.ts";
import type { Settings } from "./settings.ts";

/** A file as it is now; `version` is null when it is not open. */
export type CurrentFile = { readonly uri: string; readonly text: string; readonly version: number | null };

export type DiagnosticOptions = {
  readonly evidence: Settings["evidence"];
  readonly emulate: boolean;
  readonly relatedInformation: boolean;
  /** The page of a rule, where the client can link to it and the page is there. */
  readonly rulePage: (rule: string) => string | undefined;
};

const source = "quiesce";

export function diagnosticsOf(uri: string, reviewed: Reviewed, options: DiagnosticOptions): readonly Diagnostic[] {
  const findings = reviewed.findings.filter((finding) => isShown(finding.evidence, options)).map((finding) => diagnosticOf(uri, finding, reviewed, options));
  const regions = reviewed.notAnalysed.map(({ line, endLine, reason }): Diagnostic => ({
    range: { start: { line: line - 1, character: 0 }, end: { line: endLine, character: 0 } },
    severity: DiagnosticSeverity.Hint, source, code: "not-analysed", message: `not analysed: ${reason}`,
  }));
  const refused: readonly Diagnostic[] = reviewed.refused === undefined ? [] : [{
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    severity: DiagnosticSeverity.Information, source, code: "not-analysed", message: `not analysed: ${reviewed.refused}`,
  }];
  return [...refused, ...findings, ...regions];
}

function isShown(evidence: EvidenceReport | null, { evidence: least }: DiagnosticOptions): boolean {
  if (evidence === null || evidence.verdict === "confirmed") return true;
  return least === "all" || (least === "undecided" && evidence.verdict === "undecided");
}

function diagnosticOf(uri: string, finding: Finding, reviewed: Reviewed, options: DiagnosticOptions): Diagnostic {
  const page = options.rulePage(finding.rule);
  const codeDescription: { codeDescription?: CodeDescription } = page === undefined ? {} : { codeDescription: { href: page } };
  const relatedInformation = options.relatedInformation ? relatedTo(uri, finding, reviewed) : [];
  return {
    range: rangeOf(finding),
    severity: severityOf(finding, options),
    source,
    code: finding.rule,
    ...codeDescription,
    message: `${finding.message}\n${verdictOf(finding.evidence, options)}`.trimEnd(),
    ...(relatedInformation.length === 0 ? {} : { relatedInformation }),
    data: finding,
  };
}

export function rangeOf(finding: Finding): Range {
  return { start: { line: finding.line - 1, character: finding.column - 1 }, end: { line: finding.endLine - 1, character: finding.endColumn - 1 } };
}

/** Nothing is called an error before it was tried. */
function severityOf({ severity, evidence }: Finding, { emulate }: DiagnosticOptions): DiagnosticSeverity {
  if (evidence === null ? emulate : evidence.verdict !== "confirmed") return DiagnosticSeverity.Hint;
  switch (severity) {
    case "error": return DiagnosticSeverity.Error;
    case "warning": return DiagnosticSeverity.Warning;
    case "note": return DiagnosticSeverity.Information;
  }
}

function verdictOf(evidence: EvidenceReport | null, { emulate }: DiagnosticOptions): string {
  if (evidence === null) return emulate ? "not yet tried" : "";
  return evidence.reason === "" ? evidence.verdict : `${evidence.verdict}: ${evidence.reason}`;
}

/** From the entry point to the race, step by step; where no execution tells it, the places that meet. */
function relatedTo(uri: string, finding: Finding, reviewed: Reviewed): DiagnosticRelatedInformation[] {
  const at = (file: string, line: number, column: number, message: string): DiagnosticRelatedInformation => {
    const position = { line: line - 1, character: column - 1 };
    return { location: { uri: file === finding.file ? uri : (reviewed.reads.get(file)?.uri ?? uri), range: { start: position, end: position } }, message };
  };
  return [
    ...finding.path.map((step) => at(step.file, step.line, 1, `${step.function}(), ${step.role}`)),
    ...finding.steps.map((step, index) => at(step.file, step.line === 0 ? finding.line : step.line, 1, `${String(index + 1)}. ${step.role}: ${step.text}`)),
    ...(finding.steps.length > 0 ? [] : finding.related.map((place) => at(place.file, place.line, place.column, place.message))),
  ];
}

export type FixEdit = { readonly kind: "edit"; readonly edit: WorkspaceEdit } | { readonly kind: "changed"; readonly file: string };

export type FixContext = {
  readonly uri: string;
  readonly reviewed: Reviewed;
  /** The file as it is now. */
  readonly read: (uri: string) => CurrentFile | undefined;
  readonly documentChanges: boolean;
};

/** The edit, carrying the versions that the finding was computed for; "changed" where a text is another by now. */
export function workspaceEditOf(fix: Fix, { uri, reviewed, read, documentChanges }: FixContext): FixEdit {
  const changes: TextDocumentEdit[] = [];
  const names = [...new Set(fix.edits.map((edit) => edit.file))];
  for (const name of names) {
    const before = reviewed.reads.get(name) ?? { uri, text: reviewed.text };
    const current = read(before.uri);
    if (current === undefined || before.text === undefined || current.text !== before.text) return { kind: "changed", file: name };
    const document = TextDocument.create(before.uri, "c", 0, before.text);
    const edits = fix.edits.filter((edit) => edit.file === name).map((edit): TextEdit => ({
      range: { start: document.positionAt(edit.start), end: document.positionAt(edit.end) }, newText: edit.newText,
    }));
    changes.push({ textDocument: { uri: current.uri, version: current.version }, edits });
  }
  if (documentChanges) return { kind: "edit", edit: { documentChanges: changes } };
  return { kind: "edit", edit: { changes: Object.fromEntries(changes.map(({ textDocument, edits }) => [textDocument.uri, edits as TextEdit[]])) } };
}
