/** One thread's part of a scan: files are claimed in small batches from a counter that all threads share. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { contentHash } from "./content-hash.ts";
import { Extractor, paddingBytes } from "./extract.ts";
import type { Shard } from "./shard.ts";

/** Shared between threads: Int32 cells. */
export const controlCell = { cancel: 0, claimed: 1, done: 2, total: 3 } as const;

export function newControl(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT));
}

const batchFiles = 16;

/** Larger files hold tables of numbers; they are known by name, and nothing of them is read. */
const fileBytesMax = 32_000_000;

/** A header beyond this size is looked at before it is read whole. */
const longHeaderBytes = 100_000;
const probeBytes = 65_536;

/** Reads what it claims until nothing is left or the scan is cancelled. A file that vanished is left out. */
export function scanFiles(top: string, paths: readonly string[], control: Int32Array): Shard {
  const extractor = new Extractor(paths.length);
  let buffer = new Uint8Array(1 << 20);
  for (;;) {
    const from = Atomics.add(control, controlCell.claimed, batchFiles);
    if (from >= paths.length || Atomics.load(control, controlCell.cancel) !== 0) return extractor.done();
    for (const path of paths.slice(from, from + batchFiles)) {
      buffer = scanFile(extractor, top, path, buffer);
      Atomics.add(control, controlCell.done, 1);
    }
  }
}

/** The text of one file, from memory; for a document that is open in an editor. */
export function scanText(path: string, text: Uint8Array): Shard {
  const extractor = new Extractor(1);
  const buffer = new Uint8Array((text.length + paddingBytes + 7) & ~7);
  buffer.set(text);
  extractor.read(buffer, text.length, { path, mtimeMs: 0, size: text.length, ...contentHash(buffer, text.length) });
  return extractor.done();
}

/** Answers with the buffer to use for the next file. */
function scanFile(extractor: Extractor, top: string, path: string, buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let file: number;
  try {
    file = openSync(join(top, path), "r");
  } catch {
    return buffer;
  }
  try {
    const { size, mtimeMs } = fstatSync(file);
    if (size > buffer.length - paddingBytes && size <= fileBytesMax) buffer = new Uint8Array((size + paddingBytes + 7) & ~7);
    const length = size > fileBytesMax ? 0 : readBytes(file, buffer, size, path.endsWith(".h"));
    buffer.fill(0, length, Math.min(length + paddingBytes, buffer.length));
    extractor.read(buffer, length, { path, mtimeMs, size, ...contentHash(buffer, length) });
  } catch {
    // Read errors in the middle of a file: it is not in the index, and the next refresh tries again.
  } finally {
    closeSync(file);
  }
  return buffer;
}

function readBytes(file: number, buffer: Uint8Array, size: number, isHeader: boolean): number {
  let length = 0;
  const fill = (stop: number): void => {
    while (length < stop) {
      const got = readSync(file, buffer, length, stop - length, length);
      if (got === 0) return;
      length += got;
    }
  };
  if (isHeader && size > longHeaderBytes) {
    fill(probeBytes);
    if (isRegisterList(buffer, length)) return length;
  }
  fill(size);
  return length;
}

/** Generated headers (hundreds of megabytes in 6.12) define registers and nothing else: after the first comment no call, no declaration. */
function isRegisterList(buffer: Uint8Array, length: number): boolean {
  let p = 0;
  while (p < length && !(buffer[p] === 42 && buffer[p + 1] === 47)) p++;
  for (; p < length; p++) {
    const c = buffer[p]!;
    if (c === 40 || c === 123 || c === 59) return false;
  }
  return true;
}
