/** The index as one thing: a base, and over it layers that replace whole files (the journal, open documents). */

import { Layer } from "./layer.ts";
import type { LayerColumns } from "./layer-format.ts";
import { functionFlag } from "./shard.ts";
import { mergeShards } from "./merge.ts";
import { contentHash } from "./content-hash.ts";
import { scanText } from "./scan-files.ts";

/** A function or macro of the index; a number, so that sets of them are cheap. Only of use with the index it came from. */
export type FunctionId = number;

export type FunctionInfo = {
  readonly name: string;
  readonly file: string;
  /** From 1; `endLine` is that of the closing brace. */
  readonly line: number;
  readonly endLine: number;
  readonly isStatic: boolean;
  readonly isMacro: boolean;
  readonly isExported: boolean;
};

/** `callee` is `->field` for a call through a pointer. `parameters[i]`: which parameter of the caller is argument i, or -1. */
export type Call = { readonly callee: string; readonly line: number; readonly isPassed: boolean; readonly parameters: readonly [number, number] };

/** `.field = value` in a table of type `table` ("" when it is not known) that `owner` holds, through `via` if it is nested. */
export type Entry = { readonly table: string; readonly field: string; readonly value: string; readonly owner: string; readonly via: string; readonly file: string; readonly line: number };

export type OpsTable = { readonly type: string; readonly owner: string; readonly via: string; readonly file: string; readonly line: number; readonly entries: readonly Entry[] };

export type RcuField = { readonly struct: string; readonly field: string; readonly file: string; readonly line: number };

export type IndexCounts = { readonly files: number; readonly functions: number; readonly macros: number; readonly edges: number; readonly tables: number; readonly entries: number; readonly rcuFields: number; readonly names: number };

type Live = { readonly layer: Layer; readonly dead: ReadonlySet<number>; readonly nameTexts: Map<number, string>; readonly pathTexts: Map<number, string> };

/** Rows of one layer; a kernel has a million. */
const rowsMax = 2 ** 26;

export class KernelIndex {
  readonly #lives: readonly Live[];

  /** `replaced[i]`: paths of layer i that a later layer replaces, or that are gone. */
  constructor(layers: readonly Layer[], replaced: readonly Iterable<string>[]) {
    this.#lives = layers.map((layer, i) => {
      const dead = new Set<number>();
      for (const path of replaced[i] ?? []) {
        const file = layer.paths.find(path);
        if (file >= 0) dead.add(file);
      }
      return { layer, dead, nameTexts: new Map(), pathTexts: new Map() };
    });
  }

  /** With the text of an open document in place of the file's. The index that it is asked of stays as it is. */
  withText(path: string, text: Uint8Array): KernelIndex {
    const layer = new Layer(mergeShards([scanText(path, text)], () => true));
    const replaced = this.#lives.map(({ layer: older, dead }) => [...[...dead].map((file) => older.paths.text(file)), path]);
    return new KernelIndex([...this.#lives.map(({ layer: older }) => older), layer], [...replaced, []]);
  }

  /** Whether the index was made from exactly this text. */
  describes(path: string, text: Uint8Array): boolean {
    for (const { layer, dead } of this.#lives) {
      const file = layer.paths.find(path);
      if (file < 0 || dead.has(file)) continue;
      const padded = new Uint8Array((text.length + 7) & ~7);
      padded.set(text);
      const { hash, hash2 } = contentHash(padded, text.length);
      const stamp = layer.stamp(file);
      return stamp.size === text.length && stamp.hash === hash && stamp.hash2 === hash2;
    }
    return false;
  }

  functionsNamed(name: string): readonly FunctionId[] {
    return this.#rows(name, (layer, id) => layer.functionsNamed(id), (layer, row) => layer.fileOfFunction(row));
  }

  /** Functions with a call to that name, whatever it means there. */
  callersByName(name: string): readonly FunctionId[] {
    return this.#rows(name, (layer, id) => layer.callersOf(id), (layer, row) => layer.fileOfFunction(row));
  }

  info(fn: FunctionId): FunctionInfo {
    const { live, row } = this.#at(fn);
    const { columns } = live.layer;
    const flags = columns.functionFlags[row]!;
    return {
      name: nameText(live, columns.functionName[row]!),
      file: this.fileOf(fn),
      line: columns.functionLine[row]!,
      endLine: live.layer.lastLine(row),
      isStatic: (flags & functionFlag.static) !== 0,
      isMacro: (flags & functionFlag.macro) !== 0,
      isExported: (flags & functionFlag.exported) !== 0,
    };
  }

  fileOf(fn: FunctionId): string {
    const { live, row } = this.#at(fn);
    return pathText(live, live.layer.fileOfFunction(row));
  }

  callsOf(fn: FunctionId): readonly Call[] {
    const { live, row } = this.#at(fn);
    return live.layer.edgesOf(row).map(({ callee, line, isPassed, parameters }) => ({ callee: nameText(live, callee), line, isPassed, parameters }));
  }

  /** Where a name stands as the value of a table's field, as a callback, or as an argument of a macro that enters it. */
  entriesOf(value: string): readonly Entry[] {
    return this.#lives.flatMap((live) => this.#rowsIn(live, value, (layer, id) => layer.entriesOf(id), (layer, row) => layer.fileOfEntry(row)).map((row) => entryAt(live, row)));
  }

  tablesOfType(type: string): readonly OpsTable[] {
    return this.#lives.flatMap((live) =>
      this.#rowsIn(live, type, (layer, id) => layer.tablesOfType(id), (layer, row) => layer.fileOfTable(row)).map((table) => {
        const { tableOwner, tableVia, tableLine } = live.layer.columns;
        const entries = live.layer.entriesOfTable(table).map((row) => entryAt(live, row));
        const file = pathText(live, live.layer.fileOfTable(table));
        return { type, owner: nameText(live, tableOwner[table]!), via: nameText(live, tableVia[table]!), file, line: tableLine[table]!, entries };
      }),
    );
  }

  rcuFields(): readonly RcuField[] {
    return this.#lives.flatMap((live) => {
      const { fileRcu, rcuStruct, rcuField, rcuLine } = live.layer.columns;
      const fields: RcuField[] = [];
      for (let file = 0; file < live.layer.fileCount; file++) {
        if (live.dead.has(file)) continue;
        for (let row = fileRcu[file]!; row < fileRcu[file + 1]!; row++) fields.push({ struct: nameText(live, rcuStruct[row]!), field: nameText(live, rcuField[row]!), file: pathText(live, file), line: rcuLine[row]! });
      }
      return fields;
    });
  }

  /** Every function and macro of one file, as they stand in it. */
  functionsOfFile(path: string): readonly FunctionId[] {
    for (const [at, { layer, dead }] of this.#lives.entries()) {
      const file = layer.paths.find(path);
      if (file < 0 || dead.has(file)) continue;
      const first = layer.columns.fileFunction[file]!;
      return Array.from({ length: layer.columns.fileFunction[file + 1]! - first }, (_, i) => at * rowsMax + first + i);
    }
    return [];
  }

  counts(): IndexCounts {
    const sum = { files: 0, functions: 0, macros: 0, edges: 0, tables: 0, entries: 0, rcuFields: 0, names: 0 };
    for (const live of this.#lives) addCounts(sum, live);
    return sum;
  }

  #rows(name: string, rows: (layer: Layer, id: number) => readonly number[], fileOf: (layer: Layer, row: number) => number): readonly FunctionId[] {
    return this.#lives.flatMap((live, at) => this.#rowsIn(live, name, rows, fileOf).map((row) => at * rowsMax + row));
  }

  #rowsIn({ layer, dead }: Live, name: string, rows: (layer: Layer, id: number) => readonly number[], fileOf: (layer: Layer, row: number) => number): readonly number[] {
    const id = layer.names.find(name);
    if (id < 0) return [];
    const found = rows(layer, id);
    return dead.size === 0 ? found : found.filter((row) => !dead.has(fileOf(layer, row)));
  }

  #at(fn: FunctionId): { readonly live: Live; readonly row: number } {
    return { live: this.#lives[Math.floor(fn / rowsMax)]!, row: fn % rowsMax };
  }
}

function entryAt(live: Live, row: number): Entry {
  const c = live.layer.columns;
  const table = c.entryTable[row]!;
  const name = (id: number): string => nameText(live, id);
  return {
    table: name(c.tableType[table]!),
    field: name(c.entryField[row]!),
    value: name(c.entryValue[row]!),
    owner: name(c.tableOwner[table]!),
    via: name(c.tableVia[table]!),
    file: pathText(live, live.layer.fileOfEntry(row)),
    line: c.entryLine[row]!,
  };
}

function addCounts(sum: { -readonly [K in keyof IndexCounts]: number }, { layer, dead }: Live): void {
  const c: LayerColumns = layer.columns;
  sum.names += layer.names.count;
  for (let file = 0; file < layer.fileCount; file++) {
    if (dead.has(file)) continue;
    sum.files++;
    sum.edges += c.fileEdge[file + 1]! - c.fileEdge[file]!;
    sum.tables += c.fileTable[file + 1]! - c.fileTable[file]!;
    sum.entries += c.fileEntry[file + 1]! - c.fileEntry[file]!;
    sum.rcuFields += c.fileRcu[file + 1]! - c.fileRcu[file]!;
    const functions = c.fileFunction[file + 1]! - c.fileFunction[file]!;
    let macros = 0;
    for (let fn = c.fileFunction[file]!; fn < c.fileFunction[file + 1]!; fn++) if ((c.functionFlags[fn]! & functionFlag.macro) !== 0) macros++;
    sum.macros += macros;
    sum.functions += functions - macros;
  }
}

const nameText = ({ layer, nameTexts }: Live, id: number): string => remembered(nameTexts, id, () => layer.names.text(id));
const pathText = ({ layer, pathTexts }: Live, file: number): string => remembered(pathTexts, file, () => layer.paths.text(file));

function remembered(texts: Map<number, string>, id: number, make: () => string): string {
  let text = texts.get(id);
  if (text === undefined) {
    text = make();
    texts.set(id, text);
  }
  return text;
}
