/** The rules, as the settings in package.json list them; `npm run gen` writes those from the rules themselves. */

import type { Diagnostic, Extension } from "vscode";

export type RuleEntry = { readonly id: string; readonly title: string };

type Manifest = {
  readonly version: string;
  readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, Setting>> } };
};

type Setting = { readonly default?: unknown; readonly properties?: Readonly<Record<string, { readonly description: string }>> };

export function manifestOf({ packageJSON }: Extension<unknown>): Manifest {
  return packageJSON as Manifest;
}

export function rulesIn(manifest: Manifest): readonly RuleEntry[] {
  const rules = manifest.contributes.configuration.properties["quiesce.rules"]?.properties ?? {};
  return Object.entries(rules).map(([id, { description }]) => ({ id, title: description }));
}

/** The rule that a diagnostic of ours comes from. */
export function ruleOf({ source, code }: Diagnostic): string | undefined {
  const value = typeof code === "object" ? code.value : code;
  return source === "quiesce" && typeof value === "string" ? value : undefined;
}
