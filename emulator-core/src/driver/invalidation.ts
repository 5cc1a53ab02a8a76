/** What an invalidation waits for, and who waits: the command processor, the CPU's instruction, or hardware beside it; and the CPU's own cache, cleaned for a walker. */
import type { Instruction, Source } from "../program.ts";
import { writesOf } from "./command-writes.ts";
import { assign, at, compare, from, loadOf, number, register, storeTo, when, type Lowering } from "./lowering.ts";
import { demand } from "./mistake.ts";
import { globalName } from "./places.ts";
import { cacheDomain, doneWord, inFlightDomain, tailWord } from "./queue-words.ts";
import type { CacheName, Command } from "./steps.ts";

export const hardwareRole = "IOMMU";

/** Waits for every use of what the caches hold now. */
export function waitsOf(all: Lowering, command: Command, source?: Source): readonly Instruction[] {
  const written = writesOf(all, command, source);
  if (command.assumeEmpty === true) return written;
  for (const cache of command.invalidate) demand(all.driver.caches?.includes(cache), `cache ${cache} is not declared`);
  const waitFor = (domain: string): Instruction => ({ kind: "synchronize-srcu", domain: all.domain(domain), ...from(source) });
  const inFlight = [...all.inFlightCaches].filter((cache) => command.waitsForData && (command.invalidate.length === 0 || command.invalidate.includes(cache)));
  return [...written, ...fillOrder(all, command.invalidate).map((cache) => waitFor(cacheDomain(cache))), ...inFlight.map((cache) => waitFor(inFlightDomain(cache)))];
}

/** One command leaves no entry that was made of one it covers: what others are made of goes first. */
function fillOrder({ driver }: Lowering, caches: readonly CacheName[]): readonly CacheName[] {
  const onTheWay = (driver.devices ?? []).flatMap(({ path, ats }) => [...path.flatMap(({ cache }) => cache ?? []), ...(ats === undefined ? [] : [ats.cache])]);
  const isMet = (cache: CacheName): boolean => onTheWay.includes(cache);
  return [...[...new Set(onTheWay)].filter((cache) => caches.includes(cache)), ...new Set(caches.filter((cache) => !isMet(cache)))];
}

/**
 * An instruction inside a read-side section. It does not sleep, but the grace period that stands for it would
 * (herd7 flags invalid-sleep): hardware beside the CPU waits, and the CPU for that. Returns the word to start it and the word that tells its end.
 */
export function besideTheCpu(all: Lowering, how: string, waits: readonly Instruction[]): { readonly started: string; readonly done: string; readonly name: string } {
  const name = `instruction${String(all.serial())}`;
  const started = tailWord(name);
  const done = doneWord(name);
  all.flag(started);
  all.hardware.push({
    actor: "instruction", role: hardwareRole, title: how, name,
    body: [assign("started", loadOf(at(started), "acquire")), when(compare(register("started"), "==", number(1)), [...waits, storeTo(all.flag(done), number(1), "release")])],
  });
  return { started, done, name };
}

/** dma_sync_single_for_device(): what the CPUs see is copied to main memory. */
export function cleaned(all: Lowering, object: string, source: Source | undefined): readonly Instruction[] {
  const { object: declared, size } = all.places.storageOf(object);
  demand(declared.nonCoherent === true, `${object} is coherent: there is nothing to clean`);
  const full: Instruction = { kind: "fence", fence: "mb", ...from(source) };
  const copies = Array.from({ length: size }, (_, word) => {
    const dst = `r_clean${String(all.serial())}`;
    return [assign(dst, loadOf(at(globalName(object), word), "once"), source), storeTo(at(globalName(object), size + word), register(dst), "once", source)];
  });
  return [full, ...copies.flat(), full];
}
