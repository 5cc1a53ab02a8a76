/** A layer as it is asked: views into the file's bytes, and nothing made before it is needed. */

import { NumberReader } from "./columns.ts";
import { linesMax, type LayerColumns } from "./layer-format.ts";
import { NameTable } from "./name-table.ts";
import { rowsByValue } from "./rows-by-value.ts";
import { argumentBits, parameterAt, passedFlag, type FileStamp, type Shard } from "./shard.ts";

/** `parameters[i]`: the caller's parameter that is argument i of the call, or -1. */
export type LayerEdge = { readonly callee: number; readonly line: number; readonly isPassed: boolean; readonly parameters: readonly [number, number] };

export type LayerTable = { readonly type: number; readonly owner: number; readonly via: number; readonly line: number };

export class Layer {
  readonly columns: LayerColumns;
  readonly names: NameTable;
  readonly paths: NameTable;
  readonly #sorted = new Map<string, Int32Array>();

  constructor(columns: LayerColumns) {
    this.columns = columns;
    this.names = new NameTable({ blocks: columns.nameBlocks, bytes: columns.nameBytes });
    this.paths = new NameTable({ blocks: columns.pathBlocks, bytes: columns.pathBytes });
  }

  get fileCount(): number {
    return this.columns.fileMtimeMs.length;
  }

  stamp(file: number): FileStamp {
    const { fileMtimeMs, fileSize, fileHash } = this.columns;
    return { path: this.paths.text(file), mtimeMs: fileMtimeMs[file]!, size: fileSize[file]!, hash: fileHash[file * 2]!, hash2: fileHash[file * 2 + 1]! };
  }

  fileOfFunction(fn: number): number {
    return ownerOf(this.columns.fileFunction, fn);
  }

  fileOfEntry(entry: number): number {
    return ownerOf(this.columns.fileEntry, entry);
  }

  fileOfTable(table: number): number {
    return ownerOf(this.columns.fileTable, table);
  }

  functionsNamed(name: number): readonly number[] {
    return this.#rowsWith("functionName", name);
  }

  tablesOfType(type: number): readonly number[] {
    return this.#rowsWith("tableType", type);
  }

  entriesOf(value: number): readonly number[] {
    return this.#rowsWith("entryValue", value);
  }

  /** Entries of one table stand in one file, but not always together. */
  entriesOfTable(table: number): readonly number[] {
    const file = this.fileOfTable(table);
    const rows: number[] = [];
    for (let entry = this.columns.fileEntry[file]!; entry < this.columns.fileEntry[file + 1]!; entry++) if (this.columns.entryTable[entry] === table) rows.push(entry);
    return rows;
  }

  callersOf(name: number): readonly number[] {
    const reader = new NumberReader(this.columns.callers, this.columns.nameCallers[name]!);
    const stop = this.columns.nameCallers[name + 1]!;
    const found: number[] = [];
    for (let caller = 0; reader.position < stop; ) {
      caller += reader.next();
      found.push(caller);
    }
    return found;
  }

  edgesOf(fn: number): readonly LayerEdge[] {
    const reader = new NumberReader(this.columns.edges, this.columns.functionEdges[fn]!);
    const stop = this.columns.functionEdges[fn + 1]!;
    const found: LayerEdge[] = [];
    let line = this.columns.functionLine[fn]!;
    while (reader.position < stop) {
      const head = reader.next();
      line += head >>> 2;
      const callee = reader.next();
      const bits = head & 1 ? reader.nextByte() : 0;
      found.push({ callee, line, isPassed: (head & 2) !== 0, parameters: [parameterAt(bits, 0), parameterAt(bits, 1)] });
    }
    return found;
  }

  lastLine(fn: number): number {
    return this.columns.functionLine[fn]! + this.columns.functionLines[fn]!;
  }

  /** The order is not stored: it is made in a hundredth of a second, when it is first asked for. */
  #rowsWith(column: "functionName" | "tableType" | "entryValue", value: number): readonly number[] {
    let sorted = this.#sorted.get(column);
    if (sorted === undefined) {
      sorted = rowsByValue(this.columns[column], this.names.count);
      this.#sorted.set(column, sorted);
    }
    return rowsOf(sorted, this.columns[column], value);
  }

  /** For merging with others. */
  toShard(): Shard {
    const c = this.columns;
    const start = new Int32Array(this.names.count + 1);
    const texts = this.names.all();
    const joined = Buffer.from(texts.join(""), "latin1");
    texts.forEach((text, id) => (start[id + 1] = start[id]! + text.length));
    const edgeStart = new Int32Array(c.functionName.length + 1);
    const edgeCallee: number[] = [];
    const edgeLine: number[] = [];
    const edgeFlags: number[] = [];
    for (let fn = 0; fn < c.functionName.length; fn++) {
      for (const { callee, line, isPassed, parameters } of this.edgesOf(fn)) {
        edgeCallee.push(callee);
        edgeLine.push(line);
        edgeFlags.push((isPassed ? passedFlag : 0) | bitsOf(parameters));
      }
      edgeStart[fn + 1] = edgeCallee.length;
    }
    return {
      names: { bytes: joined, start },
      files: Array.from({ length: this.fileCount }, (_, file) => this.stamp(file)),
      functionStart: c.fileFunction,
      functionName: c.functionName,
      functionLine: c.functionLine,
      functionLastLine: Int32Array.from(c.functionLine, (line, fn) => line + Math.min(linesMax, c.functionLines[fn]!)),
      functionFlags: Int32Array.from(c.functionFlags),
      edgeStart,
      edgeCallee: Int32Array.from(edgeCallee),
      edgeLine: Int32Array.from(edgeLine),
      edgeFlags: Int32Array.from(edgeFlags),
      tableStart: c.fileTable,
      tableType: c.tableType,
      tableOwner: c.tableOwner,
      tableVia: c.tableVia,
      tableLine: c.tableLine,
      entryStart: c.fileEntry,
      entryTable: c.entryTable,
      entryField: c.entryField,
      entryValue: c.entryValue,
      entryLine: c.entryLine,
      rcuStart: c.fileRcu,
      rcuStruct: c.rcuStruct,
      rcuField: c.rcuField,
      rcuLine: c.rcuLine,
      callCount: 0,
    };
  }
}

const bitsOf = (parameters: readonly [number, number]): number =>
  (parameters[0] < 0 ? 0 : argumentBits(0, parameters[0])) | (parameters[1] < 0 ? 0 : argumentBits(1, parameters[1]));

/** Which of the ranges `start[i]` to `start[i + 1]` holds the row. */
function ownerOf(start: Int32Array, row: number): number {
  let low = 0;
  let high = start.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (start[middle]! <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rows of `sorted` whose value in `column` is `value`. */
function rowsOf(sorted: Int32Array, column: Int32Array, value: number): readonly number[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[sorted[middle]!]! < value) low = middle + 1;
    else high = middle;
  }
  const rows: number[] = [];
  for (; low < sorted.length && column[sorted[low]!] === value; low++) rows.push(sorted[low]!);
  return rows;
}
