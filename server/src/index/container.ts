/**
 * One file of named columns. What is read back is believed only when its kind, version, lengths and checksums are
 * right; everything else is `undefined` with a reason, and the caller makes the file anew.
 */

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { err, ok, type Result } from "../base/result.ts";

export type ColumnArray = Int32Array | Uint16Array | Uint8Array | Float64Array;

export type Container = { readonly meta: unknown; readonly columns: ReadonlyMap<string, ColumnArray> };

/** Why a file is not used. */
export type StoreProblem = { readonly kind: "missing" | "damaged" | "foreign" | "old"; readonly reason: string };

const magic = 0x58495351;

/** Changes whenever what the columns mean does; a file of another version is made anew. */
export const formatVersion = 1;

const headerBytes = 32;

const makers = { i32: Int32Array, u16: Uint16Array, u8: Uint8Array, f64: Float64Array } as const;
type TypeName = keyof typeof makers;

type Described = { readonly name: string; readonly type: TypeName; readonly offset: number; readonly length: number; readonly sum: number };

const typeOf = (column: ColumnArray): TypeName =>
  column instanceof Int32Array ? "i32" : column instanceof Uint16Array ? "u16" : column instanceof Uint8Array ? "u8" : "f64";

/** Two files with the same content have the same number; it names the base to which a journal belongs. */
export function encodeContainer({ meta, columns }: Container): { readonly parts: readonly Uint8Array[]; readonly bytes: number; readonly identity: number } {
  const described: Described[] = [];
  const bodies: Uint8Array[] = [];
  let offset = 0;
  for (const [name, column] of columns) {
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    described.push({ name, type: typeOf(column), offset, length: column.length, sum: checksum(bytes) });
    const padding = -bytes.length & 7;
    bodies.push(bytes, new Uint8Array(padding));
    offset += bytes.length + padding;
  }
  const json = Buffer.from(JSON.stringify({ meta, columns: described }));
  const start = (headerBytes + json.length + 7) & ~7;
  const identity = checksum(json);
  const head = new Uint8Array(start);
  new Int32Array(head.buffer, 0, 6).set([magic, formatVersion, json.length, identity, start, offset]);
  head.set(json, headerBytes);
  return { parts: [head, ...bodies], bytes: start + offset, identity };
}

/** Under another name first: who reads meanwhile sees the old file or the new one, whole. */
export function writeAtomically(path: string, parts: readonly Uint8Array[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${String(process.pid)}.${Math.random().toString(36).slice(2)}.tmp`;
  const file = openSync(temporary, "w");
  try {
    try {
      for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(file, part, at, part.length - at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function readContainer(path: string): Result<Container & { readonly identity: number; readonly bytes: number }, StoreProblem> {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return err({ kind: isMissing ? "missing" : "damaged", reason: isMissing ? "there is none yet" : `it cannot be read (${String((error as NodeJS.ErrnoException).code)})` });
  }
  return decodeContainer(file);
}

export function decodeContainer(file: Buffer): Result<Container & { readonly identity: number; readonly bytes: number }, StoreProblem> {
  const damaged = (reason: string) => err<StoreProblem>({ kind: "damaged", reason });
  if (file.length < headerBytes) return damaged("it is too short");
  // Columns are views: they must begin at a multiple of their width.
  const bytes = file.byteOffset % 8 === 0 ? file : new Uint8Array(file);
  const buffer = bytes.buffer as ArrayBuffer;
  const [kind, version, jsonBytes = 0, identity = 0, start = 0, bodyBytes = 0] = new Int32Array(bytes.buffer, bytes.byteOffset, 6);
  if (kind !== magic) return err({ kind: "foreign", reason: "it is not an index" });
  if (version !== formatVersion) return err({ kind: "old", reason: `it has format ${String(version)}, this program writes ${String(formatVersion)}` });
  if (jsonBytes < 0 || start < headerBytes + jsonBytes || start + bodyBytes !== bytes.length) return damaged("its length is not what its head says");
  const json = bytes.subarray(headerBytes, headerBytes + jsonBytes);
  if (checksum(json) !== identity) return damaged("its head has another checksum");
  // The checksum vouches for the shape: only this program writes it.
  const described = JSON.parse(Buffer.from(json).toString("utf8")) as { readonly meta: unknown; readonly columns: readonly Described[] };
  const columns = new Map<string, ColumnArray>();
  for (const { name, type, offset, length, sum } of described.columns) {
    const column = new makers[type](buffer, bytes.byteOffset + start + offset, length);
    if (checksum(new Uint8Array(column.buffer, column.byteOffset, column.byteLength)) !== sum) return damaged(`its part ${name} has another checksum`);
    columns.set(name, column);
  }
  return ok({ meta: described.meta, columns, identity, bytes: bytes.length });
}

/** Four sums side by side, a word at a time where words lie so: 57 MB are checked in a few hundredths of a second. */
export function checksum(bytes: Uint8Array): number {
  const prime = 0x01000193;
  let a = 0x1505 ^ bytes.length;
  let b = 0x9e37;
  let c = 0x79b9;
  let d = 0x7f4a;
  let p = 0;
  if (bytes.byteOffset % 4 === 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    let i = 0;
    for (; i + 4 <= words.length; i += 4) {
      a = Math.imul(a ^ words[i]!, prime);
      b = Math.imul(b ^ words[i + 1]!, prime);
      c = Math.imul(c ^ words[i + 2]!, prime);
      d = Math.imul(d ^ words[i + 3]!, prime);
    }
    p = i * 4;
  }
  for (; p < bytes.length; p++) a = Math.imul(a ^ bytes[p]!, prime);
  // High bits never reach low ones in a product: fold them down before the sums are joined.
  const folded = [a, b, c, d].map((sum) => sum ^ (sum >>> 15));
  return folded.reduce((sum, part) => Math.imul(sum ^ part, 0x85ebca6b) ^ (sum >>> 13), 0x27d4eb2f) | 0;
}
