/** Plain tables for the terminal: the first column to the left, numbers to the right. */

export function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = heads.map((_, column) => rows.every((row) => /^[\d.,% ()/+-]*$/.test(row[column] ?? "")));
  const line = (row: readonly string[]): string => heads.map((_, column) => (isNumber[column] ? (row[column] ?? "").padStart(widths[column]!) : (row[column] ?? "").padEnd(widths[column]!))).join("  ").trimEnd();
  return [heads, ...rows].map(line).join("\n");
}

/** "12.3 %"; nothing of nothing is 0. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? "0.0" : ((100 * part) / whole).toFixed(1)} %`;
}

export function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

/** Most first, then by name: the same on every machine. */
export function ranked(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}
