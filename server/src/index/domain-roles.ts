/** Which domain a table of iommu_domain_ops serves: `default`, `blocked`, `identity`, `release`; by where its driver's iommu_ops puts it. */

import type { Entry, KernelIndex, OpsTable } from "./kernel-index.ts";

const roleByField: ReadonlyMap<string, string> = new Map([
  ["default_domain_ops", "default"],
  ["default_domain", "default"],
  ["blocked_domain", "blocked"],
  ["identity_domain", "identity"],
  ["release_domain", "release"],
]);

/** Sorted. Empty for operations that a driver gives to domains which it allocates. */
export function domainRoles(index: KernelIndex, table: Pick<OpsTable, "owner" | "via" | "file">): readonly string[] {
  const direct = roleByField.get(table.via);
  if (direct !== undefined) return [direct];
  const inFile = (value: string): readonly Entry[] => (value === "" ? [] : index.entriesOf(value).filter(({ file }) => file === table.file));
  // `.ops = &table` names the domain; `.ops = &(const struct iommu_domain_ops){…}` stands in it.
  const domains = table.via === "ops" ? [table.owner] : inFile(table.owner).filter(({ field }) => field === "ops").map(({ owner }) => owner);
  const roles = domains.flatMap((domain) => inFile(domain)).flatMap(({ table: type, field }) => (type === "iommu_ops" ? [roleByField.get(field) ?? ""] : []));
  return [...new Set(roles)].filter((role) => role !== "").sort();
}
