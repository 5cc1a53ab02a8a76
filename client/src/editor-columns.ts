/** Where sources and the replay go, so that neither covers the other and no third column is made without need. */

import { type TabGroup, type Uri, TabInputText, TabInputWebview, ViewColumn, window } from "vscode";

export const replayViewType = "quiesce.replay";

/** For a source: where it is open already, else among other sources, else anywhere but over the replay. */
export function columnForSource(uri: Uri): ViewColumn {
  const groups = window.tabGroups.all.filter((group) => !showsReplay(group));
  const free = groups.map(({ viewColumn }) => viewColumn);
  const source = window.visibleTextEditors.find(({ viewColumn }) => viewColumn !== undefined && free.includes(viewColumn))?.viewColumn;
  return groups.find((group) => holds(group, uri))?.viewColumn ?? source ?? groups[0]?.viewColumn ?? ViewColumn.Beside;
}

/** For the replay: beside its source, to the right where there is a column or none at all, else to the left. */
export function columnForReplay(uri: Uri): ViewColumn {
  const groups = window.tabGroups.all;
  const shown = window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString())?.viewColumn;
  const source = shown ?? groups.find((group) => holds(group, uri))?.viewColumn;
  if (source === undefined || groups.length === 1) return ViewColumn.Beside;
  const beside = (distance: number): ViewColumn | undefined => groups.find(({ viewColumn }) => viewColumn - source === distance)?.viewColumn;
  return beside(1) ?? beside(-1) ?? ViewColumn.Beside;
}

function holds({ tabs }: TabGroup, uri: Uri): boolean {
  return tabs.some(({ input }) => input instanceof TabInputText && input.uri.toString() === uri.toString());
}

/** VS Code puts a prefix of its own before the type. */
function showsReplay({ activeTab }: TabGroup): boolean {
  return activeTab?.input instanceof TabInputWebview && activeTab.input.viewType.endsWith(replayViewType);
}
