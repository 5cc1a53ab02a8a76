/** From shards, in any order and from any number of threads, one sorted layer. The same files give the same bytes. */

import { ByteColumn, Column } from "./columns.ts";
import { startsByValue } from "./rows-by-value.ts";
import { linesMax, type LayerColumns } from "./layer-format.ts";
import { NamePool } from "./name-pool.ts";
import { encodeNames } from "./name-table.ts";
import { sortedIds } from "./sort-names.ts";
import { passedFlag, type Shard } from "./shard.ts";

type Place = { readonly shard: Shard; readonly map: Int32Array; readonly file: number };

/** Files of `shards` for which `isKept` answers false are left out. */
export function mergeShards(shards: readonly Shard[], isKept: (path: string, shard: number) => boolean): LayerColumns {
  const used = shards.map((shard, index) => filesKept(shard, (path) => isKept(path, index)));
  const names = sortedNames(shards, used);
  const places = shards.flatMap((shard, index) => used[index]!.map((file): Place => ({ shard, map: names.maps[index]!, file })));
  places.sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  return new LayerWriter(places, names.texts).write();
}

const pathOf = ({ shard, file }: Place): string => shard.files[file]!.path;

function filesKept(shard: Shard, isKept: (path: string) => boolean): readonly number[] {
  return [...shard.files.keys()].filter((file) => isKept(shard.files[file]!.path));
}

/** Every name that a row of a kept file holds, by rank, and for each shard its ids as ranks. */
function sortedNames(shards: readonly Shard[], files: readonly (readonly number[])[]): { readonly texts: readonly string[]; readonly maps: readonly Int32Array[] } {
  const pool = new NamePool(shards.reduce((sum, { names }) => sum + names.start.length, 0));
  pool.internText("");
  const maps = shards.map((shard, index) => {
    const map = new Int32Array(shard.names.start.length - 1).fill(-1);
    map[0] = 0;
    const use = (column: Int32Array, from: number, to: number): void => {
      for (let row = from; row < to; row++) {
        const id = column[row]!;
        if (map[id]! < 0) map[id] = pool.intern(shard.names.bytes, shard.names.start[id]!, shard.names.start[id + 1]!);
      }
    };
    for (const file of files[index]!) {
      const from = shard.functionStart[file]!;
      const to = shard.functionStart[file + 1]!;
      use(shard.functionName, from, to);
      use(shard.edgeCallee, shard.edgeStart[from]!, shard.edgeStart[to]!);
      for (let entry = shard.entryStart[file]!; entry < shard.entryStart[file + 1]!; entry++) {
        const table = shard.entryTable[entry]!;
        for (const column of [shard.tableType, shard.tableOwner, shard.tableVia]) use(column, table, table + 1);
      }
      for (const column of [shard.entryField, shard.entryValue]) use(column, shard.entryStart[file]!, shard.entryStart[file + 1]!);
      for (const column of [shard.rcuStruct, shard.rcuField]) use(column, shard.rcuStart[file]!, shard.rcuStart[file + 1]!);
    }
    return map;
  });
  const sorted = sortedIds(pool.table());
  const rank = new Int32Array(sorted.length);
  sorted.forEach((id, position) => (rank[id] = position));
  for (const map of maps) for (let id = 0; id < map.length; id++) if (map[id]! >= 0) map[id] = rank[map[id]!]!;
  return { texts: Array.from(sorted, (id) => pool.text(id)), maps };
}

class LayerWriter {
  readonly #places: readonly Place[];
  readonly #names: readonly string[];
  readonly #fileFunction = new Column();
  readonly #fileEdge = new Column();
  readonly #fileTable = new Column();
  readonly #fileEntry = new Column();
  readonly #fileRcu = new Column();
  readonly #functionName = new Column();
  readonly #functionLine = new Column();
  readonly #functionLines = new Column();
  readonly #functionFlags = new Column();
  readonly #functionEdges = new Column();
  readonly #edges = new ByteColumn();
  readonly #edgeCallee = new Column();
  readonly #edgeCaller = new Column();
  readonly #tables = [new Column(), new Column(), new Column(), new Column()] as const;
  readonly #entries = [new Column(), new Column(), new Column(), new Column()] as const;
  readonly #rcu = [new Column(), new Column(), new Column()] as const;

  constructor(places: readonly Place[], names: readonly string[]) {
    this.#places = places;
    this.#names = names;
  }

  write(): LayerColumns {
    for (const place of this.#places) this.#file(place);
    this.#startFile();
    this.#functionEdges.push(this.#edges.count);
    const stamps = this.#places.map(({ shard, file }) => shard.files[file]!);
    const names = encodeNames(this.#names);
    const paths = encodeNames(stamps.map(({ path }) => path));
    const [tableType, tableOwner, tableVia, tableLine] = this.#tables.map((column) => column.done()) as [Int32Array, Int32Array, Int32Array, Int32Array];
    const [entryTable, entryField, entryValue, entryLine] = this.#entries.map((column) => column.done()) as [Int32Array, Int32Array, Int32Array, Int32Array];
    const [rcuStruct, rcuField, rcuLine] = this.#rcu.map((column) => column.done()) as [Int32Array, Int32Array, Int32Array];
    return {
      nameBlocks: names.blocks,
      nameBytes: names.bytes,
      pathBlocks: paths.blocks,
      pathBytes: paths.bytes,
      fileMtimeMs: Float64Array.from(stamps, ({ mtimeMs }) => mtimeMs),
      fileSize: Float64Array.from(stamps, ({ size }) => size),
      fileHash: Int32Array.from(stamps.flatMap(({ hash, hash2 }) => [hash, hash2])),
      fileFunction: this.#fileFunction.done(),
      fileEdge: this.#fileEdge.done(),
      fileTable: this.#fileTable.done(),
      fileEntry: this.#fileEntry.done(),
      fileRcu: this.#fileRcu.done(),
      functionName: this.#functionName.done(),
      functionLine: this.#functionLine.done(),
      functionLines: Uint16Array.from(this.#functionLines.done()),
      functionFlags: Uint8Array.from(this.#functionFlags.done()),
      functionEdges: this.#functionEdges.done(),
      edges: this.#edges.done(),
      ...this.#callers(),
      tableType,
      tableOwner,
      tableVia,
      tableLine,
      entryTable,
      entryField,
      entryValue,
      entryLine,
      rcuStruct,
      rcuField,
      rcuLine,
    };
  }

  #startFile(): void {
    this.#fileFunction.push(this.#functionName.count);
    this.#fileEdge.push(this.#edgeCallee.count);
    this.#fileTable.push(this.#tables[0].count);
    this.#fileEntry.push(this.#entries[0].count);
    this.#fileRcu.push(this.#rcu[0].count);
  }

  #file({ shard, map, file }: Place): void {
    this.#startFile();
    for (let fn = shard.functionStart[file]!; fn < shard.functionStart[file + 1]!; fn++) this.#function(shard, map, fn);
    const rows = new Map<number, number>();
    for (let entry = shard.entryStart[file]!; entry < shard.entryStart[file + 1]!; entry++) {
      const table = shard.entryTable[entry]!;
      let row = rows.get(table);
      if (row === undefined) {
        row = this.#tables[0].count;
        rows.set(table, row);
        this.#tables[0].push(map[shard.tableType[table]!]!);
        this.#tables[1].push(map[shard.tableOwner[table]!]!);
        this.#tables[2].push(map[shard.tableVia[table]!]!);
        this.#tables[3].push(shard.tableLine[table]!);
      }
      this.#entries[0].push(row);
      this.#entries[1].push(map[shard.entryField[entry]!]!);
      this.#entries[2].push(map[shard.entryValue[entry]!]!);
      this.#entries[3].push(shard.entryLine[entry]!);
    }
    for (let row = shard.rcuStart[file]!; row < shard.rcuStart[file + 1]!; row++) {
      this.#rcu[0].push(map[shard.rcuStruct[row]!]!);
      this.#rcu[1].push(map[shard.rcuField[row]!]!);
      this.#rcu[2].push(shard.rcuLine[row]!);
    }
  }

  #function(shard: Shard, map: Int32Array, fn: number): void {
    const row = this.#functionName.count;
    const line = shard.functionLine[fn]!;
    this.#functionName.push(map[shard.functionName[fn]!]!);
    this.#functionLine.push(line);
    this.#functionLines.push(Math.max(0, Math.min(linesMax, shard.functionLastLine[fn]! - line)));
    this.#functionFlags.push(shard.functionFlags[fn]!);
    this.#functionEdges.push(this.#edges.count);
    let last = line;
    for (const edge of edgesByLine(shard, fn)) {
      const at = Math.max(last, shard.edgeLine[edge]!);
      const flags = shard.edgeFlags[edge]!;
      const args = flags & 255;
      const callee = map[shard.edgeCallee[edge]!]!;
      this.#edges.pushNumber(((at - last) << 2) | (flags & passedFlag ? 2 : 0) | (args === 0 ? 0 : 1));
      this.#edges.pushNumber(callee);
      if (args !== 0) this.#edges.pushByte(args);
      this.#edgeCallee.push(callee);
      this.#edgeCaller.push(row);
      last = at;
    }
  }

  #callers(): { readonly nameCallers: Int32Array; readonly callers: Uint8Array } {
    const callee = this.#edgeCallee.done();
    const next = startsByValue(callee, this.#names.length);
    // Edges stand by caller, so the callers of each name come out sorted.
    const sorted = new Int32Array(callee.length);
    for (let edge = 0; edge < callee.length; edge++) sorted[next[callee[edge]!]!++] = this.#edgeCaller.at(edge);
    const blob = new ByteColumn();
    const start = new Int32Array(this.#names.length + 1);
    let at = 0;
    for (let name = 0; name < this.#names.length; name++) {
      start[name] = blob.count;
      let before = -1;
      // The next place of a name is now the first of the one after it.
      for (; at < next[name]!; at++) {
        const caller = sorted[at]!;
        if (caller === before) continue;
        blob.pushNumber(caller - Math.max(0, before));
        before = caller;
      }
    }
    start[this.#names.length] = blob.count;
    return { nameCallers: start, callers: blob.done() };
  }
}

/** Functions that are handed on were noted after the calls. */
function edgesByLine(shard: Shard, fn: number): readonly number[] {
  const edges: number[] = [];
  let isSorted = true;
  for (let edge = shard.edgeStart[fn]!; edge < shard.edgeStart[fn + 1]!; edge++) {
    if (edges.length > 0 && shard.edgeLine[edge]! < shard.edgeLine[edge - 1]!) isSorted = false;
    edges.push(edge);
  }
  return isSorted ? edges : edges.sort((a, b) => shard.edgeLine[a]! - shard.edgeLine[b]! || a - b);
}
