/**
 * A device as a thread of the LKMM. A cached entry is a read-side section of the cache's SRCU domain, from the read that
 * fills it to its last use (`Fetch.role`: the data access, or the walk); an invalidation that has completed is
 * synchronize_srcu() of that domain. That is what the specifications promise: a translation valid since the
 * most recent invalidation that covers it may be used (RISC-V IOMMU 1.0, section 3.2.2 and 3.1; Intel VT-d 6.5;
 * SMMUv3 3.21).
 */
import type { Expression, Instruction } from "../program.ts";
import { assign, at, compare, loadOf, number, register, storeTo, when, type LoweredThread, type Lowering } from "./lowering.ts";
import { hardwareRole } from "./invalidation.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import { cacheDomain, inFlightDomain } from "./queue-words.ts";
import type { CacheName, Device, Fetch, Place } from "./steps.ts";

/** What a device writes to memory; the next owner of a page must never find it. */
export const deviceValue = 5;

export function lowerDevice(all: Lowering, device: Device, thread: number): LoweredThread {
  const walk = new DeviceWalk(all, device, thread);
  return { actor: "device", role: hardwareRole, title: device.title, name: device.name, body: walk.body() };
}

/** An open section, and what its entry is used for. */
type Held = { readonly cache: CacheName; readonly role: NonNullable<Fetch["role"]> | "leaf"; readonly fetch?: Fetch; readonly place?: Place };

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
    return [...this.#load(dst, place, "acquire"), when(compare(register(dst), "!=", number(0)), body)];
  }

  #load(dst: string, place: Place, tag: "once" | "acquire"): readonly Instruction[] {
    const met = this.#all.marked(place);
    this.#all.loads.push({ thread: this.#thread, register: dst, place, threadName: this.#device.name, ...(met === undefined ? {} : { did: met.reached }) });
    return [...(met === undefined ? [] : [met.mark]), assign(dst, loadOf(this.#all.address(place), tag))];
  }

  /** Fetch `k` and all after it; `open` are the sections to leave when nothing more is used, innermost first. */
  #fetch(k: number, open: readonly Held[]): readonly Instruction[] {
    const { path, ats } = this.#device;
    const fetch = path[k]!;
    const next = path[k + 1];
    const place = fetch.at ?? `*${path[k - 1]!.dst}`;
    this.#leads(place);
    // Without an IOTLB entry to be made from, the device's own begins with the read of the page table.
    const cache = fetch.cache ?? (next === undefined ? ats?.cache : undefined);
    const enter = cache === undefined ? [] : [this.#enter(cacheDomain(cache))];
    const held = cache === undefined ? open : [{ cache, role: next === undefined ? "leaf" : this.#roleOf(fetch, cache), fetch, place } as const, ...open];
    const then = next === undefined ? this.#leaf(fetch, held) : this.#fetch(k + 1, held);
    // What lies at a place with a name of its own is found by way of this entry as well: it is not read before.
    return [...enter, ...this.#read(fetch, place, next?.at === undefined ? "once" : "acquire", then, [...this.#started(), ...this.#leave(held)])];
  }

  /** Whether the cache holds up the data access; nothing is guessed where the answer may hang on it. */
  #roleOf({ role, dst }: Fetch, cache: CacheName): Held["role"] {
    const { name, access } = this.#device;
    demand(role !== undefined || access === "none", `device ${name}: say whether the entry ${dst} in ${cache} is used for each transaction (role: "context" or "process") or on a walk only ("table")`);
    return role ?? "table";
  }

  /** Reads one entry, and goes on by it if it is valid. */
  #read(fetch: Fetch, place: Place, tag: "once" | "acquire", then: readonly Instruction[], otherwise: readonly Instruction[]): readonly Instruction[] {
    const { valid, dst } = fetch;
    const entry = [...this.#entry(dst, place, tag), when(this.#isSet(dst), then, otherwise)];
    if (valid === undefined) return entry;
    // The valid word is read first; whether the rest may be read earlier is the hardware's promise.
    return [...this.#load(valid.dst, valid.at, valid.order === "valid-first" ? "acquire" : "once"), when(compare(register(valid.dst), "==", number(1)), entry, otherwise)];
  }

  /** An entry may be older than the start of the device: the walk came first. */
  #started(): readonly Instruction[] {
    const { start } = this.#device;
    return start?.negative === true ? this.#load(start.dst, start.at, "acquire") : [];
  }

  #isSet(dst: string): Expression {
    return compare(register(dst), "!=", this.#all.operand(0, this.#all.places.isPointerRegister(this.#device.name, dst)));
  }

  /** Memory that the device does not snoop: main memory, or the CPU's line if that was evicted. */
  #entry(dst: string, place: Place, tag: "once" | "acquire"): readonly Instruction[] {
    const parsed = this.#all.places.parse(place);
    const objects = this.#all.places.objectsAt(this.#device.name, place);
    if (!objects.some((object) => this.#isUnsnooped(object))) return this.#load(dst, place, tag);
    const { size } = this.#all.places.storageOf(objects[0]!);
    const isUniform = objects.every((object) => this.#isUnsnooped(object) && this.#all.places.storageOf(object).size === size);
    demand(isUniform, `device ${this.#device.name}: ${place} may be memory that is snooped or not, or of different sizes (${objects.join(", ")}); name the object`);
    const inRam = parsed.kind === "object" ? at(globalName(parsed.object), size + parsed.word) : plus(register(parsed.register), 4 * (size + parsed.word));
    const serial = String(this.#all.serial());
    const word = this.#all.decided(`evicted${serial}`, "the CPU's cache line is written back early");
    const evicted = `r_evicted${serial}`;
    const ram = assign(dst, loadOf(inRam, tag));
    this.#all.fromMainMemory.add(ram);
    return [assign(evicted, loadOf(word, "once")), when(compare(register(evicted), "==", number(1)), this.#load(dst, place, tag), [ram])];
  }

  #isUnsnooped(object: string): boolean {
    return this.#all.places.storageOf(object).object.nonCoherent === true;
  }

  /** The leaf is valid. */
  #leaf(fetch: Fetch, sections: readonly Held[]): readonly Instruction[] {
    const { start, ats, again, access } = this.#device;
    const out: Instruction[] = [...this.#started()];
    const isAts = ats !== undefined && fetch.cache !== undefined;
    if (isAts) out.push(this.#enter(cacheDomain(ats.cache)));
    const isOver = ({ role }: Held): boolean => role === "table" || (ats !== undefined && role === "process") || (isAts && role === "leaf");
    out.push(...this.#leave(sections.filter(isOver)));
    let held: readonly Held[] = [...(isAts ? [{ cache: ats.cache, role: "leaf" } as const] : []), ...sections.filter((one) => !isOver(one))];
    if (again !== undefined) {
      // The context by which the entry was made is gone; the entry is found again by its tag.
      const isKept = ({ role }: Held): boolean => role === "leaf";
      demand(held.some(isKept), `device ${this.#device.name}: an entry that is not cached is not found again`);
      // The context that finds it is cached as the first one was.
      const contexts = held.filter(({ role }) => role === "context");
      out.push(...this.#leave(held.filter((one) => !isKept(one))), ...contexts.map(({ cache }) => this.#enter(cacheDomain(cache))), ...this.#load(again.dst, again.at, "acquire"));
      held = [...held.filter(isKept), ...contexts];
    }
    const later = again === undefined && access !== "none" && held.some(({ role }) => role === "leaf") ? held.flatMap((one) => this.#laterTransaction(one)) : [];
    // All are left at once, and found again in the order of a translation.
    out.push(...later.flatMap(({ leave }) => leave), ...later.toReversed().flatMap(({ find }) => find));
    const inFlight = access === "none" ? [] : held.filter(({ cache }) => this.#all.inFlightCaches.has(cache));
    for (const { cache } of inFlight) out.push(this.#enter(inFlightDomain(cache)), this.#exit(cacheDomain(cache)));
    if (access !== "none") {
      const checks = [...later.map(({ isFound }) => isFound), ...(again === undefined ? [] : [this.#isSet(again.dst)]), ...(start?.negative === true ? [compare(register(start.dst), "!=", number(0))] : [])];
      out.push(...checks.reduce<readonly Instruction[]>((inner, check) => [when(check, inner)], this.#access(fetch)));
    }
    out.push(...inFlight.map(({ cache }) => this.#exit(inFlightDomain(cache))));
    return [...out, ...this.#leave(held.filter((one) => !inFlight.includes(one)))];
  }

  /**
   * The cached leaf may be used by the transaction that fetched it, or by a later one that looks the context up anew: where it is
   * flushed and still valid, it leads to the same entries.
   */
  #laterTransaction({ cache, role, fetch, place }: Held): readonly { readonly leave: readonly Instruction[]; readonly find: readonly Instruction[]; readonly isFound: Expression }[] {
    if ((role !== "context" && role !== "process") || fetch === undefined || place === undefined || !this.#all.isFlushed(cache)) return [];
    const serial = String(this.#all.serial());
    const [later, same] = [`r_later${serial}`, `r_same${serial}`];
    const found = `${fetch.dst}_later`;
    const lookUp = this.#entry(found, place, "acquire");
    const { valid } = fetch;
    const whole = valid === undefined ? lookUp : [...this.#load(`${valid.dst}_later`, valid.at, "acquire"), when(compare(register(`${valid.dst}_later`), "==", number(1)), lookUp)];
    const isLater = compare(register(later), "==", number(1));
    return [{
      leave: [assign(same, number(1)), assign(later, loadOf(this.#all.decided(`later${serial}`, "it is a later transaction"), "once")), when(isLater, [this.#exit(cacheDomain(cache))])],
      find: [when(isLater, [this.#enter(cacheDomain(cache)), ...whole, assign(same, compare(register(found), "==", register(fetch.dst)))])],
      isFound: compare(register(same), "==", number(1)),
    }];
  }

  #access(fetch: Fetch): readonly Instruction[] {
    const place = `*${fetch.dst}`;
    const { access, name } = this.#device;
    this.#leads(place);
    if (access === "read") return this.#entry(this.#device.dst ?? "data", place, "once");
    if (this.#all.places.objectsAt(name, place).some((object) => this.#isUnsnooped(object))) this.#all.unmodelled.add(`device ${name} writes to memory that it does not snoop: when CPUs see that is not known`);
    return [storeTo(this.#all.address(place), number(deviceValue), "once")];
  }

  #leads(place: Place): void {
    demand(this.#all.places.objectsAt(this.#device.name, place).length > 0, `device ${this.#device.name}: ${place.slice(1)} holds no address, and the way goes on by it`);
  }

  #enter(domain: string): Instruction {
    this.#all.notes.add("cached translations are read-side sections of an srcu_struct, a completed invalidation is synchronize_srcu()");
    return assign(indexOf(domain), { kind: "srcu-read-lock", domain: this.#all.domain(domain) });
  }

  #exit(domain: string): Instruction {
    return { kind: "srcu-read-unlock", domain: this.#all.domain(domain), index: register(indexOf(domain)) };
  }

  #leave(sections: readonly Held[]): readonly Instruction[] {
    return sections.map(({ cache }) => this.#exit(cacheDomain(cache)));
  }
}

const plus = (left: Expression, bytes: number): Expression => ({ kind: "binary", operator: "+", left, right: number(bytes) });

const indexOf = (domain: string): string => domain.replace(/^v_/, "ix_");
