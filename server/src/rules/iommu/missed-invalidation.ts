import { steps as on } from "../../../../emulator-core/src/index.ts";
import { rolesReaching, roleName } from "../../model/entries.ts";
import { structOfObject, usableKey } from "../../model/lifetimes.ts";
import type { Origin, Trace, TraceEvent } from "../../model/trace.ts";
import { lineOf, sourceText } from "../../model/words.ts";
import type { Race } from "../hypothesis.ts";
import type { Candidate, FixProposal, Rule, RuleContext, RuleMeta, TopicPaths } from "../rule.ts";
import { deviceMemoryOf, flushesBetween, isDoorbell, type DeviceMemory } from "../shared/device-memory.ts";
import { lineAfter, lineBefore } from "../shared/insert-line.ts";
import { mergedSteps } from "../shared/race-steps.ts";
import { wayTo } from "../shared/sites.ts";

const structs = `struct demo_domain {
	struct iommu_domain domain;
	struct list_head bonds;
	spinlock_t lock;
	u64 *pgd;
};

struct demo_bond {
	struct list_head list;
	void __iomem *regs;
	u64 *ctx;
	struct rcu_head rcu;
};

#define to_demo_domain(d) container_of(d, struct demo_domain, domain)
`;

const unmapWith = (barrier: string): string => `static size_t demo_unmap_pages(struct iommu_domain *iommu_domain, unsigned long iova,
			       size_t size, size_t count,
			       struct iommu_iotlb_gather *gather)
{
	struct demo_domain *domain = to_demo_domain(iommu_domain);
	struct demo_bond *bond;

	WRITE_ONCE(domain->pgd[iova >> 12], 0);
${barrier}
	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list) {
		writel(iova >> 12, bond->regs + 8);
		while (readl(bond->regs + 16))
			cpu_relax();
	}
	rcu_read_unlock();
	return size * count;
}
`;

const attachWith = (barrier: string): string => `static int demo_attach_dev(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct demo_domain *domain = to_demo_domain(iommu_domain);
	struct demo_bond *bond = dev_iommu_priv_get(dev);

	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);
${barrier}
	WRITE_ONCE(*bond->ctx, virt_to_phys(domain->pgd) | 1);
	return 0;
}

static const struct iommu_domain_ops demo_domain_ops = {
	.attach_dev = demo_attach_dev,
	.unmap_pages = demo_unmap_pages,
};

static int demo_init_bond(struct device *dev, struct demo_bond *bond, dma_addr_t *addr)
{
	bond->ctx = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return bond->ctx ? 0 : -ENOMEM;
}
`;

const meta: RuleMeta = {
  id: "iommu/missed-invalidation",
  title: "Order attach against the invalidation that walks the list of devices",
  why: "An unmap stores to the page table and then walks the list of attached devices; attach adds its device to the list and then lets the hardware walk the table. With no full barrier on both sides each may miss the other: the invalidation finds the list without the device, the device finds the entry from before the unmap, and its stale translation stays.",
  fix: "Put smp_mb() on both sides: between the store to the page table and the walk, and between the addition to the list and the store that makes the device live. The device must be on the list first.",
  earns: "replay",
  severity: "error",
  seeds: ["000", "001"],
  sources: ["Documentation/memory-barriers.txt", "drivers/iommu/iommu.c"],
  bad: [{ title: "Neither side has a full barrier", code: `${structs}\n${unmapWith("")}\n${attachWith("")}` }],
  good: [{ title: "Both sides have one", code: `${structs}\n${unmapWith("\n\t/* Pairs with the barrier in demo_attach_dev(). */\n\tsmp_mb();\n")}\n${attachWith("\n\t/* Pairs with the barrier in demo_unmap_pages(). */\n\tsmp_mb();\n")}` }],
};

/** `list`: what both sides use, "struct.member in head". */
type InvalidationSide = { readonly trace: Trace; readonly store: number | undefined; readonly walk: number; readonly flush: number; readonly last: number; readonly unknown: string | undefined; readonly list: string };
type DetachSide = { readonly trace: Trace; readonly unlink: number; /** Where the device's entry is cleared, and where its caches no longer have it. */ readonly dead: number; readonly fenced: number; readonly list: string };
type AttachSide = { readonly trace: Trace; readonly link: number; readonly live: number; readonly unknown: string | undefined; readonly list: string };

const invalidatingFields: ReadonlySet<string> = new Set(["unmap", "unmap_pages", "iotlb_sync", "flush_iotlb_all", "iotlb_sync_map", "tlb_flush_all", "tlb_flush_walk", "tlb_add_page", "cache_invalidate_user"]);
const attachingFields: ReadonlySet<string> = new Set(["attach_dev", "set_dev_pasid"]);
/** A device leaves a domain when it is detached, and when it is attached to another one. */
const detachingFields: ReadonlySet<string> = new Set(["detach_dev", "attach_dev", "remove_dev_pasid", "set_dev_pasid", "release_device"]);

function check(context: RuleContext): readonly Candidate[] {
  const paths = context.about("device");
  const memory = deviceMemoryOf(paths);
  const invalidations = paths.roots.filter((root) => isEntered(root, invalidatingFields, context)).flatMap((root) => invalidationsOf(root, paths, memory));
  if (invalidations.length === 0) return [];
  const attaches = paths.roots.filter((root) => isEntered(root, attachingFields, context)).flatMap((root) => attachesOf(root, paths, memory));
  const bySite = new Map<string, { readonly attach: AttachSide; readonly against: readonly InvalidationSide[] }>();
  for (const attach of attaches) {
    const against = bestOfEachRoot(invalidations.filter(({ list }) => list === attach.list));
    const event = attach.trace.events[attach.link];
    if (against.length === 0 || event === undefined) continue;
    const key = `${event.function} ${String(event.at.start)}`;
    const known = bySite.get(key);
    if (known === undefined || (known.attach.unknown !== undefined && attach.unknown === undefined)) bySite.set(key, { attach, against });
  }
  return [...[...bySite.values()].map(({ attach, against }) => candidateOf(attach, against, context)), ...detachCandidates(invalidations, paths, memory, context)];
}

function detachCandidates(invalidations: readonly InvalidationSide[], paths: TopicPaths, memory: DeviceMemory, context: RuleContext): readonly Candidate[] {
  const bySite = new Map<string, Candidate>();
  for (const detach of paths.roots.filter((root) => isEntered(root, detachingFields, context)).flatMap((root) => detachesOf(root, paths, memory))) {
    const against = bestOfEachRoot(invalidations.filter(({ list }) => list.startsWith(detach.list)));
    const event = detach.trace.events[detach.unlink];
    if (against.length > 0 && event !== undefined) bySite.set(`${event.function} ${String(event.at.start)}`, detachCandidate(detach, against, context));
  }
  return [...bySite.values()];
}

const isEntered = (root: string, fields: ReadonlySet<string>, { facts }: RuleContext): boolean => rolesReaching(root, facts).some(({ role }) => fields.has(role.field));

/** A path that shows both the store and a known flush before one that does not. */
function bestOfEachRoot(sides: readonly InvalidationSide[]): readonly InvalidationSide[] {
  const best = new Map<string, InvalidationSide>();
  const rank = (side: InvalidationSide): number => (side.unknown === undefined ? 2 : 0) + (side.store === undefined ? 0 : 1);
  for (const side of sides) {
    const known = best.get(side.trace.root);
    if (known === undefined || rank(side) > rank(known)) best.set(side.trace.root, side);
  }
  return [...best.values()];
}

function invalidationsOf(root: string, { walker }: TopicPaths, memory: DeviceMemory): readonly InvalidationSide[] {
  return walker.tracesOf(root).traces.flatMap((trace) => trace.events.flatMap(({ what }, walk): InvalidationSide[] => {
    const list = what.kind === "walk" ? listOf(what.head?.key, what.member, structOfObject(what.element)) : undefined;
    if (what.kind !== "walk" || list === undefined) return [];
    const end = trace.events.findIndex((other, at) => at > walk && other.what.kind === "advance" && other.what.element.id === what.element.id);
    const last = end < 0 ? trace.events.length - 1 : end;
    const flushes = flushesBetween(trace, walk + 1, last);
    const flush = flushes.find(({ unknown }) => unknown === undefined) ?? flushes[0];
    if (flush === undefined) return [];
    const store = trace.events.findLastIndex((other, at) => at < walk && isTableStore(other, memory));
    return [{ trace, store: store < 0 ? undefined : store, walk, flush: flush.begin, last: flush.end, unknown: flush.unknown, list }];
  }));
}

/** Before an invalidation, a store that is marked, atomic, or known to be to the device's memory is one to the page table. */
function isTableStore({ what }: TraceEvent, memory: DeviceMemory): boolean {
  if (what.kind === "store") return what.place.base.origin.kind !== "stack" && (memory.holds(what.place) || (what.access !== "plain" && !what.rcu));
  return what.kind === "rmw" && memory.holds(what.place);
}

function attachesOf(root: string, { walker }: TopicPaths, memory: DeviceMemory): readonly AttachSide[] {
  return walker.tracesOf(root).traces.flatMap((trace) => trace.events.flatMap(({ what }, link): AttachSide[] => {
    const list = what.kind === "link" ? listOf(what.head?.key, what.member, structOfObject(what.element)) : undefined;
    if (list === undefined) return [];
    const starts = (event: TraceEvent): boolean => event.what.kind === "translation" && event.what.does === "start";
    const makesLive = (event: TraceEvent): boolean => isDoorbell(event) || starts(event) || (event.what.kind === "store" && memory.holds(event.what.place) && event.what.value.origin.kind !== "null");
    const before = trace.events.findLastIndex((event, at) => at < link && event.condition === undefined && (event.what.kind === "store" || starts(event)) && makesLive(event));
    const after = trace.events.findIndex((event, at) => at > link && makesLive(event));
    // Of such a call it is known what it does, and not what it orders.
    const call = after < 0 ? undefined : trace.events[after]!.what;
    if (after >= 0) return [{ trace, link, live: after, unknown: call?.kind === "translation" ? `${call.api}()` : undefined, list }];
    if (before >= 0 && starts(trace.events[before]!)) return [{ trace, link, live: before, unknown: undefined, list }];
    const opaque = trace.events.findIndex((event, at) => at > link && event.what.kind === "opaque" && event.what.args.length > 0);
    const other = trace.events[opaque]?.what;
    if (other?.kind === "opaque") return [{ trace, link, live: opaque, unknown: other.name, list }];
    // Several stores set the tables up; the last of them is what the device was waiting for.
    return before < 0 ? [] : [{ trace, link, live: before, unknown: undefined, list }];
  }));
}

/** Paths that take the device off the list before it has stopped translating. */
function detachesOf(root: string, { walker }: TopicPaths, memory: DeviceMemory): readonly DetachSide[] {
  return walker.tracesOf(root).traces.flatMap((trace) => {
    const stops = stopsOn(trace, memory);
    return trace.events.flatMap(({ what }, unlink): readonly DetachSide[] => {
      const struct = what.kind === "unlink" ? structOfObject(what.element) : undefined;
      if (what.kind !== "unlink" || struct === undefined || what.member === "" || stops.some(({ fenced }) => fenced !== undefined && fenced < unlink)) return [];
      const stop = stops.find(({ dead, fenced }) => dead > unlink || (fenced !== undefined && fenced > unlink));
      return stop === undefined ? [] : [{ trace, unlink, dead: stop.dead, fenced: stop.fenced ?? stop.dead, list: `${struct}.${what.member} in ` }];
    });
  });
}

type Stop = { readonly dead: number; /** undefined: nothing on the path is known to empty the caches of the entry. */ readonly fenced: number | undefined };

/** A call that stops the translation and waits, or the device's entry cleared and, behind it, invalidated. */
function stopsOn(trace: Trace, memory: DeviceMemory): readonly Stop[] {
  return trace.events.flatMap(({ what, condition }, dead): readonly Stop[] => {
    if (condition !== undefined) return [];
    if (what.kind === "translation") return what.does === "stop" ? [{ dead, fenced: dead }] : [];
    if (what.kind !== "store" || !memory.isObject(what.place.base) || !isZero(what.value.origin)) return [];
    return [{ dead, fenced: flushesBetween(trace, dead + 1, trace.events.length - 1).find(({ awaited, unknown }) => awaited && unknown === undefined)?.end }];
  });
}

const isZero = (origin: Origin): boolean => origin.kind === "null" || (origin.kind === "constant" && origin.value === 0);

function listOf(head: string | undefined, member: string, struct: string | undefined): string | undefined {
  const key = usableKey(head);
  return key === undefined || struct === undefined || member === "" ? undefined : `${struct}.${member} in ${key}`;
}

function candidateOf(attach: AttachSide, against: readonly InvalidationSide[], context: RuleContext): Candidate {
  const { facts } = context;
  const link = attach.trace.events[attach.link]!;
  const first = against[0]!;
  const walk = first.trace.events[first.walk]!;
  const isLate = attach.live < attach.link;
  const where = `${walk.function} (line ${String(lineOf(facts, walk.at.start))})`;
  const at = isLate ? seenFrom(link.function, attach.trace.events[attach.live]!) : link;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: at.at,
    function: at.function,
    message: isLate
      ? `the device is made live before it is on the list that ${where} walks: an invalidation in between misses it, and a stale translation stays`
      : `${sourceText(facts, link.at)} and the invalidation in ${where} may miss each other: a stale translation of the device stays`,
    refutedMessage: `the device or the invalidation in ${where} sees the other`,
    path: [...wayTo(attach.trace, at, facts), ...against.flatMap(({ trace }) => entryOf(trace.root, context))],
    related: [{ at: walk.at, message: "the invalidation walks the list here" }],
    hypothesis: { kind: "race", races: against.map((side) => raceOf(attach, side)) },
    fixes: isLate ? [] : barrierFixes(attach, first, context),
    about: `missed ${attach.list}`,
  };
}

/** What a callee does, at the call of it in `name`: which of its branches does it is not asked. */
function seenFrom(name: string, event: TraceEvent): TraceEvent {
  const site = event.function === name ? undefined : event.chain.find((one) => one.function === name);
  return site === undefined ? event : { ...event, function: name, at: site.at, chain: event.chain.slice(0, event.chain.indexOf(site)) };
}

function detachCandidate(detach: DetachSide, against: readonly InvalidationSide[], context: RuleContext): Candidate {
  const { facts } = context;
  const unlink = detach.trace.events[detach.unlink]!;
  const stop = detach.trace.events[detach.fenced]!;
  const walk = against[0]!.trace.events[against[0]!.walk]!;
  const where = `${walk.function} (line ${String(lineOf(facts, walk.at.start))})`;
  return {
    rule: meta.id,
    severity: meta.severity,
    at: unlink.at,
    function: unlink.function,
    message: `the device leaves the list that ${where} walks before it has stopped translating (line ${String(lineOf(facts, stop.at.start))}): an invalidation in between misses it, and a stale translation stays`,
    refutedMessage: `the invalidation in ${where} finds the device as long as it translates`,
    path: [...wayTo(detach.trace, unlink, facts), ...against.flatMap(({ trace }) => entryOf(trace.root, context))],
    related: [{ at: walk.at, message: "the invalidation walks the list here" }, { at: stop.at, message: "the device stops translating here" }],
    hypothesis: { kind: "race", races: against.map((side) => detachRace(detach, side)) },
    fixes: [],
    about: `missed ${detach.list} on detach`,
  };
}

function entryOf(root: string, { facts }: RuleContext): Candidate["path"] {
  const fn = facts.functions.get(root);
  const role = rolesReaching(root, facts)[0];
  return fn === undefined ? [] : [{ at: fn.nameSpan, function: root, role: role === undefined ? "entry" : roleName(role) }];
}

/** The race of the detach path in seed 001: the invalidation runs after the device left the list, and the device goes on by what it has cached. */
function detachRace({ trace, unlink, dead, fenced }: DetachSide, side: InvalidationSide): Race {
  const what = trace.events[unlink]!.what;
  return {
    counterpart: { trace: side.trace, at: side.walk },
    objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }, { name: "dc", initial: "&io_pte", seenBy: "device" }, { name: "bond_of_dev", initial: 1 }, { name: "bonds", initial: "&bond_of_dev" }],
    caches: ["iotlb", "context_cache"],
    queues: ["inv_queue"],
    threads: [
      invalidationThread(side),
      { role: "Detach CPU", trace, steps: mergedSteps([{ at: unlink, steps: [on.listDelRcu("bonds")] }, { at: dead, steps: [on.writeOnce("dc", 0)] }, { at: fenced, steps: [on.invalidate("the device's entry is in no cache", ["context_cache", "iotlb"])] }]) },
    ],
    devices: [{ name: "dma", title: "DMA of the device being detached", path: [{ dst: "root", at: "dc", cache: "context_cache", role: "context" }, { dst: "pte", cache: "iotlb" }], access: "read" }],
    hazard: { kind: "use-after-free", object: "page" },
    sensitive: what.kind === "unlink" ? [what.element] : [],
    assumptions: ["map and unmap run beside attach and detach (include/linux/iommu.h)", ...invalidationAssumptions(side)],
    doubts: [], cut: [],
  };
}

function invalidationThread(side: InvalidationSide): Race["threads"][number] {
  const clear = on.clearPte("io_pte");
  return {
    role: "Inv CPU", trace: side.trace, to: side.last,
    ...(side.store === undefined ? { from: 0, before: [on.from(clear, "drivers/iommu/iommu.c", 0, "unmap has cleared the entry")] } : {}),
    steps: mergedSteps([
      ...(side.store === undefined ? [] : [{ at: side.store, steps: [clear] }]),
      { at: side.walk, steps: [on.rcuDereference("bond", "bonds")] },
      { at: side.flush, steps: [on.ifSet("bond", on.flush("inv_queue", ["iotlb"]))] },
    ]),
    after: [on.reusePage("page")],
  };
}

const invalidationAssumptions = (side: InvalidationSide): readonly string[] => [
  ...(side.unknown === undefined ? [] : [`${side.unknown} invalidates and waits for it`]),
  ...(side.store === undefined ? ["the core cleared the entry on the same CPU before it called the invalidation"] : []),
];

/** The race of the attach path in seed 001: page, entry, device context and list are one word each. */
function raceOf(attach: AttachSide, side: InvalidationSide): Race {
  const link = attach.trace.events[attach.link]!.what;
  return {
    counterpart: { trace: side.trace, at: side.walk },
    objects: [{ name: "page", initial: 1, seenBy: "device" }, { name: "io_pte", initial: "&page", seenBy: "device" }, { name: "dc", initial: 0, seenBy: "device" }, { name: "bonds", initial: 0 }, { name: "bond_of_dev", initial: 1 }],
    caches: ["iotlb"],
    queues: ["inv_queue"],
    threads: [
      invalidationThread(side),
      { role: "Attach CPU", trace: attach.trace, steps: mergedSteps([{ at: attach.link, steps: [on.listAddRcu("bonds", "bond_of_dev")] }, { at: attach.live, steps: [on.writeOnce("dc", "&io_pte")] }]) },
    ],
    devices: [{ name: "dma", title: "DMA of the device being attached", path: [{ dst: "root", at: "dc" }, { dst: "pte", cache: "iotlb" }], access: "read" }],
    hazard: { kind: "use-after-free", object: "page" },
    sensitive: link.kind === "link" ? [link.element] : [],
    assumptions: [
      "map and unmap run beside attach and detach (include/linux/iommu.h)", ...invalidationAssumptions(side),
    ],
    doubts: attach.unknown === undefined ? [] : [`whether ${attach.unknown} is what makes the device live, and what it orders, is not visible here`],
    cut: [],
  };
}

const hasFullBarrier = ({ events }: Trace, first: number, last: number): boolean =>
  events.slice(first, last).some(({ what, condition }) => what.kind === "fence" && what.fence === "mb" && condition === undefined);

function barrierFixes(attach: AttachSide, side: InvalidationSide, { facts }: RuleContext): readonly FixProposal[] {
  const source = { file: facts.file, text: facts.unit.text };
  const link = attach.trace.events[attach.link]!;
  const walk = side.trace.events[side.walk]!;
  const enter = side.trace.events.findLast((event, at) => at < side.walk && at > (side.store ?? -1) && event.function === walk.function && (event.what.kind === "reader-enter" || event.what.kind === "lock"));
  const before = lineBefore(source, (enter ?? walk).at, "smp_mb(); /* pairs with the one in attach */");
  const after = lineAfter(source, link.at, "smp_mb(); /* pairs with the one in the invalidation */");
  if (after === undefined) return [];
  const edits = [...(hasFullBarrier(side.trace, side.store ?? 0, side.walk) ? [] : [before]), ...(hasFullBarrier(attach.trace, attach.link, attach.live) ? [] : [after])];
  const where = edits.length === 2 ? "on both sides" : edits[0] === before ? "before the invalidation walks the list" : "between the list and what makes the device live";
  return edits.length === 0 ? [] : [{ title: `Put smp_mb() ${where}`, edits: edits.sort((a, b) => a.start - b.start) }];
}

export const rule: Rule = { meta, check };
