/** Steps in the words of the kernel: for steps that bring no source text of their own. */
import { unreachable } from "../assert.ts";
import type { Command, Condition, Hazard, Operand, Outcome, Place, Step } from "./steps.ts";

/** `*b` and `b->dev` are C already; an object's word is, too. */
const lvalue = (place: Place): string => place;
const pointer = (place: Place): string => (place.startsWith("*") ? place.slice(1) : `&${place}`);
const value = (operand: Operand): string => String(operand);

export const describeCondition = ({ left, operator, right }: Condition): string => `${value(left)} ${operator} ${value(right)}`;

/** One line of C, without its semicolon; of an `if` the head. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case "load": return `${step.dst} = ${loadText(step.as, step.at)}`;
    case "store": return storeText(step.as, step.at, step.value);
    case "set": return `${step.dst} = ${value(step.value)}`;
    case "update": return updateText(step);
    case "barrier": return `${step.barrier}()`;
    case "lock": return `${lockWord(step.as)}_lock${step.irqsave === true ? "_irqsave" : ""}(&${step.lock})`;
    case "unlock": return `${lockWord(step.as)}_unlock${step.irqsave === true ? "_irqrestore" : ""}(&${step.lock})`;
    case "read-lock": return readText(step.flavour, true);
    case "read-unlock": return readText(step.flavour, false);
    case "srcu-read-lock": return `idx = srcu_read_lock(&${step.domain})`;
    case "srcu-read-unlock": return `srcu_read_unlock(&${step.domain}, idx)`;
    case "grace-period": return step.domain === undefined ? `synchronize_rcu${step.expedited === true ? "_expedited" : ""}()` : `synchronize_srcu(&${step.domain})`;
    case "if": return `if (${describeCondition(step.condition)})`;
    case "choose": return `if (${step.what})`;
    case "wait-until": return `while (${loadText(step.as, step.at)} != ${String(step.value)}) cpu_relax()`;
    case "alloc": return `${step.dst} = ${step.zeroed ? "kzalloc" : "kmalloc"}(sizeof(${step.object}), ${step.gfp})`;
    case "free": return `${step.how}(${step.object})`;
    case "kfree-rcu": return step.mightSleep === true ? `kfree_rcu_mightsleep(${step.object})` : `kfree_rcu(${step.object}, rcu)`;
    case "queue": return `queue ${step.handler}()`;
    case "wait-for-handler": return `wait for ${step.handler}()`;
    case "complete": return `complete(&${step.completion})`;
    case "wait-for-completion": return `wait_for_completion(&${step.completion})`;
    case "get-ref": return `refcount_inc(${pointer(step.at)})`;
    case "get-ref-unless-zero": return `${step.dst} = refcount_inc_not_zero(${pointer(step.at)})`;
    case "put-ref": return `if (refcount_dec_and_test(${pointer(step.at)}))`;
    case "command": return `${step.queue}: ${commandText(step.command)}`;
    case "doorbell": return `${step.as}(tail of ${step.queue})`;
    case "poll": return `poll ${step.queue} by ${step.as}()`;
    case "invalidate": return `${step.how}: ${commandText(step.command)}`;
    case "dma-clean": return `dma_sync_single_for_device(${step.object})`;
    case "module-exit": return "the module is gone";
    case "may-sleep": case "opaque": return `${step.call}()`;
    default: return unreachable(step);
  }
}

export function describeHazard(hazard: Hazard): string {
  switch (hazard.kind) {
    case "outcome": return `${hazard.what}: ${outcomeText(hazard.when)}`;
    case "null-dereference": return hazard.kind;
    case "context": return "what the context forbids";
    case "head-overlap": return `${hazard.kind} of ${hazard.head}`;
    case "use-after-free": return `${hazard.kind} of ${hazard.object}${hazard.when === undefined ? "" : `, with ${outcomeText(hazard.when)}`}`;
    default: return `${hazard.kind} of ${hazard.object}`;
  }
}

function outcomeText(parts: Outcome): string {
  return parts.map((part) => `${"register" in part ? `${part.register} of ${part.thread}` : part.at} ${part.not === true ? "is not" : "is"} ${value(part.is)}`).join(" and ");
}

export function commandText({ invalidate, waitsForData, assumeEmpty, writes = [] }: Command): string {
  const changes = writes.map(({ at, value: written }) => `${at} = ${value(written)}, `).join("");
  const caches = invalidate.length === 0 ? "sync" : `invalidate ${invalidate.join(" and ")}`;
  return `${changes}${caches}${assumeEmpty === true ? " (holds nothing)" : waitsForData ? "" : ", data accesses not waited for"}`;
}

function loadText(as: string, at: Place): string {
  if (as === "plain") return lvalue(at);
  return as === "smp_load_acquire" ? `smp_load_acquire(${pointer(at)})` : `${as}(${lvalue(at)})`;
}

function storeText(as: string, at: Place, operand: Operand): string {
  if (as === "plain") return `${lvalue(at)} = ${value(operand)}`;
  return `${as}(${as === "smp_store_release" ? pointer(at) : lvalue(at)}, ${value(operand)})`;
}

function updateText(step: Extract<Step, { readonly kind: "update" }>): string {
  const suffix = step.order === "mb" ? "" : `_${step.order}`;
  const { with: change } = step;
  const call = change.kind === "exchange" ? `xchg${suffix}(${pointer(step.at)}, ${value(change.operand)})`
    : change.kind === "compare-exchange" ? `cmpxchg${suffix}(${pointer(step.at)}, ${value(change.expected)}, ${value(change.value)})`
    : `atomic_${step.dst === undefined ? "" : "fetch_"}${change.kind}${step.dst === undefined ? "" : suffix}(${value(change.operand)}, ${pointer(step.at)})`;
  return step.dst === undefined ? call : `${step.dst} = ${call}`;
}

const lockWord = (as: string): string => as;

function readText(flavour: string, isLock: boolean): string {
  switch (flavour) {
    case "rcu": case "rcu_bh": case "rcu_sched": return `rcu_read_${isLock ? "lock" : "unlock"}${flavour.slice(3)}()`;
    case "preempt": return `preempt_${isLock ? "disable" : "enable"}()`;
    case "bh": return `local_bh_${isLock ? "disable" : "enable"}()`;
    default: return isLock ? "local_irq_save(flags)" : "local_irq_restore(flags)";
  }
}
