/**
 * What contexts forbid, as rows. Sources are files of Linux 6.12, read and retold; a fact that changes is one row.
 * PREEMPT_RT is not told apart: rows say what code must respect that is built for both.
 */
import type { Entry, Handler, LockClass, ReadFlavour, Step } from "../driver/steps.ts";

/** Where a body starts: the entries of the step language, and what handlers have of their own. */
export type EntryContext = Entry | "srcu-callback" | "tasklet" | "kthread";

export type ContextRow = {
  readonly words: string;
  readonly mayBlock: boolean;
  /** What cannot come in between on the same CPU: `softirqs` alone, or interrupts and softirqs. */
  readonly masks: "nothing" | "softirqs" | "interrupts";
  readonly source: string;
};

export const entryRows: Readonly<Record<EntryContext, ContextRow>> = {
  task: { words: "task context", mayBlock: true, masks: "nothing", source: "Documentation/kernel-hacking/hacking.rst, user context" },
  work: { words: "a work item", mayBlock: true, masks: "nothing", source: "Documentation/core-api/workqueue.rst" },
  kthread: { words: "a kernel thread", mayBlock: true, masks: "nothing", source: "include/linux/kthread.h" },
  "threaded-irq": { words: "a threaded interrupt handler", mayBlock: true, masks: "nothing", source: "kernel/irq/manage.c, irq_thread_fn()" },
  softirq: { words: "a softirq", mayBlock: false, masks: "softirqs", source: "Documentation/kernel-hacking/hacking.rst, softirqs" },
  tasklet: { words: "a tasklet", mayBlock: false, masks: "softirqs", source: "include/linux/interrupt.h" },
  timer: { words: "a timer handler", mayBlock: false, masks: "softirqs", source: "kernel/time/timer.c, timer_setup() users run in softirq context" },
  hardirq: { words: "an interrupt handler", mayBlock: false, masks: "interrupts", source: "Documentation/kernel-hacking/hacking.rst, hardware interrupts" },
  "rcu-callback": { words: "an RCU callback", mayBlock: false, masks: "softirqs", source: "kernel/rcu/tree.c, rcu_do_batch(); Documentation/RCU/whatisRCU.rst, call_rcu()" },
  "srcu-callback": { words: "an SRCU callback", mayBlock: false, masks: "softirqs", source: "kernel/rcu/srcutree.c, srcu_invoke_callbacks(): a work item that turns softirqs off" },
};

/** What may run in the middle of others on the same CPU. SRCU callbacks do not: they are work items. */
export const interrupts: Readonly<Partial<Record<EntryContext, "hardirq" | "softirq">>> = {
  hardirq: "hardirq", softirq: "softirq", tasklet: "softirq", timer: "softirq", "rcu-callback": "softirq",
};

export const handlerEntries: Readonly<Record<Handler["kind"], EntryContext>> = {
  rcu: "rcu-callback", srcu: "srcu-callback", work: "work", timer: "timer", tasklet: "tasklet", irq: "hardirq", kthread: "kthread",
};

export const lockRows: Readonly<Record<LockClass, ContextRow>> = {
  spin: { words: "a spinlock", mayBlock: false, masks: "nothing", source: "Documentation/locking/locktypes.rst, spinlock_t" },
  raw_spin: { words: "a raw spinlock", mayBlock: false, masks: "nothing", source: "Documentation/locking/locktypes.rst, raw_spinlock_t" },
  mutex: { words: "a mutex", mayBlock: true, masks: "nothing", source: "Documentation/locking/mutex-design.rst" },
};

/** Each of them holds up a normal grace period. */
export const sectionRows: Readonly<Record<ReadFlavour | "srcu", ContextRow>> = {
  rcu: { words: "an RCU read-side section", mayBlock: false, masks: "nothing", source: "Documentation/RCU/checklist.rst; include/linux/rcupdate.h" },
  rcu_bh: { words: "an RCU-bh read-side section", mayBlock: false, masks: "softirqs", source: "include/linux/rcupdate.h, rcu_read_lock_bh()" },
  rcu_sched: { words: "an RCU-sched read-side section", mayBlock: false, masks: "nothing", source: "include/linux/rcupdate.h, rcu_read_lock_sched()" },
  preempt: { words: "a section with preemption off", mayBlock: false, masks: "nothing", source: "Documentation/locking/preempt-locking.rst" },
  bh: { words: "a section with softirqs off", mayBlock: false, masks: "softirqs", source: "include/linux/bottom_half.h" },
  irq: { words: "a section with interrupts off", mayBlock: false, masks: "interrupts", source: "include/linux/irqflags.h" },
  srcu: { words: "an SRCU read-side section", mayBlock: true, masks: "nothing", source: "Documentation/RCU/checklist.rst, on SRCU" },
};

export type OperationRow = {
  /** `sleeps`: never where one must not block. `not-in-hardirq`: waits by spinning, and must not stand in an interrupt handler. */
  readonly needs: "sleeps" | "not-in-hardirq" | "nothing";
  readonly source: string;
};

export type OperationName =
  | "mutex_lock" | "synchronize_rcu" | "synchronize_srcu" | "GFP_KERNEL" | "GFP_ATOMIC" | "GFP_NOWAIT" | "kfree_rcu_mightsleep" | "wait_for_completion"
  | "rcu_barrier" | "srcu_barrier" | "kvfree_rcu_barrier" | "flush_work" | "timer_delete_sync" | "tasklet_kill" | "synchronize_irq" | "kthread_stop" | "may-sleep" | "poll";

export const operationRows: Readonly<Record<OperationName, OperationRow>> = {
  mutex_lock: { needs: "sleeps", source: "kernel/locking/mutex.c, mutex_lock(): might_sleep()" },
  synchronize_rcu: { needs: "sleeps", source: "kernel/rcu/tree.c, synchronize_rcu(); kernel/rcu/tree_exp.h" },
  synchronize_srcu: { needs: "sleeps", source: "kernel/rcu/srcutree.c, __synchronize_srcu(): might_sleep()" },
  GFP_KERNEL: { needs: "sleeps", source: "include/linux/sched/mm.h, might_alloc(); include/linux/gfp_types.h" },
  GFP_ATOMIC: { needs: "nothing", source: "include/linux/gfp_types.h" },
  GFP_NOWAIT: { needs: "nothing", source: "include/linux/gfp_types.h" },
  kfree_rcu_mightsleep: { needs: "sleeps", source: "kernel/rcu/tree.c, kvfree_call_rcu(): might_sleep() without a head" },
  wait_for_completion: { needs: "sleeps", source: "kernel/sched/completion.c, __wait_for_common(): might_sleep()" },
  rcu_barrier: { needs: "sleeps", source: "kernel/rcu/tree.c, rcu_barrier(); Documentation/RCU/rcubarrier.rst" },
  srcu_barrier: { needs: "sleeps", source: "kernel/rcu/srcutree.c, srcu_barrier(): waits for a completion" },
  kvfree_rcu_barrier: { needs: "sleeps", source: "kernel/rcu/tree.c, kvfree_rcu_barrier()" },
  flush_work: { needs: "sleeps", source: "kernel/workqueue.c, __flush_work() and __cancel_work_sync(): might_sleep()" },
  timer_delete_sync: { needs: "not-in-hardirq", source: "kernel/time/timer.c, __timer_delete_sync(): WARN_ON(in_hardirq())" },
  tasklet_kill: { needs: "sleeps", source: "kernel/softirq.c, tasklet_kill(): wait_var_event()" },
  synchronize_irq: { needs: "sleeps", source: "kernel/irq/manage.c, synchronize_irq() and free_irq()" },
  kthread_stop: { needs: "sleeps", source: "kernel/kthread.c, kthread_stop(): waits for a completion" },
  "may-sleep": { needs: "sleeps", source: "include/linux/kernel.h, might_sleep()" },
  poll: { needs: "nothing", source: "include/linux/iopoll.h, read_poll_timeout_atomic(); cpu_relax() loops" },
};

const waits: Readonly<Record<Handler["kind"], OperationName>> = {
  rcu: "rcu_barrier", srcu: "srcu_barrier", work: "flush_work", timer: "timer_delete_sync", tasklet: "tasklet_kill", irq: "synchronize_irq", kthread: "kthread_stop",
};

/** The row a step stands in; most steps stand in none. `kindOf`: of a declared handler. */
export function operationOf(step: Step, kindOf: (handler: string) => Handler["kind"] | undefined): OperationName | undefined {
  switch (step.kind) {
    case "lock": return step.as === "mutex" ? "mutex_lock" : undefined;
    case "grace-period": return step.domain === undefined ? "synchronize_rcu" : "synchronize_srcu";
    case "alloc": return step.gfp;
    case "kfree-rcu": return step.mightSleep === true ? "kfree_rcu_mightsleep" : undefined;
    case "wait-for-completion": return "wait_for_completion";
    case "wait-for-handler": {
      const kind = kindOf(step.handler);
      return kind === undefined ? "kvfree_rcu_barrier" : waits[kind];
    }
    case "may-sleep": return "may-sleep";
    case "poll": case "wait-until": return "poll";
    default: return undefined;
  }
}
