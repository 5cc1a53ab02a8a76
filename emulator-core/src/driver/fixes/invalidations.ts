/** Flushes of the device's caches, what they cover, and the CPU's cache written back for it. */
import type { CacheName, DriverProgram } from "../steps.ts";
import { between, everyGap, gapsOf, insert, isInsideFlush, price, put, stepsOf, textOf, withoutSource, type Edit } from "./edit.ts";

/** A completed invalidation anywhere, of one cache or of all. */
export function flushes(program: DriverProgram): readonly Edit[] {
  const caches = program.caches ?? [];
  if (caches.length === 0) return [];
  const sets = caches.length === 1 ? [caches] : [...caches.map((one) => [one]), caches];
  return gapsOf(program).filter((gap) => !isInsideFlush(gap)).flatMap((gap) => sets.map((set): Edit => ({
    title: `invalidate ${set.join(" and ")} and wait ${between(gap)}`, cost: price.flush + set.length - 1, kind: "flush",
    changes: insert(gap, { kind: "invalidate", how: "flush", command: { invalidate: set, waitsForData: true } }),
  })));
}

/** Table entries of another level by the same command: contexts and device TLBs have commands of their own. Or the wait for data. */
export function widenings(program: DriverProgram): readonly Edit[] {
  const tables = new Set((program.devices ?? []).flatMap(({ path }) => path.flatMap(({ cache, role = "table" }) => (cache !== undefined && role === "table" ? [cache] : []))));
  const isTable = (cache: CacheName): boolean => tables.has(cache);
  return stepsOf(program).flatMap(({ thread, step }): readonly Edit[] => {
    if (step.kind !== "command" && step.kind !== "invalidate") return [];
    const { command } = step;
    const widen = (what: string, more: Partial<typeof command>): Edit => ({ title: `${textOf(step)} in ${thread} ${what}`, cost: price.widen, kind: "widen", changes: [put(step, { ...withoutSource(step), command: { ...command, ...more } })] });
    const wider = (program.caches ?? []).filter((cache) => isTable(cache) && command.invalidate.some(isTable) && !command.invalidate.includes(cache));
    return [
      ...wider.map((cache) => widen(`covers ${cache} too`, { invalidate: [...command.invalidate, cache] })),
      ...(command.waitsForData ? [] : [widen("waits for data accesses", { waitsForData: true })]),
      ...(step.kind === "invalidate" || command.afterEarlier === true ? [] : [widen("begins after the earlier commands", { afterEarlier: true })]),
    ];
  });
}

/** dma_sync_single_for_device() of memory that the device does not snoop. */
export function cleans(program: DriverProgram): readonly Edit[] {
  const objects = program.objects.filter(({ nonCoherent }) => nonCoherent === true).map(({ name }) => name);
  return everyGap(program).flatMap((gap) => objects.map((object): Edit => ({ title: `dma_sync_single_for_device(${object}) ${between(gap)}`, cost: price.clean, kind: "clean", changes: insert(gap, { kind: "dma-clean", object }) })));
}
