/** What a maintainer could change: each edit with its price. The search (`search.ts`) finds which of them refute a hazard. */
import { armsOf, flatten } from "../each-step.ts";
import type { Change } from "../edit.ts";
import { bodiesOf } from "../places.ts";
import { describeStep } from "../describe.ts";
import type { BarrierName, DriverProgram, Step, StepOf } from "../steps.ts";

export type Edit = {
  /** What to do and where, as a reviewer says it. */
  readonly title: string;
  /** What it costs at run time, in rough steps: 1 a barrier of one kind or a marked access, 3 a full barrier, 20 a grace period. */
  readonly cost: number;
  readonly kind: EditKind;
  readonly changes: readonly Change[];
};

export type EditKind = "barrier" | "mark" | "move" | "defer" | "grace-period" | "section" | "flush" | "widen" | "reference" | "lock" | "wait" | "clean" | "layout";

/** Prices; what matters is their order. A grace period is milliseconds, a flush microseconds. */
const price = { oneWay: 1, mark: 1, full: 3, move: 2, defer: 2, section: 2, widen: 1, reference: 1, clean: 2, layout: 3, flush: 10, lock: 8, wait: 12, gracePeriod: 20 } as const;

export function editsOf(program: DriverProgram): readonly Edit[] {
  return [
    ...barriers(program), ...marks(program), ...deferrals(program), ...moves(program), ...sections(program), ...flushes(program), ...widenings(program),
    ...references(program), ...commonLocks(program), ...waits(program), ...cleans(program), ...layouts(program),
  ];
}

/** A command, its doorbell and its completion belong together: nothing is put between them but barriers. */
const isInsideFlush = ({ before }: Gap): boolean => before.kind === "command" || before.kind === "doorbell";

type Gap = { readonly thread: string; readonly before: Step; readonly after: Step };

/** Places between two steps of one block, where an insertion can matter. */
function gapsOf(program: DriverProgram): readonly Gap[] {
  const inBlock = (thread: string, steps: readonly Step[]): readonly Gap[] => [
    ...steps.slice(1).map((after, k) => ({ thread, before: steps[k]!, after })),
    ...steps.flatMap((step) => armsOf(step).flatMap((arm) => inBlock(thread, arm))),
  ];
  return bodiesOf(program).flatMap(({ name, steps }) => inBlock(name, steps));
}

const between = ({ thread, before, after }: Gap): string => `in ${thread} between ${textOf(before)} and ${textOf(after)}`;
const textOf = (step: Step): string => step.source?.text ?? describeStep(step);
const insert = ({ before }: Gap, ...steps: readonly Step[]): readonly Change[] => [{ kind: "after", target: before, steps }];

/** Steps between which order can matter: those that touch memory, or hold some that do. */
const touches = (step: Step): boolean => step.kind !== "barrier" && step.kind !== "set" && step.kind !== "may-sleep";

function barriers(program: DriverProgram): readonly Edit[] {
  const seenByDevice = new Set(program.objects.filter((object) => object.seenBy === "device").map(({ name }) => name));
  const barrier = (name: BarrierName, cost: number, gap: Gap): Edit => ({ title: `${name}() ${between(gap)}`, cost, kind: "barrier", changes: insert(gap, { kind: "barrier", barrier: name }) });
  return gapsOf(program).filter(({ before, after }) => touches(before) && touches(after)).flatMap((gap) => [
    barrier(seenByDevice.size > 0 ? "dma_wmb" : "smp_wmb", price.oneWay, gap),
    barrier(seenByDevice.size > 0 ? "dma_rmb" : "smp_rmb", price.oneWay, gap),
    barrier("smp_mb", price.full, gap),
    ...(isInsideFlush(gap) ? [] : [{ title: `synchronize_rcu() ${between(gap)}`, cost: price.gracePeriod, kind: "grace-period", changes: insert(gap, { kind: "grace-period" }) } as const]),
  ]);
}

function marks(program: DriverProgram): readonly Edit[] {
  const edits: Edit[] = [];
  const plainAt = new Map<string, Change[]>();
  for (const { name, steps } of bodiesOf(program)) {
    for (const step of flatten(steps)) {
      for (const made of marked(step)) {
        edits.push({ title: `${describeStep(made)} in ${name}`, cost: price.mark, kind: "mark", changes: [{ kind: "replace", target: step, steps: [made] }] });
      }
      const [first] = marked(step);
      if ((step.kind === "load" || step.kind === "store") && step.as === "plain" && first !== undefined) plainAt.set(step.at, [...(plainAt.get(step.at) ?? []), { kind: "replace", target: step, steps: [first] }]);
    }
  }
  const together = [...plainAt].filter(([, changes]) => changes.length > 1).map(([place, changes]): Edit => ({ title: `mark every access of ${place}`, cost: price.mark + 1, kind: "mark", changes }));
  return [...edits, ...together];
}

/** The same access, marked more strongly; the best form for a pointer first. */
function marked(step: Step): readonly Step[] {
  if (step.kind === "load" && step.as === "plain") return [{ ...withoutSource(step), as: "rcu_dereference" }];
  if (step.kind === "load" && step.as !== "smp_load_acquire") return [{ ...withoutSource(step), as: "smp_load_acquire" }];
  if (step.kind === "store" && (step.as === "plain" || step.as === "WRITE_ONCE")) {
    const isAddress = typeof step.value === "string" && step.value.startsWith("&");
    const strong: Step = { ...withoutSource(step), as: isAddress ? "rcu_assign_pointer" : "smp_store_release" };
    return step.as === "plain" ? [strong, { ...withoutSource(step), as: "WRITE_ONCE" }] : [strong];
  }
  return step.kind === "poll" && step.as !== "readl" ? [{ ...withoutSource(step), as: "readl" }] : [];
}

/** A changed step no longer stands where its source says. */
function withoutSource<S extends Step>(step: S): S {
  const rest = { ...step };
  delete (rest as { source?: unknown }).source;
  return rest;
}

/** kfree() becomes kfree_rcu(), where it stands or at the end of its block; or waits for a grace period first. */
function deferrals(program: DriverProgram): readonly Edit[] {
  return program.threads.flatMap(({ role, steps }) => flatten(steps).flatMap((step): readonly Edit[] => {
    if (step.kind !== "free") return [];
    const deferred: Step = { kind: "kfree-rcu", object: step.object };
    const word = step.how.includes("page") ? "call_rcu() that frees" : "kfree_rcu() of";
    return [
      { title: `${word} ${step.object} instead of ${textOf(step)}`, cost: price.defer, kind: "defer", changes: [{ kind: "replace", target: step, steps: [deferred] }] },
      { title: `${word} ${step.object} at the end of ${role}`, cost: price.defer + price.move, kind: "defer", changes: [{ kind: "replace", target: step, steps: [] }, { kind: "last", thread: role, steps: [deferred] }] },
      { title: `synchronize_rcu() before ${textOf(step)}`, cost: price.gracePeriod, kind: "grace-period", changes: [{ kind: "before", target: step, steps: [{ kind: "grace-period" }] }] },
    ];
  }));
}

/** A step that ends, unlinks, publishes or flushes can stand somewhere else in its block. */
function moves(program: DriverProgram): readonly Edit[] {
  const inBlock = (thread: string, steps: readonly Step[]): readonly Edit[] => {
    const units = unitsOf(steps);
    const edits: Edit[] = [];
    units.forEach((unit, from) => {
      if (!isMovable(unit)) return;
      units.forEach((other, to) => {
        if (to === from || to === from + 1) return;
        const target = other[0]!;
        edits.push({ title: `${unit.map(textOf).join("; ")} before ${textOf(target)} in ${thread}`, cost: price.move, kind: "move", changes: [...unit.map((target): Change => ({ kind: "replace", target, steps: [] })), { kind: "before", target, steps: unit }] });
      });
      if (from < units.length - 1) edits.push({ title: `${unit.map(textOf).join("; ")} at the end of ${thread}`, cost: price.move, kind: "move", changes: [...unit.map((target): Change => ({ kind: "replace", target, steps: [] })), { kind: "after", target: units.at(-1)!.at(-1)!, steps: unit }] });
    });
    return [...edits, ...steps.flatMap((step) => armsOf(step).flatMap((arm) => inBlock(thread, arm)))];
  };
  return bodiesOf(program).flatMap(({ name, steps }) => inBlock(name, steps));
}

/** A command with its barrier, doorbell and poll moves as one. */
function unitsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const units: (readonly Step[])[] = [];
  for (let k = 0; k < steps.length; k++) {
    const step = steps[k]!;
    if (step.kind !== "command") { units.push([step]); continue; }
    const end = steps.findIndex((one, j) => j > k && one.kind === "poll" && one.queue === step.queue);
    const stop = end < 0 ? k : end;
    units.push(steps.slice(k, stop + 1));
    k = stop;
  }
  return units;
}

function isMovable([first]: readonly Step[]): boolean {
  return first !== undefined && ["free", "kfree-rcu", "queue", "command", "invalidate", "store", "dma-clean"].includes(first.kind) && !(first.kind === "free" && first.handedOver === true);
}

/** A thread that follows pointers outside any section gets one. */
function sections(program: DriverProgram): readonly Edit[] {
  return program.threads.flatMap(({ role, steps }): readonly Edit[] => {
    const all = flatten(steps);
    const follows = all.some((step) => "at" in step && /[*>]/.test(step.at));
    if (!follows || all.some((step) => step.kind === "read-lock" || step.kind === "grace-period" || (step.kind === "lock" && step.as === "mutex"))) return [];
    return [{ title: `rcu_read_lock() around ${role}`, cost: price.section, kind: "section", changes: [{ kind: "first", thread: role, steps: [{ kind: "read-lock", flavour: "rcu" }] }, { kind: "last", thread: role, steps: [{ kind: "read-unlock", flavour: "rcu" }] }] }];
  });
}

/** A completed invalidation before memory is given away, and between any two stores that the device sees. */
function flushes(program: DriverProgram): readonly Edit[] {
  const caches = program.caches ?? [];
  if (caches.length === 0) return [];
  const sets = caches.length === 1 ? [caches] : [...caches.map((one) => [one]), caches];
  return gapsOf(program).filter((gap) => touches(gap.before) && touches(gap.after) && !isInsideFlush(gap)).flatMap((gap) => sets.map((set): Edit => ({
    title: `invalidate ${set.join(" and ")} and wait ${between(gap)}`, cost: price.flush, kind: "flush",
    changes: insert(gap, { kind: "invalidate", how: "flush", command: { invalidate: set, waitsForData: true } }),
  })));
}

function widenings(program: DriverProgram): readonly Edit[] {
  const caches = program.caches ?? [];
  return bodiesOf(program).flatMap(({ name, steps }) => flatten(steps).flatMap((step): readonly Edit[] => {
    if (step.kind !== "command" && step.kind !== "invalidate") return [];
    const { command } = step;
    const wider = caches.filter((cache) => !command.invalidate.includes(cache)).map((cache): Edit => ({
      title: `${textOf(step)} in ${name} covers ${cache} too`, cost: price.widen, kind: "widen", changes: [{ kind: "replace", target: step, steps: [{ ...withoutSource(step), command: { ...command, invalidate: [...command.invalidate, cache] } }] }],
    }));
    if (command.waitsForData) return wider;
    return [...wider, { title: `${textOf(step)} in ${name} waits for data accesses`, cost: price.widen, kind: "widen", changes: [{ kind: "replace", target: step, steps: [{ ...withoutSource(step), command: { ...command, waitsForData: true } }] }] }];
  }));
}

function references(program: DriverProgram): readonly Edit[] {
  return program.threads.flatMap(({ role, steps }) => flatten(steps).flatMap((step): readonly Edit[] => {
    if (step.kind !== "get-ref") return [];
    const taken: StepOf<"get-ref-unless-zero"> = { kind: "get-ref-unless-zero", dst: "taken", at: step.at };
    // What follows in the block happens with the reference only.
    const guard = (rest: readonly Step[]): Step => ({ kind: "if", condition: { left: "taken", operator: "!=", right: 0 }, then: rest, else: [] });
    return [{ title: `kref_get_unless_zero() instead of ${textOf(step)} in ${role}`, cost: price.reference, kind: "reference", changes: [{ kind: "replace", target: step, steps: [taken] }, { kind: "guard-rest", target: step, guard }] }];
  }));
}

/** One lock around the bodies of two threads. */
function commonLocks(program: DriverProgram): readonly Edit[] {
  const { threads } = program;
  return threads.flatMap((a, k) => threads.slice(k + 1).flatMap((b): readonly Edit[] => {
    if ([a, b].some(({ steps }) => flatten(steps).some((step) => step.kind === "lock" || step.kind === "wait-until" || step.kind === "wait-for-completion"))) return [];
    const lock = "common_lock";
    const around = (thread: string): readonly Change[] => [{ kind: "first", thread, steps: [{ kind: "lock", lock, as: "mutex" }] }, { kind: "last", thread, steps: [{ kind: "unlock", lock, as: "mutex" }] }];
    return [{ title: `a common lock around ${a.role} and ${b.role}`, cost: price.lock, kind: "lock", changes: [{ kind: "program", apply: (one) => ({ ...one, locks: [...(one.locks ?? []), lock] }) }, ...around(a.role), ...around(b.role)] }];
  }));
}

/** rcu_barrier() or flush_work() before memory goes away that a handler uses. */
function waits(program: DriverProgram): readonly Edit[] {
  return program.threads.flatMap(({ role, steps }) => flatten(steps).flatMap((step) => {
    if (step.kind !== "free") return [];
    return (program.handlers ?? []).map(({ name }): Edit => ({ title: `wait for ${name}() before ${textOf(step)} in ${role}`, cost: price.wait, kind: "wait", changes: [{ kind: "before", target: step, steps: [{ kind: "wait-for-handler", handler: name }] }] }));
  }));
}

function cleans(program: DriverProgram): readonly Edit[] {
  const objects = program.objects.filter((object) => object.nonCoherent === true).map(({ name }) => name);
  return gapsOf(program).flatMap((gap) => objects.map((object): Edit => ({ title: `dma_sync_single_for_device(${object}) ${between(gap)}`, cost: price.clean, kind: "clean", changes: insert(gap, { kind: "dma-clean", object }) })));
}

/** A word of a union gets storage of its own. */
function layouts(program: DriverProgram): readonly Edit[] {
  return program.objects.flatMap((object) => (object.fields ?? []).flatMap((field): readonly Edit[] => {
    if (field.sharesWith === undefined) return [];
    const alone = (one: DriverProgram): DriverProgram => ({ ...one, objects: one.objects.map((other) => (other.name === object.name ? { ...other, fields: (other.fields ?? []).map(({ sharesWith, ...rest }) => (rest.name === field.name || sharesWith === undefined ? rest : { ...rest, sharesWith })) } : other)) });
    return [{ title: `${object.name}.${field.name} no longer shares storage with ${field.sharesWith}`, cost: price.layout, kind: "layout", changes: [{ kind: "program", apply: alone }] }];
  }));
}
