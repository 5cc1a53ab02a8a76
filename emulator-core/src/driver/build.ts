/** Steps by the names that kernel code uses, so that a program reads like the driver it stands for. */
import type { BinaryOperator } from "../program.ts";
import type { BarrierName, Command, Condition, Gfp, LoadAs, LockClass, Operand, Place, ReadFlavour, Step, StoreAs } from "./steps.ts";

const load = (as: LoadAs) => (dst: string, at: Place): Step => ({ kind: "load", dst, at, as });
const store = (as: StoreAs) => (at: Place, value: Operand): Step => ({ kind: "store", at, value, as });

export const read = load("plain");
export const readOnce = load("READ_ONCE");
export const smpLoadAcquire = load("smp_load_acquire");
export const rcuDereference = load("rcu_dereference");
export const write = store("plain");
export const writeOnce = store("WRITE_ONCE");
export const smpStoreRelease = store("smp_store_release");
export const rcuAssignPointer = store("rcu_assign_pointer");

/** list_add_rcu(): the element becomes reachable from the head. */
export const listAddRcu = (head: Place, element: string): Step => rcuAssignPointer(head, `&${element}`);
/** list_del_rcu(): the head leads past it; its own next pointer stays. */
export const listDelRcu = (head: Place, next: Operand = 0): Step => writeOnce(head, next);

export const barrierNamed = (name: BarrierName): Step => ({ kind: "barrier", barrier: name });
const barrier = (name: BarrierName) => (): Step => barrierNamed(name);
export const smpMb = barrier("smp_mb");
export const smpRmb = barrier("smp_rmb");
export const smpWmb = barrier("smp_wmb");
export const dmaWmb = barrier("dma_wmb");
export const dmaRmb = barrier("dma_rmb");
export const wmb = barrier("wmb");

export const rcuReadLock = (flavour: ReadFlavour = "rcu"): Step => ({ kind: "read-lock", flavour });
export const rcuReadUnlock = (flavour: ReadFlavour = "rcu"): Step => ({ kind: "read-unlock", flavour });
/** The steps inside rcu_read_lock(). */
export const underRcu = (...steps: readonly Step[]): readonly Step[] => [rcuReadLock(), ...steps, rcuReadUnlock()];
export const srcuReadLock = (domain: string): Step => ({ kind: "srcu-read-lock", domain });
export const srcuReadUnlock = (domain: string): Step => ({ kind: "srcu-read-unlock", domain });
export const synchronizeRcu = (): Step => ({ kind: "grace-period" });
export const synchronizeSrcu = (domain: string): Step => ({ kind: "grace-period", domain });

export const lock = (name: string, as: LockClass = "spin"): Step => ({ kind: "lock", lock: name, as });
export const unlock = (name: string, as: LockClass = "spin"): Step => ({ kind: "unlock", lock: name, as });
/** The steps with the lock held. */
export const locked = (name: string, ...steps: readonly Step[]): readonly Step[] => [lock(name), ...steps, unlock(name)];

export const mutexLock = (name: string): Step => lock(name, "mutex");
export const mutexUnlock = (name: string): Step => unlock(name, "mutex");
export const spinLockIrqsave = (name: string): Step => ({ kind: "lock", lock: name, as: "spin", irqsave: true });
export const spinUnlockIrqrestore = (name: string): Step => ({ kind: "unlock", lock: name, as: "spin", irqsave: true });

export const condition = (left: Operand, operator: BinaryOperator, right: Operand): Condition => ({ left, operator, right });
/** `if (left != 0)`. */
export const ifSet = (left: Operand, then: readonly Step[], otherwise: readonly Step[] = []): Step => ({ kind: "if", condition: condition(left, "!=", 0), then, else: otherwise });
export const ifEqual = (left: Operand, right: Operand, then: readonly Step[], otherwise: readonly Step[] = []): Step => ({ kind: "if", condition: condition(left, "==", right), then, else: otherwise });
export const choose = (what: string, then: readonly Step[], otherwise: readonly Step[]): Step => ({ kind: "choose", what, then, else: otherwise });

export const allocate = (dst: string, object: string, gfp: Gfp = "GFP_KERNEL"): Step => ({ kind: "alloc", dst, object, zeroed: false, gfp });
export const kfree = (object: string): Step => ({ kind: "free", object, how: "kfree" });
export const freePages = (object: string): Step => ({ kind: "free", object, how: "__free_pages" });
/** The page is unmapped and goes to somebody else, passed on with a full barrier: a stale access after this is the device's. */
export const reusePage = (object: string): Step => ({ kind: "free", object, how: "hand over", handedOver: true });
export const kfreeRcu = (object: string): Step => ({ kind: "kfree-rcu", object });
/** kfree_rcu_mightsleep(): needs no rcu_head, and may wait for the grace period itself. */
export const kfreeRcuMightSleep = (object: string): Step => ({ kind: "kfree-rcu", object, mightSleep: true });
/** The next owner writes the freed words plainly. */
export const plainly = (step: Step): Step => (step.kind === "free" || step.kind === "kfree-rcu" ? { ...step, plain: true } : step);
export const callRcu = (handler: string, head?: Place): Step => ({ kind: "queue", handler, ...(head === undefined ? {} : { head }) });
export const queueWork = callRcu;
export const waitForHandler = (handler: string): Step => ({ kind: "wait-for-handler", handler });

/** Blocks until the place holds the value. */
export const waitUntil = (at: Place, value: number): Step => ({ kind: "wait-until", at, value, as: "smp_load_acquire" });
export const maySleep = (call: string): Step => ({ kind: "may-sleep", call });
export const complete = (completion: string): Step => ({ kind: "complete", completion });
export const waitForCompletion = (completion: string): Step => ({ kind: "wait-for-completion", completion });
export const moduleExit = (): Step => ({ kind: "module-exit" });

export const krefGet = (at: Place): Step => ({ kind: "get-ref", at });
export const krefGetUnlessZero = (dst: string, at: Place): Step => ({ kind: "get-ref-unless-zero", dst, at });
export const krefPut = (dst: string, at: Place, ...release: readonly Step[]): Step => ({ kind: "put-ref", dst, at, release });

/** unmap: clears the leaf entry. */
export const clearPte = (pte: Place): Step => writeOnce(pte, 0);
/** map: the leaf entry leads to the page. */
export const setPte = (pte: Place, page: string): Step => writeOnce(pte, `&${page}`);

export const command = (queue: string, invalidate: readonly string[], more: Partial<Command> = {}): Step => ({ kind: "command", queue, command: { invalidate, waitsForData: true, ...more } });
export const doorbell = (queue: string, as: "writel" | "writel_relaxed" | "WRITE_ONCE" = "writel_relaxed"): Step => ({ kind: "doorbell", queue, as });
export const poll = (queue: string, as: "readl" | "readl_relaxed" | "READ_ONCE" = "readl"): Step => ({ kind: "poll", queue, as });
/** A whole flush through a queue: command, dma_wmb(), doorbell, completion. */
export const flush = (queue: string, invalidate: readonly string[], more: Partial<Command> = {}): readonly Step[] => [command(queue, invalidate, more), dmaWmb(), doorbell(queue), poll(queue)];
/** A flush by one synchronous instruction or hypercall. */
export const invalidate = (how: string, caches: readonly string[], more: Partial<Command> = {}): Step => ({ kind: "invalidate", how, command: { invalidate: caches, waitsForData: true, ...more } });
export const dmaClean = (object: string): Step => ({ kind: "dma-clean", object });

/** The same step with the place it comes from. */
export const from = (step: Step, file: string, line: number, text: string): Step => ({ ...step, source: { file, line, column: 1, text } });
