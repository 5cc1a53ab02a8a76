import { addFigures, noFigures } from "./figures.ts";
import type { FileReport, Figures } from "./figures.ts";
import type { Target } from "./options.ts";

/** In percent. */
export function percentagesOf(figures: Figures): Readonly<Record<Target["name"], number>> {
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
  return {
    files: share(figures.filesInError, figures.files),
    bytes: share(figures.bytesInError, figures.bytes),
    bodies: share(figures.bodiesInError, figures.bodies),
    lost: share(figures.lost, figures.tagged),
  };
}

const heads = ["", "files", "MB", "files err %", "bytes err %", "bodies", "bodies err %", "in skipped arms", "ctags", "lost %", "RCU loops", "bound", "skipped"];

/** One row per top directory, then those that have targets of their own, then all. */
export function tableOf(reports: readonly FileReport[]): string {
  const byFolder = new Map<string, Figures>();
  const add = (folder: string, figures: Figures): void => {
    const sum = byFolder.get(folder) ?? noFigures();
    addFigures(sum, figures);
    byFolder.set(folder, sum);
  };
  for (const { path, figures } of reports) add(path.includes("/") ? path.slice(0, path.indexOf("/")) : ".", figures);
  const folders = [...byFolder.keys()].sort();
  const watched = ["drivers/iommu", "drivers/vfio", "kernel/rcu"];
  for (const folder of watched) for (const { path, figures } of reports) if (path.startsWith(`${folder}/`)) add(folder, figures);
  for (const { figures } of reports) add("all", figures);
  const rows = [...folders, ...watched, "all"].flatMap((folder) => {
    const figures = byFolder.get(folder);
    return figures === undefined ? [] : [rowOf(folder, figures)];
  });
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  return [heads, ...rows].map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ")).join("\n");
}

function rowOf(folder: string, figures: Figures): readonly string[] {
  const shares = percentagesOf(figures);
  const counted = (share: number, count: number): string => `${share.toFixed(share === 0 ? 0 : 3)} (${count})`;
  return [
    folder,
    String(figures.files),
    (figures.bytes / 1e6).toFixed(1),
    counted(shares.files, figures.filesInError),
    counted(shares.bytes, figures.bytesInError),
    String(figures.bodies),
    counted(shares.bodies, figures.bodiesInError),
    String(figures.bodiesSkipped),
    String(figures.tagged),
    counted(shares.lost, figures.lost),
    String(figures.rcuLoops),
    String(figures.rcuLoopsBound),
    String(figures.rcuLoopsSkipped),
  ];
}

/** The last line of the report, by which scripts read it (contract, section 6). */
export function totalOf(figures: Figures, seconds: number): string {
  const { files, bytes, bodies, lost } = percentagesOf(figures);
  const counted = (count: number, share: number): string => `${String(count)} (${share.toFixed(3)} %)`;
  return `files ${String(figures.files)} with error ${counted(figures.filesInError, files)}, functions ${String(figures.bodies)} bodies with error ${counted(figures.bodiesInError, bodies)} lost ${counted(figures.lost, lost)}, bytes in error ${counted(figures.bytesInError, bytes)}, ${(figures.bytes / 1e6 / seconds).toFixed(1)} MB/s`;
}

/** Most bytes in ERROR first. */
export function worstFiles(reports: readonly FileReport[], count: number): string {
  const weight = ({ figures }: FileReport): number => figures.bytesInError + 100 * (figures.bodiesInError + figures.lost) + figures.filesInError;
  const bad = reports.filter((report) => weight(report) > 0).sort((a, b) => weight(b) - weight(a) || (a.path < b.path ? -1 : 1));
  const rows = bad.slice(0, count).map(({ path, figures, findings }) => `${String(figures.bytesInError).padStart(8)} bytes  ${String(figures.bodiesInError).padStart(3)} bodies  ${String(figures.lost).padStart(3)} lost  ${path}:${findings[0]?.line ?? 1}: ${findings[0]?.text ?? ""}`);
  return rows.join("\n");
}
