/**
 * Words that may name a function: whether they do is known at the end of the file, when all its functions are. A word
 * of another file's function is taken only where an API or a designated field says that a function stands there.
 */

import { Column } from "./columns.ts";
import type { NamePool } from "./name-pool.ts";
import type { ShardBuilder } from "./shard.ts";
import type { TokenBuffer } from "./tokens.ts";

/** What it needs of the file being read. */
type Reading = { readonly pool: NamePool; readonly shard: ShardBuilder; readonly tokens: TokenBuffer; readonly source: Uint8Array };

/** In place of a field. */
const address = -1;

export class PendingNames {
  readonly #state: Reading;
  readonly #from = new Column();
  readonly #to = new Column();
  readonly #line = new Column();
  /** The caller for an argument and an assignment; else the table, as ~table. */
  readonly #holder = new Column();
  readonly #field = new Column();
  /** By name id: 1 + the number of the last file that defines a function of that name. */
  #definedIn = new Int32Array(1 << 12);
  #file = 1;
  /** Of the present file: which lengths and ends its functions' names have. Most words are none of them. */
  readonly #shapes = new Uint8Array(1 << 12);

  constructor(state: Reading) {
    this.#state = state;
  }

  /** `token`, an argument of a call in function `fn`. */
  addArgument(fn: number, token: number): void {
    this.#add(token, fn, 0);
  }

  /** `&token`, an argument of a call in function `fn`: kept although the function is of another file. */
  addAddress(fn: number, token: number): void {
    this.#add(token, fn, address);
  }

  /** `x->field = token` in function `fn`. */
  addAssigned(fn: number, field: number, token: number): void {
    this.#add(token, fn, field);
  }

  /** `token`, a value in a table. */
  addValue(table: number, field: number, token: number): void {
    this.#add(token, ~table, field);
  }

  defines(name: number): void {
    if (name >= this.#definedIn.length) {
      const larger = new Int32Array(Math.max(this.#definedIn.length * 2, name + 1));
      larger.set(this.#definedIn);
      this.#definedIn = larger;
    }
    this.#definedIn[name] = this.#file;
  }

  /** The name as it stands in the file, from `from` to `to`. */
  definesShape(from: number, to: number): void {
    this.#shapes[this.#shapeOf(from, to)] = 1;
  }

  isDefined(name: number): boolean {
    return name >= 0 && this.#definedIn[name] === this.#file;
  }

  endFile(): void {
    const { pool, shard, source } = this.#state;
    for (let i = 0; i < this.#from.count; i++) {
      const field = this.#field.at(i);
      if (field !== address && this.#shapes[this.#shapeOf(this.#from.at(i), this.#to.at(i))] === 0) continue;
      const name = field === address ? pool.intern(source, this.#from.at(i), this.#to.at(i)) : pool.find(source, this.#from.at(i), this.#to.at(i));
      if (field !== address && !this.isDefined(name)) continue;
      const holder = this.#holder.at(i);
      const line = this.#line.at(i);
      if (holder < 0) shard.addEntry(~holder, field, name, line);
      else if (field <= 0) shard.addPassed(holder, name, line);
      else shard.addEntry(shard.addTable(0, shard.functionName(holder), 0, line), field, name, line);
    }
    for (const column of [this.#from, this.#to, this.#line, this.#holder, this.#field]) column.clear();
    this.#shapes.fill(0);
    this.#file++;
  }

  #shapeOf(from: number, to: number): number {
    const { source } = this.#state;
    return ((source[to - 1]! << 7) ^ (source[(from + to) >> 1]! << 3) ^ (to - from)) & 4095;
  }

  #add(token: number, holder: number, field: number): void {
    const { tokens } = this.#state;
    this.#from.push(tokens.start[token]!);
    this.#to.push(tokens.end[token]!);
    this.#line.push(tokens.line[token]!);
    this.#holder.push(holder);
    this.#field.push(field);
  }
}
