/** The knowledge table, assembled: `apiOf(name)` is the one look-up that the rest of the model uses. */

import { assert } from "../../base/assert.ts";
import { barrier, refcount } from "./atomics.ts";
import { misc, printing, strings } from "./inert.ts";
import { iopoll, mmio } from "./io.ts";
import { list, rculist } from "./list.ts";
import { mutex, spinlock } from "./locks.ts";
import { pages, slab } from "./memory.ts";
import { mmuNotifier } from "./notifier.ts";
import { rcupdate } from "./rcupdate.ts";
import type { ApiRow, HeaderRows } from "./schema.ts";
import { delay, sleepers } from "./sleeping.ts";
import { srcu } from "./srcu.ts";

export const headers: readonly HeaderRows[] = [
  rcupdate, srcu, rculist, list, spinlock, mutex, slab, pages, barrier, refcount, mmuNotifier, mmio, iopoll, delay, printing, strings, misc,
];

const byName = new Map<string, ApiRow>();
for (const { header, rows } of headers) {
  for (const row of rows) {
    for (const name of row.names) {
      assert(!byName.has(name), `${name} stands twice in the knowledge table (second time in ${header})`);
      byName.set(name, row);
    }
  }
}

/** What is known of a kernel function or macro; undefined: nothing is. */
export function apiOf(name: string): ApiRow | undefined {
  return byName.get(name);
}

/** Known to sleep, though it is in no row and nothing else is known of it. */
export function isSleeper(name: string): boolean {
  return sleepers.has(name);
}

/** Number of names the table knows; part of every cache key, so that a changed table forgets old verdicts. */
export const apiCount = byName.size;
