/**
 * The machines that a file can be built for, and how weak their memory is: a hazard that none of them reaches is a note.
 * An architecture stands on the strongest rung that its definition promises; one that promises nothing stands on the
 * weakest, where no hazard is taken back.
 */

import type { HazardClass, Ladder } from "../protocol/index.ts";

/** tso: a store may be late for a load after it, nothing else. mca: no order, but a store is seen by all other CPUs at once. */
export type MemoryRung = "tso" | "mca" | "non-mca";

export type Architecture = {
  /** As its folder under arch/ is called. */
  readonly name: string;
  readonly rung: MemoryRung;
  /** Kconfig symbols that are set on it, and those that may be; an architecture symbol in neither list is not set. */
  readonly is: readonly string[];
  readonly mayBe: readonly string[];
  /** A plain load of a pointer is not ordered before the loads through it; READ_ONCE() and rcu_dereference() bring the barrier with them. */
  readonly losesAddresses?: true;
};

/** Names of architectures, or `any`: nothing limits it, or nothing is known. */
export type Architectures = "any" | readonly string[];

const row = (name: string, rung: MemoryRung, is: readonly string[], mayBe: readonly string[] = []): Architecture => ({ name, rung, is, mayBe });

/**
 * arm is weak to the end: ARMv7 does not promise multi-copy atomicity, ARMv8 does. The same goes for every row that is
 * `non-mca` without being PowerPC. um has no row: it runs on the memory of its host.
 */
export const architectures: readonly Architecture[] = [
  // Documentation/memory-barriers.txt, "Address-dependency barriers (historical)"; arch/alpha/include/asm/rwonce.h.
  { ...row("alpha", "non-mca", ["ALPHA"]), losesAddresses: true },
  row("arc", "non-mca", ["ARC"]),
  row("arm", "non-mca", ["ARM"]),
  row("arm64", "mca", ["ARM64"]),
  row("csky", "non-mca", ["CSKY"]),
  row("hexagon", "non-mca", ["HEXAGON"]),
  row("ia64", "non-mca", ["IA64"]),
  row("loongarch", "non-mca", ["LOONGARCH"]),
  row("m68k", "non-mca", ["M68K"]),
  row("microblaze", "non-mca", ["MICROBLAZE"]),
  row("mips", "non-mca", ["MIPS"]),
  row("nios2", "non-mca", ["NIOS2"]),
  row("openrisc", "non-mca", ["OPENRISC"]),
  row("parisc", "non-mca", ["PARISC"]),
  row("powerpc", "non-mca", ["PPC"], ["PPC32", "PPC64"]),
  row("riscv", "mca", ["RISCV"]),
  row("s390", "tso", ["S390"]),
  row("sh", "non-mca", ["SUPERH"]),
  row("sparc", "tso", ["SPARC"], ["SPARC32", "SPARC64"]),
  row("x86", "tso", ["X86"], ["X86_32", "X86_64"]),
  row("xtensa", "non-mca", ["XTENSA"]),
];

const strength: Readonly<Record<MemoryRung, number>> = { tso: 0, mca: 1, "non-mca": 2 };
const needed: Readonly<Record<HazardClass, number>> = { interleaving: 0, tso: 0, mca: 1, "non-mca": 2, compiler: 0 };

/**
 * Why no architecture of the file reaches a hazard, in words; undefined where one does or may. The class tells what
 * marked accesses allow; with plain ones, which the ladder takes as they are, a compiler may still do what the machine
 * does not. A hazard of class `compiler` is no matter of the machine.
 */
export function notReachedOn(built: Architectures, hazard: { readonly class: HazardClass | null; readonly ladder: Ladder | null }): string | undefined {
  if (built === "any" || built.length === 0 || hazard.class === null) return undefined;
  const rungs = built.map((name) => architectures.find((one) => one.name === name)?.rung ?? "non-mca");
  const weakest = rungs.reduce((a, b) => (strength[b] > strength[a] ? b : a));
  if (weakest === "non-mca" || needed[hazard.class] <= strength[weakest]) return undefined;
  const compiler = hazard.ladder?.[weakest] === "reachable" ? "; there it takes a compiler that makes use of a plain access" : "";
  return `this file is built for ${inWords(built)} only, which ${promise(weakest, built.length === 1)}${compiler}`;
}

/** Whether an architecture of the file follows a plainly loaded pointer to old contents by itself, with no help of a compiler. */
export function mayLoseAddresses(built: Architectures): boolean {
  return architectures.some(({ name, losesAddresses }) => losesAddresses === true && (built === "any" || built.length === 0 || built.includes(name)));
}

function promise(rung: MemoryRung, isOne: boolean): string {
  if (rung === "tso") return `${isOne ? "keeps" : "keep"} loads in order and stores in order`;
  return `${isOne ? "shows" : "show"} a store to all other CPUs at once`;
}

function inWords(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
