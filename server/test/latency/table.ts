import type { Key } from "./keys.ts";
import type { Parts } from "./typing.ts";

/** Milliseconds that 95 of 100 keys may take. */
export const targets: Readonly<Record<Key["kind"], number>> = { ordinary: 50, breaking: 100 };

const columns = ["total", "rewrite", "reparse", "convert", "file", "functions", "process", "wall"] as const;

const width = { file: 44, kind: 9, column: 22 };

export const tableHead = `${"p50 / p95 / max in ms".padEnd(width.file)} ${"keys".padEnd(width.kind)}${columns.map((column) => column.padStart(width.column)).join("")}`;

export function rowOf(file: string, kind: Key["kind"], all: readonly Parts[]): { readonly text: string; readonly p95: number } {
  const cells = columns.map((column) => {
    const sorted = all.map((parts) => parts[column]).toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { column, p95: at(0.95), text: [at(0.5), at(0.95), sorted.at(-1) ?? 0].map((ms) => ms.toFixed(1)).join(" / ") };
  });
  return { text: `${file.padEnd(width.file)} ${kind.padEnd(width.kind)}${cells.map(({ text }) => text.padStart(width.column)).join("")}`, p95: cells[0]!.p95 };
}
