/** Every command of the extension, in one table. Each can be run from the palette in any state, and says what is missing. */

import { type Disposable, type Extension, commands, window } from "vscode";
import type { BaseLanguageClient } from "vscode-languageclient";
import type { ReplayedRun } from "../../server/src/protocol/index.ts";
import type { Move } from "../webview/messages.ts";
import { emulateFunction } from "./emulate.ts";
import { explainRule } from "./explain-rule.ts";
import { type FactsDocuments, showFacts } from "./facts.ts";
import type { Log } from "./log.ts";
import { copyReplay, exportLitmus, type ReplayPanel } from "./replay-panel.ts";
import { reportIssue } from "./report-issue.ts";
import type { LastEditor } from "./reviewed-documents.ts";
import type { RuleEntry } from "./rules.ts";
import type { Sample } from "./sample.ts";
import type { ServerSupervisor } from "./server-supervisor.ts";

export type CommandContext = {
  readonly extension: Extension<unknown>;
  readonly platform: string;
  readonly log: Log;
  readonly rules: readonly RuleEntry[];
  readonly lastEditor: LastEditor;
  readonly panel: ReplayPanel;
  readonly facts: FactsDocuments;
  readonly supervisor: ServerSupervisor<BaseLanguageClient>;
  readonly sample: Sample;
};

type Command = (...args: readonly unknown[]) => void | Promise<void>;

const moveByCommand: Readonly<Record<string, Move>> = {
  "quiesce.replayFirst": "first",
  "quiesce.replayBack": "back",
  "quiesce.replayStep": "step",
  "quiesce.replayLast": "last",
  "quiesce.replayToHazard": "hazard",
  "quiesce.replayNextRun": "nextRun",
  "quiesce.replayPreviousRun": "previousRun",
};

export function registerCommands(context: CommandContext): readonly Disposable[] {
  const { extension, platform, log, rules, lastEditor, panel, facts, supervisor, sample } = context;
  const { extensionUri } = extension;
  const emulate = { client: () => supervisor.running(), lastEditor, show: (replay: Parameters<ReplayPanel["show"]>[0]) => panel.show(replay) };
  const table: Readonly<Record<string, Command>> = {
    "quiesce.emulateFunction": (...args) => emulateFunction(emulate, args),
    "quiesce.showFacts": (...args) => showFacts({ client: () => supervisor.running(), lastEditor, documents: facts }, args),
    "quiesce.showReplay": () => (panel.hasReplay ? panel.reveal() : sayNoReplay()),
    "quiesce.copyReplay": () => withRun(panel, copyReplay),
    "quiesce.exportLitmus": () => withRun(panel, exportLitmus),
    "quiesce.explainRule": (id) => explainRule({ extensionUri, rules, lastEditor }, id),
    "quiesce.openSample": () => sample.open(),
    "quiesce.restartServer": () => supervisor.restart(),
    "quiesce.showLog": () => log.channel.show(true),
    "quiesce.reportIssue": () => reportIssue({ extension, platform, client: supervisor.client, recent: log.recent }),
    ...Object.fromEntries(Object.entries(moveByCommand).map(([id, move]) => [id, () => (panel.isOpen ? panel.move(move) : sayNoReplay())])),
  };
  return Object.entries(table).map(([id, run]) => commands.registerCommand(id, run));
}

function withRun(panel: ReplayPanel, use: (run: ReplayedRun) => Promise<void>): void | Promise<void> {
  if (!panel.hasReplay) return sayNoReplay();
  if (panel.run === undefined) return void window.showInformationMessage("Quiesce: there was nothing to replay in the function that was emulated last.");
  return use(panel.run);
}

function sayNoReplay(): void {
  void window.showInformationMessage("Quiesce: no replay is open. Put the cursor in a function of a C file and run Quiesce: Emulate This Function.");
}
