/** Steps of several roles side by side, as a mail carries them: no tabs, at most 78 columns. */

/** Columns of a mail that survive being quoted once or twice. */
export const widthMax = 78;

const numberWidthMin = 3;
/** Below this a column is unreadable; more roles than fit share the width all the same. */
const columnWidthMin = 10;
const ruleWidthMax = 14;

export type Column = { readonly name: string; /** A function, with or without its brackets; empty for none. */ readonly title: string };

export type Cell = {
  readonly column: number;
  readonly number: number;
  readonly text: string;
  readonly hazard: boolean;
  /** `iommu.c:120`, or nothing. */
  readonly margin: string;
};

export function drawColumns(columns: readonly Column[], cells: readonly Cell[]): readonly string[] {
  const labelOf = ({ number, hazard }: Cell): string => `${String(number)}${hazard ? "!" : ""}`;
  const numberWidth = Math.max(numberWidthMin, ...cells.map((cell) => labelOf(cell).length + 1));
  const margin = Math.max(...cells.map((cell) => cell.margin.length), 4);
  const count = Math.max(columns.length, 1);
  const width = Math.max(columnWidthMin, Math.floor((widthMax - numberWidth - margin - 1 - count) / count));
  const row = (number: string, parts: readonly string[], right: string): string => `${number.padEnd(numberWidth)}${parts.map((part) => part.padEnd(width)).join(" ")} ${right}`.trimEnd();
  const heads = columns.map(({ name }) => wrap(name, width, ""));
  const titles = columns.map(({ title }) => wrap(title, width, ""));
  const lines = [...grid(heads, row), ...grid(titles, row), row("", columns.map(() => "-".repeat(Math.min(width, ruleWidthMax))), "")];
  for (const cell of cells) {
    wrap(cell.text.replace(/\t/g, " "), width, "  ").forEach((part, index) => {
      const parts = columns.map((_, column) => (column === cell.column ? part : ""));
      lines.push(row(index === 0 ? labelOf(cell) : "", parts, index === 0 ? cell.margin : ""));
    });
  }
  return lines;
}

/** Cells of several lines, side by side. */
function grid(cells: readonly (readonly string[])[], row: (number: string, parts: readonly string[], right: string) => string): readonly string[] {
  const height = Math.max(...cells.map((cell) => cell.length), 0);
  return Array.from({ length: height }, (_, line) => row("", cells.map((cell) => cell[line] ?? ""), ""));
}

/** Longest file name that the margin shows whole. */
const fileNameMax = 18;

/** `iommu.c:120`; nothing for a step of the model itself (line 0). */
export function marginOf(file: string, line: number): string {
  if (line === 0) return "";
  const name = file.split("/").at(-1) ?? file;
  const shown = name.length > fileNameMax ? `${name.slice(0, fileNameMax - 3)}...` : name;
  return `${shown}:${String(line)}`;
}

/** Breaks at blanks where it can, inside a word where it must. */
export function wrap(text: string, width: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    let rest = word;
    for (;;) {
      const start = lines.length === 0 ? "" : indent;
      const candidate = line === "" ? start + rest : `${line} ${rest}`;
      if (candidate.length <= width) { line = candidate; break; }
      if (line.trim() !== "") { lines.push(line); line = ""; continue; }
      const cut = breakAt(start + rest, width);
      lines.push((start + rest).slice(0, cut));
      rest = (start + rest).slice(cut);
      if (rest === "") break;
    }
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}

/** The last place within `width` after which C may be broken without splitting a name, else a word of a name; else `width`. */
function breakAt(text: string, width: number): number {
  for (let at = width; at > width / 3; at--) if (/[([,.>;|&+=-]/.test(text[at - 1] ?? "") && !(text[at - 1] === "-" && text[at] === ">")) return at;
  // A name that does not fit breaks between its words.
  for (let at = width; at > width / 2; at--) if (text[at - 1] === "_") return at;
  return width;
}
