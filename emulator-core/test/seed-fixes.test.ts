/*
 * The fix search on every scenario whose hazard is reachable and mended by another one: the cheapest fix
 * is the one of the discussion, or costs less. What is only hardware has none.
 */
import { afterAll, describe, expect, test } from "vitest";
import { scenarios, type Scenario } from "../scenarios/index.ts";
import { judgeDriver, searchFixes } from "../src/index.ts";

/** What the discussion arrived at costs this much, in the prices of the search; and what the cheapest fix is. */
type Told = { readonly partner: number; readonly fix: readonly string[] };

const mbInInv = "smp_mb() in Inv CPU between";
const mbInAttach = "smp_mb() in Attach CPU between";
const laterFree = (object: string): Told => ({ partner: 2, fix: [`kfree_rcu() of ${object} instead of kfree(${object})`] });
const dereferenced: Told = { partner: 1, fix: ["mm_of_bond = rcu_dereference(*found) in Reader"] };

const told: Readonly<Record<string, Told>> = {
  "riscv-attach-a-nobarrier": { partner: 6, fix: [mbInInv, mbInAttach] },
  "riscv-attach-b1-mb-inv-only": { partner: 1, fix: ["smp_mb() instead of dma_wmb() in Attach CPU"] },
  "riscv-attach-b2-mb-attach-only": { partner: 3, fix: [mbInInv] },
  "riscv-attach-b3-mb-inv-wmb-missing": { partner: 3, fix: [mbInAttach] },
  "riscv-attach-b4-release-acquire": { partner: 6, fix: [mbInInv, mbInAttach] },
  "riscv-attach-c-tomasz-inval-first": { partner: 3, fix: [mbInInv] },
  "riscv-attach-c2-tomasz-mb-inv-doorbell-only": { partner: 3, fix: [mbInAttach] },
  "riscv-detach-d-del-before-fence": { partner: 2, fix: ["WRITE_ONCE(bonds, 0) at the end of Detach CPU"] },
  "riscv-detach-d-del-between": { partner: 2, fix: ["WRITE_ONCE(bonds, 0) at the end of Detach CPU"] },
  "riscv-pscid-reuse-nowipe": { partner: 10, fix: ["invalidate iotlb and wait in Detach CPU between IODIR.INVAL_DDT + IOFENCE.C: invalidate ddtc and smp_store_release(&pscid_is_free, 1)"] },
  "riscv-pscid-reuse-wipe-too-early": { partner: 2, fix: ["IOTINVAL.VMA(PSCID) + IOFENCE.C: invalidate iotlb before smp_store_release(&pscid_is_free, 1) in Detach CPU"] },
  "riscv-dc-publish-nowmb": { partner: 2, fix: ["dma_wmb() in Attach CPU between WRITE_ONCE(dc.fsc, &pgd) and WRITE_ONCE(dc.tc, 1)"] },
  "riscv-cmdq-doorbell-nowmb": { partner: 2, fix: ["dma_wmb() in Inv CPU between queue: invalidate iotlb and writel_relaxed(tail of queue)"] },
  "riscv-cmdq-iofence-no-pw": { partner: 1, fix: ["queue: invalidate iotlb, data accesses not waited for in Inv CPU waits for data accesses"] },
  "riscv-cmdq-poll-relaxed-read": { partner: 1, fix: ["poll queue by readl() in Inv CPU"] },
  "riscv-bond-kfree-now": laterFree("bond_of_dev"),
  "riscv-bond-kfree-now-plain": laterFree("bond_of_dev"),
  "riscv-bond-kfree_rcu-reader-unprotected": { partner: 2, fix: ["rcu_read_lock() around Reader"] },
  "riscv-bond-kfree_rcu-before-del": { partner: 2, fix: ["kfree_rcu(bond_of_dev, rcu) before spin_unlock(&bonds_lock) in Updater"] },
  "riscv-release-kfree-info-now": laterFree("info"),
  "s390-detach-kfree-now": laterFree("domain_device"),
  "s390-domain_free-now": { partner: 2, fix: ["call_rcu() that frees table and domain instead of dma_free_cpu_table(table) and kfree(domain) in Updater"] },
  "s390-domain_free-call_rcu-before-del": { partner: 2, fix: ["queue s390_iommu_rcu_free_domain() at the end of Updater"] },
  "s390-kref_get-kfree-now": { partner: 3, fix: ["kref_get_unless_zero() instead of refcount_inc(&found->refcount) in Reader", "kfree_rcu() of domain instead of kfree(domain)"] },
  "s390-get_unless_zero-kfree-now": laterFree("domain"),
  "s390-kref_get-kfree_rcu": { partner: 1, fix: ["kref_get_unless_zero() instead of refcount_inc(&found->refcount) in Reader"] },
  "s390-6.12-relink-no-gp": { partner: 20, fix: ["a common lock around Reader and Attach CPU"] },
  "s390-6.12-attach-register-before-list": { partner: 5, fix: ["smp_store_release(&iota, &pte) at the end of Attach CPU, with smp_mb() between"] },
  "pt-walker-free-now": { partner: 2, fix: ["call_rcu() that frees table instead of put_pages_list(table)"] },
  "pt-walker-call_rcu-reader-unprotected": { partner: 2, fix: ["rcu_read_lock() around Reader"] },
  "pt-hw-free-before-iotlb-sync": { partner: 2, fix: ["put_pages_list(table) at the end of Updater"] },
  "pt-hw-leaf-only-invalidation": { partner: 1, fix: ["leaf-only iommu_iotlb_sync: invalidate iotlb in Updater covers walk too"] },
  "pt-hw-call_rcu-without-iotlb-sync": { partner: 11, fix: ["invalidate walk and wait in Updater between WRITE_ONCE(pmd, 0) and queue pgtble_page_free_rcu()"] },
  "pt-union-lru-rcu_head": { partner: 3, fix: ["page.rcu_head no longer shares storage with lru"] },
  "pt-flag-no-barrier": { partner: 6, fix: ["call_rcu() that frees table instead of put_pages_list(table)"] },
  "pt-flag-mb-scanner-only": { partner: 3, fix: ["call_rcu() that frees table instead of put_pages_list(table)"] },
  "ioasid-as-posted-kfree-before-switch": { partner: 6, fix: ["mark every access of active_allocator", "kfree_rcu() of pallocator at the end of Updater"] },
  "ioasid-switch-then-kfree-now": laterFree("pallocator"),
  "ioasid-kfree_rcu-plain-reader": { partner: 2, fix: ["mark every access of active_allocator"] },
  "ioasid-kfree_rcu-plain-writer-only": { partner: 1, fix: ["rcu_assign_pointer(active_allocator, &default_allocator) in Updater"] },
  "ioasid-kfree_rcu-textual-replacement": { partner: 2, fix: ["kfree_rcu(pallocator, rcu) before spin_unlock(&ioasid_allocator_lock) in Updater"] },
  "ioasid-publish-plain-assign": { partner: 1, fix: ["rcu_assign_pointer(active_allocator, ia_data) in Updater"] },
  "ioasid-publish-rcu_assign-plain-reader": { partner: 1, fix: ["active = rcu_dereference(active_allocator) in Reader"] },
  "ioasid-double-unregister-nolock": { partner: 8, fix: ["a common lock around Updater and Other updater"] },
  "sva-publish-before-init-direct": { partner: 2, fix: ["found = smp_load_acquire(&devices) in Reader"] },
  "sva-publish-before-init-direct-once": { partner: 2, fix: ["found = smp_load_acquire(&devices) in Reader"] },
  "sva-addrdep-plain-load": dereferenced,
  "sva-addrdep-plain-load-ctx-once": dereferenced,
  "sva-addrdep-plain-load-all-once": dereferenced,
  "sva-list_add-without-release": { partner: 1, fix: ["rcu_assign_pointer(devices, &bond) in Attach CPU"] },
  "sva-init-after-publish-notifier": { partner: 2, fix: ["rcu_assign_pointer(notifiers, &io_mm) at the end of Attach CPU"] },
  "x-ats-atc-then-iotlb": { partner: 2, fix: ["invalidate the device TLB: invalidate atc before hand over(page) in Inv CPU"] },
  "x-ats-no-atc-inval": { partner: 10, fix: ["invalidate atc and wait in Inv CPU between invalidate the IOTLB: invalidate iotlb and hand over(page)"] },
  // The flush that is waited for orders the load of the count as well.
  "x-smmuv3-nr_ats_masters-nomb-weak-sync": { partner: 13, fix: ["invalidate iotlb and wait in Inv CPU between WRITE_ONCE(io_pte, 0) and TLBI + CMD_SYNC: invalidate iotlb (holds nothing)"] },
  "x-smmuv3-nr_ats_masters-nomb": { partner: 3, fix: [mbInInv] },
  "x-vtd-caching-mode-map-noflush": { partner: 10, fix: ["invalidate iotlb and wait in Attach CPU between WRITE_ONCE(io_pte, &page) and smp_store_release(&client_doorbell, 1)"] },
  "x-noncoherent-walk-nosync": { partner: 2, fix: ["dma_sync_single_for_device(table) in Updater between WRITE_ONCE(table, 1) and dma_wmb()"] },
  "x-write-after-free": { partner: 20, fix: ["kfree_rcu() of object instead of kfree(object)"] },
  "x-rcu_barrier-missing": { partner: 12, fix: ["wait for free_callback() before kfree(driver_data) in Updater"] },
};

/** The partner differs in what the hardware promises, and in no step. */
const onlyHardware = ["riscv-dc-fetch-unordered"];

const mended = scenarios.filter(({ fixedBy }) => fixedBy !== undefined);
const found: string[] = [];
const named = (rows: readonly Scenario[]): readonly (readonly [string, Scenario])[] => rows.map((row) => [row.name, row]);

test("every row that is mended by another one is here", () => {
  expect([...Object.keys(told), ...onlyHardware].sort()).toEqual(mended.map(({ name }) => name).sort());
});

describe.each(named(mended.filter(({ name }) => !onlyHardware.includes(name))))("%s", (name, { program }) => {
  const { fixes, limit } = searchFixes(program);
  const { partner, fix } = told[name]!;

  test("finds what was arrived at, or what costs less", () => {
    const [best] = fixes;
    found.push(`${name} -> ${best?.edits.map(({ title }) => title).join(" and ") ?? "nothing"} -> ${String(best?.cost)}`);
    expect(limit).toBeNull();
    expect(best?.edits.map(({ title }, k) => (fix[k] !== undefined && title.startsWith(fix[k]) ? fix[k] : title))).toEqual(fix);
    expect(best?.cost).toBeLessThanOrEqual(partner);
  });

  test("each fix is refuted when it is replayed, and brings nothing that contexts forbid", () => {
    const before = judgeDriver(program, { verdictOnly: true }).contexts.length;
    for (const { program: changed, edits } of fixes) {
      const { verdict, reason, flags, contexts } = judgeDriver(changed, { verdictOnly: true });
      expect({ verdict, reason, flags }, edits.map(({ title }) => title).join(" and ")).toEqual({ verdict: "refuted", reason: "", flags: [] });
      expect(contexts.length).toBeLessThanOrEqual(before);
    }
  });
});

afterAll(() => {
  console.log([...found, ...onlyHardware.map((name) => `${name} -> none, it is hardware`), `${String(found.length)} rows mended, ${String(onlyHardware.length)} not by software`].join("\n"));
});

test.each(onlyHardware)("%s: no software mends it, and none is invented", (name) => {
  const { program } = scenarios.find((row) => row.name === name)!;
  expect(searchFixes(program)).toMatchObject({ fixes: [], limit: null });
});
