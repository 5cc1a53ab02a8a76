/** The output channel "Quiesce", which also remembers its last lines. */

import { type LogOutputChannel, window } from "vscode";
import { RecentLines } from "./recent-lines.ts";

/** What a report quotes. */
const reportedLinesMax = 50;

export type Log = { readonly channel: LogOutputChannel; readonly recent: RecentLines };

export function openLog(): Log {
  const channel = window.createOutputChannel("Quiesce", { log: true });
  const recent = new RecentLines(reportedLinesMax);
  return { channel: remembering(channel, recent), recent };
}

type Say = (message: string | Error, ...more: readonly unknown[]) => void;

/** The channel itself is frozen, so these stand before it. Traces are left out: they carry the text of documents. */
function remembering(channel: LogOutputChannel, recent: RecentLines): LogOutputChannel {
  const remembered = (level: string, say: Say): { readonly value: Say } => ({
    value(message, ...more) {
      recent.add(`${new Date().toISOString()} [${level}] ${message instanceof Error ? message.message : message}`);
      say(message, ...more);
    },
  });
  return Object.create(channel, {
    appendLine: remembered("info", (line) => channel.appendLine(String(line))),
    info: remembered("info", (message, ...more) => channel.info(String(message), ...more)),
    warn: remembered("warning", (message, ...more) => channel.warn(String(message), ...more)),
    error: remembered("error", (message, ...more) => channel.error(message, ...more)),
  }) as LogOutputChannel;
}
