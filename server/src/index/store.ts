/**
 * Where an index lies and how it is read: the base, and a journal of the files that changed since. Both are written
 * whole under another name and moved into place, and the journal names the base it belongs to; so two processes can
 * work at once, and the worst that happens is that one does again what the other did.
 */

import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { err, ok, type Result } from "../base/result.ts";
import { checksum, encodeContainer, readContainer, writeAtomically, type StoreProblem } from "./container.ts";
import { fromMap, toMap, type LayerColumns } from "./layer-format.ts";
import { Layer } from "./layer.ts";

/** Changes whenever the extraction finds other things in the same text. */
const extractionVersion = 1;

export type StorePaths = { readonly kernel: string; readonly base: string; readonly journal: string };

type Meta = {
  readonly kind: "base" | "journal";
  readonly kernel: string;
  readonly extraction: number;
  /** Of a base: whether every file was read, and how many calls there were before those to one name were joined. */
  readonly isComplete: boolean;
  readonly calls: number;
  /** Of a journal: its base, and the files whose rows in the base no longer count. */
  readonly baseIdentity: number;
  readonly replaced: readonly string[];
};

export type StoredLayer = { readonly layer: Layer; readonly meta: Meta; readonly identity: number; readonly bytes: number };

export type Stored = { readonly base: StoredLayer; readonly journal: StoredLayer | undefined };

export type { StoreProblem };

export function storePaths(kernel: string, cacheDir: string): StorePaths {
  const real = realpathSync(kernel);
  const name = `${basename(real)}-${(checksum(Buffer.from(real)) >>> 0).toString(16).padStart(8, "0")}`;
  return { kernel: real, base: join(cacheDir, "index", `${name}.index`), journal: join(cacheDir, "index", `${name}.journal`) };
}

export function readStored(paths: StorePaths): Result<Stored, StoreProblem> {
  const base = readLayer(paths.base, paths.kernel, "base");
  if (!base.ok) return base;
  const journal = readLayer(paths.journal, paths.kernel, "journal");
  // A journal that is damaged, or of another base, is as none: the files that it held are found changed again.
  const isUsed = journal.ok && journal.value.meta.baseIdentity === base.value.identity;
  return ok({ base: base.value, journal: isUsed ? journal.value : undefined });
}

function readLayer(path: string, kernel: string, kind: Meta["kind"]): Result<StoredLayer, StoreProblem> {
  const read = readContainer(path);
  if (!read.ok) return read;
  const { columns, identity, bytes } = read.value;
  const meta = read.value.meta as Meta;
  if (meta.kind !== kind || meta.kernel !== kernel) return err({ kind: "foreign", reason: `it is about ${meta.kernel}` });
  if (meta.extraction !== extractionVersion) return err({ kind: "old", reason: "another version of Quiesce wrote it" });
  return ok({ layer: new Layer(fromMap(columns)), meta, identity, bytes });
}

export function writeBase(paths: StorePaths, columns: LayerColumns, about: { readonly isComplete: boolean; readonly calls: number }): void {
  const meta: Meta = { kind: "base", kernel: paths.kernel, extraction: extractionVersion, baseIdentity: 0, replaced: [], ...about };
  writeAtomically(paths.base, encodeContainer({ meta, columns: toMap(columns) }).parts);
}

export function writeJournal(paths: StorePaths, columns: LayerColumns, about: { readonly baseIdentity: number; readonly replaced: readonly string[] }): void {
  const meta: Meta = { kind: "journal", kernel: paths.kernel, extraction: extractionVersion, isComplete: true, calls: 0, ...about };
  writeAtomically(paths.journal, encodeContainer({ meta, columns: toMap(columns) }).parts);
}
