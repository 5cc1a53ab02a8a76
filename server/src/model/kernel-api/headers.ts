/** Every row of the knowledge table, header by header. */

import { atomic, bitops, cmpxchg } from "./atomics.ts";
import { barrier } from "./barriers.ts";
import { misc, printing, strings } from "./inert.ts";
import { dmar, iopoll, mmio } from "./io.ts";
import { list, rculist } from "./list.ts";
import { mutex, spinlock } from "./locks.ts";
import { pages, slab } from "./memory.ts";
import { mmuNotifier } from "./notifier.ts";
import { rcupdate } from "./rcupdate.ts";
import { kref, objects, refcount } from "./refcount.ts";
import type { HeaderRows } from "./schema.ts";
import { delay, sleepers } from "./sleeping.ts";
import { srcu } from "./srcu.ts";

export const headers: readonly HeaderRows[] = [
  rcupdate, srcu, rculist, list, spinlock, mutex, slab, pages, barrier, atomic, cmpxchg, bitops, refcount, kref, objects, mmuNotifier, mmio, dmar, iopoll, delay, sleepers, printing, strings, misc,
];
