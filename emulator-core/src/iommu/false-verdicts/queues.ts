/** Commands in queues: slots, doorbells, completion, and the order in which hardware works. */
import * as on from "../../driver/build.ts";
import type { Command, Device, DriverProgram, Step } from "../../driver/steps.ts";
import { cpu, dma, program, thenReused, type Case } from "./case.ts";

const clear = on.clearPte("io_pte");
const ats: Device = { ...dma, ats: { cache: "atc" } };
const withAts = (...steps: readonly Step[]): DriverProgram => ({ ...thenReused(clear, ...steps), devices: [ats] });
const ring = [on.dmaWmb(), on.doorbell("q")];
const done = on.poll("q");
const submit = (...commands: readonly Step[]): readonly Step[] => [...commands, ...ring];
const iotlb = on.command("q", ["iotlb"]);
const atc = (more: Partial<Command> = {}): Step => on.command("q", ["atc"], more);

const flag = { name: "flag", initial: 0 } as const;
/** The CPU asks a flag that another CPU may set. */
const asked = (then: (set: (steps: readonly Step[], otherwise?: readonly Step[]) => Step) => readonly Step[], free: Step = on.reusePage("page")): DriverProgram => {
  const base = program([cpu(clear, on.readOnce("f", "flag"), ...then((steps, otherwise) => on.ifSet("f", steps, otherwise)), free), { role: "Other", title: "set", steps: [on.writeOnce("flag", 1)] }]);
  return { ...base, objects: [...base.objects, flag] };
};

const otherFlushes = (...before: readonly Step[]): DriverProgram => {
  const base = program([cpu(clear, on.smpStoreRelease("flag", 1)), { role: "Other", title: "flush", steps: [on.waitUntil("flag", 1), ...before, ...on.flush("q", ["iotlb"]), on.reusePage("page")] }]);
  return { ...base, objects: [...base.objects, flag] };
};

const request = (more: Partial<Command> = {}): Step => on.command("q", ["iotlb"], { writes: [{ at: "io_pte", value: 0 }], ...more });

export const queueCases: readonly Case[] = [
  ["a command and its completion", "refuted", "the poll ends after the flush", thenReused(clear, ...submit(iotlb), done)],
  ["a command that nobody rings for", "confirmed", "it is never fetched", thenReused(clear, iotlb)],
  ["a command that nobody waits for", "confirmed", "it may be fetched later", thenReused(clear, ...submit(iotlb))],
  ["the doorbell before its command", "confirmed", "the slot may hold the old command", thenReused(clear, on.doorbell("q"), iotlb, done)],
  ["the page is used again before the poll", "confirmed", "nothing has completed yet", program([cpu(clear, ...submit(iotlb), on.reusePage("page"), done)])],
  ["polled twice, used again between", "refuted", "the first poll is enough", program([cpu(clear, ...submit(iotlb), done, on.reusePage("page"), done)])],
  ["polled twice, used again before", "confirmed", "nothing has completed yet", program([cpu(clear, ...submit(iotlb), on.reusePage("page"), done, done)])],
  ["the entry is cleared after the doorbell", "confirmed", "the flush may be over before", thenReused(...submit(iotlb), clear, done)],
  ["the entry is cleared between command and doorbell", "refuted", "the barrier stands after both", thenReused(iotlb, clear, ...ring, done)],
  ["IOTLB and device in one submission", "confirmed", "commands of one submission run in any order", withAts(...submit(iotlb, atc()), done)],
  ["the same where the second waits for the first", "refuted", "a fence between, or a queue that keeps its order", withAts(...submit(iotlb, atc({ afterEarlier: true })), done)],
  ["device before IOTLB, the second waits", "confirmed", "the device asks again in between", withAts(...submit(atc(), on.command("q", ["iotlb"], { afterEarlier: true })), done)],
  ["two submissions, each waited for", "refuted", "the device's begins when the IOTLB's is over", withAts(...submit(iotlb), done, ...submit(atc()), done)],
  ["two submissions, the last one waited for", "confirmed", "the first need not be over when the second begins", withAts(...submit(iotlb), ...submit(atc()), done)],
  ["the same where the second waits for the first", "refuted", "a fence between, or a queue that keeps its order", withAts(...submit(iotlb), ...submit(atc({ afterEarlier: true })), done)],
  ["two submissions, the first poll under a condition", "confirmed", "without it the second may run first", { ...asked((when) => [...submit(iotlb), when([done]), ...submit(atc()), done]), devices: [ats] }],
  ["two queues at once", "confirmed", "two queues run beside each other", withAts(iotlb, on.command("q2", ["atc"]), on.dmaWmb(), on.doorbell("q"), on.doorbell("q2"), done, on.poll("q2"))],
  ["two queues, one after the other", "refuted", "the first is waited for", withAts(...submit(iotlb), done, ...on.flush("q2", ["atc"]))],
  ["one command for both", "refuted", "it leaves nothing that was made of a covered entry", withAts(...submit(on.command("q", ["atc", "iotlb"])), done)],
  ["a command under a condition", "confirmed", "without it the slot holds an old command", asked((when) => [when([iotlb]), ...ring, done])],
  ["a command in both arms", "refuted", "one of the two slots holds it", asked((when) => [when([iotlb], [iotlb]), ...ring, done])],
  ["a poll under a condition", "confirmed", "without it nothing is waited for", asked((when) => [...submit(iotlb), when([done])])],
  ["a whole flush under a condition", "confirmed", "without it nothing is flushed", asked((when) => [when(on.flush("q", ["iotlb"]))])],
  ["a flush in one arm, in another way in the other", "refuted", "either flushes", asked((when) => [when(on.flush("q", ["iotlb"]), on.flush("q2", ["iotlb"]))])],
  ["a relaxed poll, then the page is freed", "refuted", "no store goes before the end of the loop", program([cpu(clear, ...submit(iotlb), on.poll("q", "readl_relaxed"), on.freePages("page"))])],
  ["a relaxed poll under a condition, then the page is freed", "refuted", "nor after the join, where the loop has run", asked((when) => [when([...submit(iotlb), on.poll("q", "READ_ONCE")], [...on.flush("q2", ["iotlb"])])], on.freePages("page"))],
  ["a flush inside rcu_read_lock()", "refuted", "hardware is waited for, no reader", thenReused(clear, ...on.underRcu(...on.flush("q", ["iotlb"])))],
  ["a flush by a request that changes the entry", "refuted", "entry and flush complete together", thenReused(...submit(request()), done)],
  ["the same request, not waited for", "confirmed", "it may be fetched later", thenReused(...submit(request()))],
  ["a request that changes the entry and flushes nothing", "confirmed", "the cached entry stays", thenReused(...submit(request({ invalidate: [] })), done)],
  ["a flush in one submission with the request that clears", "confirmed", "the flush may run before the request", thenReused(...submit(request({ invalidate: [] }), iotlb), done)],
  ["the same where the flush waits for the request", "refuted", "the entry is gone when the flush begins", thenReused(...submit(request({ invalidate: [] }), on.command("q", ["iotlb"], { afterEarlier: true })), done)],
  ["another CPU flushes for the one that cleared", "confirmed", "dma_wmb() carries other CPUs' stores where the machine is multi-copy atomic only", otherFlushes()],
  ["the same behind smp_mb()", "refuted", "it carries them on every machine", otherFlushes(on.smpMb())],
];
