import { describe, expect, it } from "vitest";
import { detailKinds } from "../detail-events.ts";
import { apiCount, apiOf, headers, partlyKnown } from "./index.ts";
import { compareReleases } from "./releases.ts";

/** The most arguments a kernel API of the table has. */
const argumentsMax = 8;

const rows = headers.flatMap(({ header, rows: all }) => all.map((row) => ({ header, row })));

describe("the knowledge table", () => {
  it("knows each name once", () => {
    const names = rows.flatMap(({ row }) => row.names);
    expect(new Set(names).size).toBe(names.length);
    expect(apiCount).toBe(names.length);
    expect(apiCount).toBeGreaterThan(1_400);
  });

  it("says of a call that it only partly knows nothing that decides a verdict", () => {
    for (const { row } of rows.filter((one) => one.row.partly === true)) {
      for (const effect of row.effects) expect(detailKinds, row.names[0]).toContain(effect.kind);
      for (const name of row.names) expect([apiOf(name), partlyKnown(name)], name).toEqual([undefined, row]);
    }
  });

  it("keeps calls that wait for somebody unknown from being wholly known", () => {
    for (const name of ["wait_for_completion", "flush_work", "cancel_work_sync", "kthread_stop", "del_timer_sync", "free_irq", "synchronize_irq", "nf_unregister_net_hook", "netdev_rx_handler_unregister", "iommu_iotlb_sync", "sock_put"]) expect(apiOf(name), name).toBeUndefined();
  });

  it("answers for a release", () => {
    expect(compareReleases("6.12-rc1", "6.9")).toBeGreaterThan(0);
    expect(compareReleases("v6.1.192", "6.1")).toBeGreaterThan(0);
    expect(compareReleases("6.1", "6.1.0")).toBe(0);
    expect([apiOf("call_rcu_hurry", "6.1"), apiOf("synchronize_sched", "6.1")]).toEqual([undefined, undefined]);
    expect(apiOf("call_rcu_hurry", "6.12")).toBe(apiOf("call_rcu_hurry"));
    expect(partlyKnown("disable_work_sync", "6.9")).toBeUndefined();
  });

  it("names arguments that exist", () => {
    for (const { row } of rows) {
      for (const effect of row.effects) {
        for (const [key, value] of Object.entries(effect)) {
          if (typeof value === "number") expect(value, `${row.names[0] ?? ""}: ${key}`).toBeLessThan(argumentsMax);
        }
      }
    }
  });

  it("puts every row under a header of the kernel", () => {
    for (const { header } of rows) expect(header).toMatch(/^(?:include|drivers\/iommu|arch\/\w+\/include)\/[\w/-]+\.h$/);
  });

  it("pairs entering with leaving", () => {
    for (const [enter, leave] of [["rcu_read_lock", "rcu_read_unlock"], ["srcu_read_lock", "srcu_read_unlock"], ["local_bh_disable", "local_bh_enable"]] as const) {
      expect(apiOf(enter)?.effects[0]?.kind).toBe("reader-enter");
      expect(apiOf(leave)?.effects[0]?.kind).toBe("reader-leave");
    }
  });

  it("knows every wait of the contract", () => {
    for (const name of ["synchronize_rcu", "synchronize_rcu_expedited", "synchronize_net", "synchronize_srcu", "synchronize_rcu_tasks", "rcu_barrier", "srcu_barrier", "cond_synchronize_rcu", "mmu_notifier_unregister", "mmu_notifier_synchronize"]) {
      expect(apiOf(name)?.effects.some((effect) => effect.kind === "wait"), name).toBe(true);
    }
    expect(apiOf("synchronize_irq")?.effects.some((effect) => effect.kind === "wait") ?? false).toBe(false);
  });
});
