/** Every row of the knowledge table, header by header. */

import { atomic, bitops, cmpxchg } from "./atomics.ts";
import { barrier } from "./barriers.ts";
import { bitLockList, hashtable, llist, nulls, rhashtable } from "./containers.ts";
import { arch, archClean, dmaMapping } from "./dma.ts";
import { actions, addressNotifiers, atomicChains, buses, fib, kprobes, namespaces, netdevice, netHooks, notifierChains, protocols, reboot, rtnlLink, tracepoints } from "./hooks.ts";
import { idr, mapleTree, radixTree, restrack, xarray } from "./ids.ts";
import { builtins, misc, network, printing, strings, virtio } from "./inert.ts";
import { netlink } from "./netlink.ts";
import { interrupt, irqWork, pciIrq } from "./interrupt.ts";
import { dmar, iopoll, mmio } from "./io.ts";
import { amd, arm, intel, iommu, ioPgtable, pciAts, s390, s390Ioat } from "./iommu.ts";
import { list, rculist } from "./list.ts";
import {
  bitLocks, countingSemaphore, deviceLock, interruptsOff, lockdep, mutex, netTxLock, ofStructures, percpuRwsem, preemption, rtnl, rwlock, semaphores, seqlockWriters, sockLock, softirqsOff, spinlock,
} from "./locks.ts";
import { pages, slab } from "./memory.ts";
import { readersOnly } from "./needs-reader.ts";
import { mmuNotifier } from "./notifier.ts";
import { rcupdate } from "./rcupdate.ts";
import { kref, objects, refcount } from "./refcount.ts";
import type { HeaderRows } from "./schema.ts";
import { askedElsewhere, delay, scheduling, sleepers } from "./sleeping.ts";
import { sock, udpTunnel } from "./socket.ts";
import { srcu } from "./srcu.ts";
import { hrtimer, timer } from "./timer.ts";
import { completion, seqlock, waitBit, waitQueues } from "./waiting.ts";
import { kthread, workqueue } from "./workqueue.ts";

export const headers: readonly HeaderRows[] = [
  ...[rcupdate, srcu, rculist, list, nulls, bitLockList, llist, hashtable, rhashtable, idr, xarray, radixTree, mapleTree, restrack],
  ...[spinlock, rwlock, lockdep, preemption, interruptsOff, softirqsOff, bitLocks, mutex, semaphores, countingSemaphore, percpuRwsem, ofStructures, deviceLock, sockLock, netTxLock, seqlockWriters, seqlock, rtnl],
  ...[slab, pages, dmaMapping, arch, archClean, barrier, atomic, cmpxchg, bitops, refcount, kref, ...objects],
  ...[workqueue, kthread, timer, hrtimer, interrupt, pciIrq, irqWork, completion, waitQueues, waitBit, delay, scheduling, sleepers, askedElsewhere],
  ...[mmuNotifier, notifierChains, netdevice, netHooks, protocols, addressNotifiers, ...atomicChains, fib, namespaces, actions, rtnlLink, tracepoints, kprobes, reboot, buses, sock, udpTunnel, netlink, ...readersOnly],
  ...[iommu, ioPgtable, intel, arm, amd, s390, s390Ioat, pciAts, mmio, dmar, iopoll, printing, strings, misc, builtins, network, virtio],
];
