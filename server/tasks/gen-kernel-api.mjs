// docs/kernel-api.md: what the knowledge table says, header by header, for people. gen.mjs writes it and checks that it is fresh.

import { tableHeaders } from "./kernel-table.mjs";

const pageFile = "docs/kernel-api.md";

const first = `# Kernel APIs

What the reviewer knows of the kernel's functions and macros, from \`server/src/model/kernel-api\`. An API that is not here is a
call that nothing is known of: it withholds verdicts, because it may wait for a grace period or free what it is given.

- *partly*: what stands here is true, and may not be all. The call still withholds verdicts.
- *harmless*: it waits for no grace period, frees nothing of the caller's, and gives no order that a rule counts on.
- Numbers are arguments, from 0. *sleeps*: it may, whatever it is given.
`;

/** An effect in words: its kind, then what it is given, as name and value. */
function wordsOf(effect) {
  const { kind, ...rest } = effect;
  const parts = Object.entries(rest).flatMap(([key, value]) => {
    if (value === false || value === undefined) return [];
    if (value === true) return [key];
    if (Array.isArray(value)) return value.length === 0 ? [] : [value.join(" + ")];
    return [typeof value === "number" ? `${key} ${value}` : String(value)];
  });
  return parts.length === 0 ? kind : `${kind} (${parts.join(", ")})`;
}

function rowOf({ names, effects, partly, maySleep, neverWaits, since, until, source }) {
  const notes = [partly && "partly", maySleep && "sleeps", neverWaits && "waits for no grace period", since && `since ${since}`, until && `until ${until}`, source && `see ${source}`].filter(Boolean);
  const known = effects.length === 0 ? (partly ? "" : "harmless") : effects.map(wordsOf).join("; ");
  return `| ${names.map((name) => `\`${name}\``).join(" ")} | ${known} | ${notes.join(", ")} |`;
}

/** Text of the page; `headers` are those of the knowledge table. */
function kernelApiPage(headers, doNotEdit) {
  const files = [...new Set(headers.map(({ header }) => header))].sort();
  const count = headers.reduce((sum, { rows }) => sum + rows.reduce((inner, row) => inner + row.names.length, 0), 0);
  const sections = files.map((file) => [`## ${file}`, "", "| APIs | effects | notes |", "|---|---|---|", ...headers.filter(({ header }) => header === file).flatMap(({ rows }) => rows.map(rowOf)), ""].join("\n"));
  return [`<!-- ${doNotEdit} -->`, "", first, `${count} names.`, "", ...sections].join("\n");
}

/** Path → text of what this file generates. */
export async function kernelApiFiles(doNotEdit) {
  return new Map([[pageFile, kernelApiPage(await tableHeaders(), doNotEdit)]]);
}
