import { describe, expect, it } from "vitest";
import { apiCount, apiOf, headers } from "./index.ts";

/** The most arguments a kernel API of the table has. */
const argumentsMax = 8;

const rows = headers.flatMap(({ header, rows: all }) => all.map((row) => ({ header, row })));

describe("the knowledge table", () => {
  it("knows each name once", () => {
    const names = rows.flatMap(({ row }) => row.names);
    expect(new Set(names).size).toBe(names.length);
    expect(apiCount).toBe(names.length);
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
