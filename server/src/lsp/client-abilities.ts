/** What the client says it can do, reduced to the questions that this server asks. */

import type { InitializeParams } from "vscode-languageserver";
import type { ClientOptions } from "../protocol/index.ts";

export type ClientAbilities = {
  readonly pullsDiagnostics: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly relatedInformation: boolean;
  readonly codeDescription: boolean;
  readonly documentChanges: boolean;
  readonly codeActionLiterals: boolean;
  readonly disabledCodeActions: boolean;
  readonly preferredCodeActions: boolean;
  readonly resolvesEdits: boolean;
  readonly configuration: boolean;
  readonly registersConfiguration: boolean;
  readonly registersWatchers: boolean;
  readonly workDoneProgress: boolean;
  readonly workspaceFolders: boolean;
  readonly refreshesLenses: boolean;
  readonly readsFiles: boolean;
  readonly status: boolean;
  /** Where the client shows the pages of rules itself. */
  readonly rulePages: string | undefined;
  /** A client that has the command `quiesce.emulateFunction` itself asks not to be offered ours. */
  readonly takesCommands: boolean;
};

export function abilitiesOf({ capabilities, initializationOptions }: InitializeParams): ClientAbilities {
  const { textDocument, workspace, window } = capabilities;
  const options = optionsOf(initializationOptions);
  const codeAction = textDocument?.codeAction;
  const published = textDocument?.publishDiagnostics;
  const pulled = textDocument?.diagnostic as { readonly relatedInformation?: boolean; readonly codeDescriptionSupport?: boolean } | undefined;
  return {
    pullsDiagnostics: pulled !== undefined,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport === true,
    relatedInformation: published?.relatedInformation === true || pulled?.relatedInformation === true,
    codeDescription: published?.codeDescriptionSupport === true || pulled?.codeDescriptionSupport === true,
    documentChanges: workspace?.workspaceEdit?.documentChanges === true,
    codeActionLiterals: codeAction?.codeActionLiteralSupport !== undefined,
    disabledCodeActions: codeAction?.disabledSupport === true,
    preferredCodeActions: codeAction?.isPreferredSupport === true,
    resolvesEdits: codeAction?.dataSupport === true && codeAction.resolveSupport?.properties.includes("edit") === true,
    configuration: workspace?.configuration === true,
    registersConfiguration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    registersWatchers: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
    workDoneProgress: window?.workDoneProgress === true,
    workspaceFolders: workspace?.workspaceFolders === true,
    refreshesLenses: workspace?.codeLens?.refreshSupport === true,
    readsFiles: options.readsFiles === true,
    status: options.status === true,
    rulePages: typeof options.rulePages === "string" ? options.rulePages : undefined,
    takesCommands: options.commands !== false,
  };
}

/** Unknown JSON: what is not of the right type counts as not given. */
function optionsOf(given: unknown): { readonly [K in keyof ClientOptions]?: unknown } {
  return typeof given === "object" && given !== null ? given : {};
}
