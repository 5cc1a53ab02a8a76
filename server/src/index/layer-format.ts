/** Which columns a layer has. A layer is the whole index or a part of it (the journal, an open document): the same shape. */

import type { ColumnArray } from "./container.ts";

export type LayerColumns = {
  readonly nameBlocks: Int32Array;
  readonly nameBytes: Uint8Array;
  readonly pathBlocks: Int32Array;
  readonly pathBytes: Uint8Array;
  /** By file, sorted by path. */
  readonly fileMtimeMs: Float64Array;
  readonly fileSize: Float64Array;
  readonly fileHash: Int32Array;
  /** First row of each file, and one more. */
  readonly fileFunction: Int32Array;
  readonly fileEdge: Int32Array;
  readonly fileTable: Int32Array;
  readonly fileEntry: Int32Array;
  readonly fileRcu: Int32Array;
  readonly functionName: Int32Array;
  readonly functionLine: Int32Array;
  /** Lines after the first; 65535 stands for all that are more. */
  readonly functionLines: Uint16Array;
  readonly functionFlags: Uint8Array;
  /** Where the function's edges begin in `edges`, and one more. */
  readonly functionEdges: Int32Array;
  /** An edge: lines since the last one << 2 | passed << 1 | has arguments; callee; the arguments' byte if there is one. */
  readonly edges: Uint8Array;
  /** By name: where its callers begin in `callers`, and one more. Each is the difference to the function before. */
  readonly nameCallers: Int32Array;
  readonly callers: Uint8Array;
  readonly tableType: Int32Array;
  readonly tableOwner: Int32Array;
  readonly tableVia: Int32Array;
  readonly tableLine: Int32Array;
  readonly entryTable: Int32Array;
  readonly entryField: Int32Array;
  readonly entryValue: Int32Array;
  readonly entryLine: Int32Array;
  readonly rcuStruct: Int32Array;
  readonly rcuField: Int32Array;
  readonly rcuLine: Int32Array;
};

export const linesMax = 65535;

export function toMap(columns: LayerColumns): ReadonlyMap<string, ColumnArray> {
  return new Map(Object.entries(columns));
}

/** The container's checksum and version vouch for names and types. */
export function fromMap(columns: ReadonlyMap<string, ColumnArray>): LayerColumns {
  return Object.fromEntries(columns) as unknown as LayerColumns;
}
