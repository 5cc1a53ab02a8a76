/** What a program of a vendor takes for granted: the facts that no document could be checked for, in words. */
import type { CacheKind, ContextFetch, DataWait, NotPresentCaching, VendorModel } from "./vendor.ts";
import { factsOf, type NamedFact } from "./vendor.ts";

/**
 * Lines to print with a verdict. `uses`: names of facts (`dataWait`, `iotlb.notPresent`) that the program leans on; all
 * of the record without. A fact that holds only where the hardware reports it is one too, whoever says so.
 */
export function assumptionsOf(vendor: VendorModel, uses?: readonly string[]): readonly string[] {
  return factsOf(vendor)
    .filter(({ name }) => uses?.includes(name) !== false)
    .flatMap((named): readonly string[] => {
      const reported = reportedBy(named);
      if (named.fact.assumption !== true && reported === undefined) return [];
      return [named.fact.assumption === true ? `${vendor.title}: ${claimOf(named)} (not checked: ${named.fact.source})` : `${vendor.title}: the hardware reports ${String(reported)}`];
    })
    .filter((line, k, all) => all.indexOf(line) === k);
}

function reportedBy({ name, fact }: NamedFact): string | undefined {
  if (!name.endsWith(".notPresent")) return undefined;
  const caching = fact.value as NotPresentCaching;
  return caching.kind === "reported" ? caching.by : undefined;
}

/** A fact as a sentence. */
export function claimOf({ name, fact }: NamedFact): string {
  const [owner, field] = name.includes(".") ? [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)] : ["", name];
  const say = sentences[field];
  return say === undefined ? `${name} is ${JSON.stringify(fact.value)}` : say(fact.value, owner);
}

const list = (kinds: readonly CacheKind[]): string => (kinds.length === 0 ? "nothing" : kinds.join(", "));

const notPresent = (caching: NotPresentCaching): string => (caching.kind === "never" ? "never cached" : caching.kind === "may" ? "possibly cached" : `cached where ${caching.by} is reported`);

const fetches: Readonly<Record<ContextFetch, string>> = {
  "valid-first": "the valid bit of a context entry is read before the rest of it",
  "any-order": "the words of a context entry are read in any order",
  atomic: "a context entry is read as a whole",
};

const sentences: Readonly<Record<string, (value: unknown, owner: string) => string>> = {
  invalidatedBy: (value, owner) => `${owner} entries are invalidated by ${String(value)}`,
  leaves: (value, owner) => `the command for ${owner} entries leaves ${list(value as readonly CacheKind[])} as it is`,
  after: (value, owner) => {
    const { caches, separately } = value as { readonly caches: readonly CacheKind[]; readonly separately: boolean };
    return `${owner} entries are invalidated after ${list(caches)}${separately ? ", whose completion is waited for" : ", in the order of the queue"}`;
  },
  notPresent: (value, owner) => `${owner} entries that are not present are ${notPresent(value as NotPresentCaching)}`,
  dataWait: (value) => {
    const wait = value as DataWait;
    return wait.kind === "always" ? "a completed invalidation waits for accesses in flight" : `a completed invalidation waits for accesses in flight if ${wait.command} has ${wait.bits.join(" and ")}`;
  },
  contextFetch: (value) => fetches[value as ContextFetch],
  atomicBits: (value) => `${String(value)} bits are read and written as one`,
  coherentWalk: (value) => (value === "always" ? "table walks snoop the CPUs' caches" : "table walks snoop the CPUs' caches only where reported"),
  validToValid: (value) => `a present entry may change by ${String(value)}`,
};
