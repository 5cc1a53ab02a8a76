/**
 * The device and its command queues as threads of the LKMM. A cached entry is a read-side section of the
 * cache's SRCU domain, from the read that fills it to its last use; an invalidation that has completed is
 * synchronize_srcu() of that domain. That is what the specifications promise: a translation valid since the
 * most recent invalidation that covers it may be used (RISC-V IOMMU 1.0, section 3.2.2 and 3.1; Intel VT-d 6.5;
 * SMMUv3 3.21).
 */
import type { Expression, Instruction } from "../program.ts";
import { assign, at, compare, loadOf, number, register, storeTo, when, type LoweredThread, type Lowering } from "./lowering.ts";
import { hardwareRole, waitsOf } from "./invalidation.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import { cacheDomain, commandValue, doneWord, inFlightDomain, slotWord, tailWord } from "./queue-words.ts";
import type { CacheName, Device, Fetch, Place } from "./steps.ts";

/** What a device writes to memory; the next owner of a page must never find it. */
export const deviceValue = 5;

export function lowerDevice(all: Lowering, device: Device, thread: number): LoweredThread {
  const walk = new DeviceWalk(all, device, thread);
  return { actor: "device", role: hardwareRole, title: device.title, name: device.name, body: walk.body() };
}

class DeviceWalk {
  readonly #all: Lowering;
  readonly #device: Device;
  readonly #thread: number;

  constructor(all: Lowering, device: Device, thread: number) {
    this.#all = all;
    this.#device = device;
    this.#thread = thread;
    demand(device.path.length > 0, `device ${device.name} reads nothing: its path is empty`);
    demand(device.path[0]!.at !== undefined, `device ${device.name}: the first fetch names where it reads`);
  }

  body(): readonly Instruction[] {
    const { start, ats } = this.#device;
    let body = this.#fetch(0, []);
    if (ats?.enabled !== undefined) body = this.#gate(ats.enabled, "r_ats", body);
    return start === undefined || start.negative ? body : this.#gate(start.at, start.dst, body);
  }

  /** The device acts only when it was told to. */
  #gate(place: Place, dst: string, body: readonly Instruction[]): readonly Instruction[] {
    return [this.#load(dst, place, "acquire"), when(compare(register(dst), "!=", number(0)), body)];
  }

  #load(dst: string, place: Place, tag: "once" | "acquire"): Instruction {
    this.#all.loads.push({ thread: this.#thread, register: dst, place, threadName: this.#device.name });
    return assign(dst, loadOf(this.#all.address(place), tag));
  }

  /** Fetch `k` and all after it; `open` are the sections to leave when nothing more is used, innermost first. */
  #fetch(k: number, open: readonly CacheName[]): readonly Instruction[] {
    const fetch = this.#device.path[k]!;
    const previous = this.#device.path[k - 1];
    const place = fetch.at ?? `*${previous!.dst}`;
    const isLeaf = k === this.#device.path.length - 1;
    // Without an IOTLB entry to be made from, the device's own begins with the read of the page table.
    const cache = fetch.cache ?? (isLeaf ? this.#device.ats?.cache : undefined);
    const enter = cache === undefined ? [] : [this.#enter(cacheDomain(cache))];
    const sections = cache === undefined ? open : [cache, ...open];
    if (isLeaf) return [...enter, ...this.#read(fetch, place, (found) => this.#leaf(fetch, found, sections))];
    return [...enter, ...this.#read(fetch, place, (found) => [when(found, this.#fetch(k + 1, sections), this.#leave(sections))])];
  }

  /** Reads one entry; `then` gets the condition "it is valid". */
  #read(fetch: Fetch, place: Place, then: (found: Expression) => readonly Instruction[]): readonly Instruction[] {
    const found = this.#isSet(fetch.dst);
    const { valid } = fetch;
    if (valid === undefined) return [...this.#entry(fetch.dst, place), ...then(found)];
    // The valid word is read first; whether the rest may be read earlier is the hardware's promise.
    return [
      this.#load(valid.dst, valid.at, valid.order === "valid-first" ? "acquire" : "once"),
      when(compare(register(valid.dst), "==", number(1)), this.#entry(fetch.dst, place)),
      ...then(found),
    ];
  }

  #isSet(dst: string): Expression {
    return compare(register(dst), "!=", this.#all.operand(0, this.#all.places.isPointerRegister(this.#device.name, dst)));
  }

  /** An entry in memory that the device does not snoop: main memory, or the CPU's line if that was evicted. */
  #entry(dst: string, place: Place): readonly Instruction[] {
    const parsed = this.#all.places.parse(place);
    const objects = this.#all.places.objectsAt(this.#device.name, place);
    const isStale = objects.some((object) => this.#all.places.storageOf(object).object.nonCoherent === true);
    if (!isStale) return [this.#load(dst, place, "once")];
    const { size } = this.#all.places.storageOf(objects[0]!);
    const isUniform = objects.every((object) => this.#all.places.storageOf(object).object.nonCoherent === true && this.#all.places.storageOf(object).size === size);
    demand(isUniform, `device ${this.#device.name}: ${place} may be memory that is snooped or not, or of different sizes (${objects.join(", ")}); name the object`);
    const inRam = parsed.kind === "object" ? at(globalName(parsed.object), size + parsed.word) : plus(register(parsed.register), 4 * (size + parsed.word));
    const serial = String(this.#all.serial());
    const word = this.#all.flag(`v_evicted${serial}`);
    this.#all.choosers.push({ actor: "chooser", role: "", title: "the CPU's cache line is written back early", name: `evicted${serial}`, body: [storeTo(word, number(1), "once")] });
    const evicted = `r_evicted${serial}`;
    const ram = assign(dst, loadOf(inRam, "once"));
    return [assign(evicted, loadOf(word, "once")), when(compare(register(evicted), "==", number(1)), [this.#load(dst, place, "once")], [ram])];
  }

  #leaf(fetch: Fetch, found: Expression, sections: readonly CacheName[]): readonly Instruction[] {
    const { start, ats, again } = this.#device;
    const out: Instruction[] = [];
    // An entry for "not present" may be older than the start of the device: the walk came first.
    if (start?.negative === true) out.push(this.#load(start.dst, start.at, "acquire"));
    let held = sections;
    if (ats !== undefined && fetch.cache !== undefined) {
      out.push(this.#enter(cacheDomain(ats.cache)), this.#exit(cacheDomain(fetch.cache)));
      held = [ats.cache, ...sections.filter((cache) => cache !== fetch.cache)];
    }
    if (again !== undefined) {
      // The context by which the entry was made is gone; the entry is found again by its tag.
      const kept = held.slice(0, 1);
      out.push(...this.#leave(held.slice(1)), this.#load(again.dst, again.at, "once"));
      held = kept;
    }
    const inFlight = held[0] !== undefined && this.#all.inFlightCaches.has(held[0]) ? held[0] : undefined;
    if (inFlight !== undefined) {
      out.push(this.#enter(inFlightDomain(inFlight)), this.#exit(cacheDomain(inFlight)));
      held = held.slice(1);
    }
    if (this.#device.access !== "none") out.push(when(found, again === undefined ? this.#access(fetch) : [when(this.#isSet(again.dst), this.#access(fetch))]));
    if (inFlight !== undefined) out.push(this.#exit(inFlightDomain(inFlight)));
    return [...out, ...this.#leave(held)];
  }

  #access(fetch: Fetch): readonly Instruction[] {
    const place = `*${fetch.dst}`;
    const { access, name } = this.#device;
    if (access === "read") return [this.#load(this.#device.dst ?? "data", place, "once")];
    demand(this.#all.places.objectsAt(name, place).length > 0, `device ${name} writes through ${fetch.dst}, which holds no address`);
    return [storeTo(this.#all.address(place), number(deviceValue), "once")];
  }

  #enter(domain: string): Instruction {
    this.#all.notes.add("cached translations are read-side sections of an srcu_struct, a completed invalidation is synchronize_srcu()");
    return assign(indexOf(domain), { kind: "srcu-read-lock", domain: this.#all.domain(domain) });
  }

  #exit(domain: string): Instruction {
    return { kind: "srcu-read-unlock", domain: this.#all.domain(domain), index: register(indexOf(domain)) };
  }

  #leave(sections: readonly CacheName[]): readonly Instruction[] {
    return sections.map((cache) => this.#exit(cacheDomain(cache)));
  }
}

const plus = (left: Expression, bytes: number): Expression => ({ kind: "binary", operator: "+", left, right: number(bytes) });

const indexOf = (domain: string): string => domain.replace(/^v_/, "ix_");

/** One queue: the device sees the tail, fetches the slots that it covers, and reports completion. */
export function lowerQueue(all: Lowering, queue: string): LoweredThread | undefined {
  const batches = all.queueBatches.get(queue);
  if (batches === undefined) return undefined;
  const process = (k: number): readonly Instruction[] => {
    const batch = batches[k];
    if (batch === undefined) return [];
    const tail = `tail${String(k + 1)}`;
    const commands = batch.commands.flatMap(({ slot, command }): readonly Instruction[] => {
      const dst = `c${String(slot)}`;
      const fetched = assign(dst, loadOf(at(slotWord(queue, slot)), "once"));
      const waits = waitsOf(all, command);
      return waits.length === 0 ? [fetched] : [fetched, when(compare(register(dst), "==", number(commandValue)), waits)];
    });
    // Entries are fetched after the tail that covers them.
    return [
      assign(tail, loadOf(at(tailWord(queue)), "acquire")),
      // A tail of one submission is 0 or 1; of several, a later one covers the earlier.
      when(batches.length === 1 ? compare(register(tail), "!=", number(0)) : compare(register(tail), ">=", number(k + 1)), [...commands, storeTo(all.flag(doneWord(queue)), number(k + 1), "release"), ...process(k + 1)]),
    ];
  };
  return { actor: "queue", role: hardwareRole, title: `command queue ${queue}`, name: queue, body: process(0) };
}
