/** What was found in a number of files, as columns: the form in which threads hand it on and layers are made from it. */

import { Column } from "./columns.ts";
import type { NameBytes, NamePool } from "./name-pool.ts";

export const functionFlag = { static: 1, inline: 2, macro: 4, head: 8, exported: 16 } as const;

export type FileStamp = { readonly path: string; readonly mtimeMs: number; readonly size: number; readonly hash: number; readonly hash2: number };

/** All names are ids of `names`. Rows of one file stand together; `…Start[file]` is its first row, with one more at the end. */
export type Shard = {
  readonly names: NameBytes;
  readonly files: readonly FileStamp[];
  readonly functionStart: Int32Array;
  readonly functionName: Int32Array;
  readonly functionLine: Int32Array;
  readonly functionLastLine: Int32Array;
  readonly functionFlags: Int32Array;
  /** Edges of one function stand together, by line. `edgeStart[function]`, with one more at the end. */
  readonly edgeStart: Int32Array;
  readonly edgeCallee: Int32Array;
  readonly edgeLine: Int32Array;
  /** Bit 8: the function is passed as an argument, not called. Low bits: see `argumentsOf`. */
  readonly edgeFlags: Int32Array;
  readonly tableStart: Int32Array;
  readonly tableType: Int32Array;
  /** The variable, or the function in which it stands. */
  readonly tableOwner: Int32Array;
  /** The field or the API through which it is reached; 0 for the variable itself. */
  readonly tableVia: Int32Array;
  readonly tableLine: Int32Array;
  readonly entryStart: Int32Array;
  readonly entryTable: Int32Array;
  readonly entryField: Int32Array;
  readonly entryValue: Int32Array;
  readonly entryLine: Int32Array;
  readonly rcuStart: Int32Array;
  readonly rcuStruct: Int32Array;
  readonly rcuField: Int32Array;
  readonly rcuLine: Int32Array;
  /** Every call, before those to one name in one function were joined. */
  readonly callCount: number;
};

export const passedFlag = 256;

/** A parameter of the caller that is handed on as it is: in the low nibble for argument 0, in the high one for 1; from 1. */
export function argumentBits(argument: number, parameter: number): number {
  return parameter < 15 && argument < 2 ? (parameter + 1) << (argument * 4) : 0;
}

/** The caller's parameter that is argument `argument`, or -1. */
export function parameterAt(flags: number, argument: number): number {
  return argument > 1 ? -1 : ((flags >> (argument * 4)) & 15) - 1;
}

const columnNames = [
  "functionStart", "functionName", "functionLine", "functionLastLine", "functionFlags", "edgeStart", "edgeCallee", "edgeLine", "edgeFlags", "tableStart", "tableType", "tableOwner",
  "tableVia", "tableLine", "entryStart", "entryTable", "entryField", "entryValue", "entryLine", "rcuStart", "rcuStruct", "rcuField", "rcuLine",
] as const;

type ColumnName = (typeof columnNames)[number];

/** Collects rows. Edges of the present file are kept aside until it ends, because callbacks are known only then. */
export class ShardBuilder {
  readonly #columns = Object.fromEntries(columnNames.map((name) => [name, new Column()])) as Record<ColumnName, Column>;
  readonly #files: FileStamp[] = [];
  readonly #edgeFunction = new Column();
  readonly #edgeCallee = new Column();
  readonly #edgeLine = new Column();
  readonly #edgeFlags = new Column();
  /** By name id: the function that called it last, and that edge. */
  #seenFunction = new Int32Array(1 << 12).fill(-1);
  #seenEdge = new Int32Array(1 << 12);
  #callCount = 0;

  beginFile(): void {
    const c = this.#columns;
    c.functionStart.push(c.functionName.count);
    c.tableStart.push(c.tableType.count);
    c.entryStart.push(c.entryTable.count);
    c.rcuStart.push(c.rcuStruct.count);
  }

  get firstFunctionOfFile(): number {
    return this.#columns.functionStart.at(this.#columns.functionStart.count - 1);
  }

  get functionCount(): number {
    return this.#columns.functionName.count;
  }

  functionName(fn: number): number {
    return this.#columns.functionName.at(fn);
  }

  addFunction(name: number, line: number, lastLine: number, flags: number): number {
    const c = this.#columns;
    c.functionName.push(name);
    c.functionLine.push(line);
    c.functionLastLine.push(lastLine);
    c.functionFlags.push(flags);
    return c.functionName.count - 1;
  }

  endFunction(fn: number, lastLine: number): void {
    this.#columns.functionLastLine.set(fn, lastLine);
  }

  addFlags(fn: number, flags: number): void {
    this.#columns.functionFlags.set(fn, this.#columns.functionFlags.at(fn) | flags);
  }

  /** A call, joined with an earlier one of the same function to the same name. Returns the edge. */
  addCall(fn: number, callee: number, line: number): number {
    this.#callCount++;
    if (callee >= this.#seenFunction.length) this.#growSeen(callee);
    if (this.#seenFunction[callee] === fn) return this.#seenEdge[callee]!;
    this.#seenFunction[callee] = fn;
    return (this.#seenEdge[callee] = this.#addEdge(fn, callee, line, 0));
  }

  addPassed(fn: number, callee: number, line: number): void {
    this.#addEdge(fn, callee, line, passedFlag);
  }

  addArgument(edge: number, bits: number, mask: number): void {
    const flags = this.#edgeFlags.at(edge);
    if ((flags & mask) === 0) this.#edgeFlags.set(edge, flags | bits);
  }

  addTable(type: number, owner: number, via: number, line: number): number {
    const c = this.#columns;
    c.tableType.push(type);
    c.tableOwner.push(owner);
    c.tableVia.push(via);
    c.tableLine.push(line);
    return c.tableType.count - 1;
  }

  addEntry(table: number, field: number, value: number, line: number): void {
    const c = this.#columns;
    c.entryTable.push(table);
    c.entryField.push(field);
    c.entryValue.push(value);
    c.entryLine.push(line);
  }

  addRcuField(struct: number, field: number, line: number): void {
    const c = this.#columns;
    c.rcuStruct.push(struct);
    c.rcuField.push(field);
    c.rcuLine.push(line);
  }

  endFile(stamp: FileStamp): void {
    this.#files.push(stamp);
    this.#sortEdges();
  }

  done(pool: NamePool): Shard {
    const c = this.#columns;
    this.beginFile();
    c.edgeStart.push(c.edgeCallee.count);
    const columns = Object.fromEntries(columnNames.map((name) => [name, c[name].done()])) as Record<ColumnName, Int32Array>;
    return { ...columns, names: pool.table(), files: this.#files, callCount: this.#callCount };
  }

  #addEdge(fn: number, callee: number, line: number, flags: number): number {
    this.#edgeFunction.push(fn);
    this.#edgeCallee.push(callee);
    this.#edgeLine.push(line);
    this.#edgeFlags.push(flags);
    return this.#edgeFunction.count - 1;
  }

  /** Counting sort by function; it is stable, so the calls of one function stay by line. */
  #sortEdges(): void {
    const c = this.#columns;
    const first = this.firstFunctionOfFile;
    const functions = this.functionCount - first;
    const count = this.#edgeFunction.count;
    const next = new Int32Array(functions + 1);
    for (let edge = 0; edge < count; edge++) next[this.#edgeFunction.at(edge) - first + 1]!++;
    for (let fn = 0; fn < functions; fn++) next[fn + 1]! += next[fn]!;
    const base = c.edgeCallee.count;
    for (let fn = 0; fn < functions; fn++) c.edgeStart.push(base + next[fn]!);
    const order = new Int32Array(count);
    for (let edge = 0; edge < count; edge++) order[next[this.#edgeFunction.at(edge) - first]!++] = edge;
    for (const edge of order) {
      c.edgeCallee.push(this.#edgeCallee.at(edge));
      c.edgeLine.push(this.#edgeLine.at(edge));
      c.edgeFlags.push(this.#edgeFlags.at(edge));
    }
    for (const column of [this.#edgeFunction, this.#edgeCallee, this.#edgeLine, this.#edgeFlags]) column.clear();
  }

  #growSeen(id: number): void {
    const capacity = Math.max(this.#seenFunction.length * 2, id + 1);
    const seenFunction = new Int32Array(capacity).fill(-1);
    seenFunction.set(this.#seenFunction);
    const seenEdge = new Int32Array(capacity);
    seenEdge.set(this.#seenEdge);
    this.#seenFunction = seenFunction;
    this.#seenEdge = seenEdge;
  }
}
