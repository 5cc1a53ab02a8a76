/** The text of a report that a person may send: what is needed to find the cause, and no source code. */

export type IssueFacts = {
  readonly extension: string;
  readonly server: string;
  readonly vscode: string;
  /** System and kind of host: desktop, remote or web. */
  readonly host: string;
  readonly settings: readonly { readonly name: string; readonly value: unknown }[];
  readonly logLines: readonly string[];
};

export function issueReport({ extension, server, vscode, host, settings, logLines }: IssueFacts): string {
  const list = settings.map(({ name, value }) => `- \`${name}\`: \`${JSON.stringify(value)}\``);
  const fence = fenceFor(logLines);
  return [
    "# Report on Quiesce",
    "",
    "Nothing has been sent. Read this, cut what should not leave your machine (the log may name files), and send it where you got the extension from, or to nobody.",
    "",
    "## What happened",
    "",
    "(What did you do, what did you expect, what came instead? If it is about a finding: the smallest function that shows it helps most.)",
    "",
    "## Versions",
    "",
    `- Quiesce ${extension}, server ${server}`,
    `- ${vscode}`,
    `- ${host}`,
    "",
    "## Settings that differ from the default",
    "",
    ...(list.length === 0 ? ["None."] : list),
    "",
    `## Last lines of the log (${String(logLines.length)})`,
    "",
    `${fence}text`,
    ...logLines,
    fence,
    "",
  ].join("\n");
}

/** Longer than any row of backticks inside. */
function fenceFor(lines: readonly string[]): string {
  const longest = Math.max(0, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((row) => row.length)));
  return "`".repeat(Math.max(3, longest + 1));
}
