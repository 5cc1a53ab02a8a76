/** Replays as the engine writes them: riscv-bond.c before and after the repair, and what has no steps. */

import type { Replay, Run, RunStep } from "../../../server/src/protocol/index.ts";
import type { PanelState } from "../../webview/messages.ts";

type StepOf = readonly [role: number, text: string, line: number];

function stepsOf(file: string, steps: readonly StepOf[], hazard?: number): readonly RunStep[] {
  return steps.map(([role, text, line], at) => ({ index: at + 1, role, text, file, line, hazard: at + 1 === hazard }));
}

export const confirmed: Run = {
  version: 1,
  rule: "rcu/free-before-grace-period",
  title: "examples/riscv-bond.c: rvx_bond_unlink()",
  message: "found is freed while rvx_iotlb_inval (line 38) may still hold it",
  model: "lkmm",
  roles: [{ name: "Reader", function: "rvx_iotlb_inval" }, { name: "Updater", function: "rvx_bond_unlink" }],
  steps: stepsOf("examples/riscv-bond.c", [
    [0, "rcu_read_lock()", 37],
    [0, "list_for_each_entry_rcu(bond, &domain->bonds, list): gets the object", 38],
    [0, "bond->dev", 39],
    [1, "list_del_rcu(&bond->list)", 68],
    [1, "kfree(found)", 75],
    [0, "the walk reads list.next  <- freed memory", 38],
    [0, "rcu_read_unlock()", 40],
  ], 6),
  why: ["[2] reads the value from before [4].", "[3] reads the value from before [5].", "[6] reads what [5] wrote."],
  fix: ["Free found with kfree_rcu(), adding an rcu_head to struct rvx_bond"],
  need: "Plain interleaving is enough: no weak memory is needed.",
  evidence: {
    verdict: "confirmed",
    reason: "an allowed execution reaches the hazard",
    limit: null,
    class: "interleaving",
    ladder: { sc: "reachable", tso: "reachable", mca: "reachable", lkmm: "reachable" },
    executions: 14,
    counterpart: { file: "examples/riscv-bond.c", function: "rvx_iotlb_inval", line: 32, synthetic: false },
    assumptions: [
      "rvx_bond_unlink() and rvx_iotlb_inval() work on the same rvx_domain.bonds",
      "no common lock keeps rvx_bond_unlink() and rvx_iotlb_inval() apart",
      "the list holds one element when both start",
      "in rvx_bond_unlink(): if (domain)",
      "in rvx_bond_unlink(): if (bond->dev == dev)",
    ],
  },
  litmus: "C riscv-bond-c-rvx-bond-unlink\n\n{}\n\nexists (0:r1=99)\n",
  counts: { observation: "Sometimes", positive: 3, negative: 2 },
};

export const refuted: Run = {
  ...confirmed,
  title: "examples/riscv-bond-fixed.c: rvx_bond_unlink()",
  message: "found is freed only when rvx_iotlb_inval (line 35) can no longer hold it",
  roles: [...confirmed.roles, { name: "RCU callback", function: "kfree_rcu" }],
  steps: stepsOf("examples/riscv-bond-fixed.c", [
    [0, "rcu_read_lock()", 34],
    [0, "list_for_each_entry_rcu(bond, &domain->bonds, list): gets the object", 35],
    [0, "bond->dev", 36],
    [0, "the walk reads list.next", 35],
    [0, "rcu_read_unlock()", 37],
    [1, "list_del_rcu(&bond->list)", 65],
    [1, "kfree_rcu(found, rcu)", 73],
    [2, "callback is invoked", 73],
    [2, "a grace period has elapsed", 0],
    [2, "callback frees the object", 73],
  ]),
  why: ["[2] reads the value from before [6].", "[3] reads the value from before [10].", "[4] reads the value from before [10].", "[8] reads what [7] wrote."],
  fix: [],
  need: "No execution reaches it, under plain interleaving or weaker.",
  evidence: {
    ...confirmed.evidence,
    verdict: "refuted",
    reason: "every execution of the extracted program was explored, and none reaches the hazard",
    class: null,
    ladder: { sc: "unreachable", tso: "unreachable", mca: "unreachable", lkmm: "unreachable" },
    executions: 36,
  },
  counts: { observation: "Never", positive: 0, negative: 4 },
};

/** Refuted before any execution could be drawn: there is nothing to step through. */
export const refutedWithoutSteps: Run = { ...refuted, roles: [], steps: [], why: ["The grace period of [2] ends after the reader."] };

/** A rule that needs no execution: a path through the calls shows it. */
export const pathOnly: Run = {
  ...confirmed,
  rule: "rcu/grace-period-on-attach-path",
  message: "synchronize_rcu() makes iommu_domain_ops.attach_dev through rvx_attach_dev() wait for a grace period",
  roles: [],
  steps: [],
  why: [],
  fix: [],
  need: "",
  evidence: { verdict: "confirmed", reason: "1 grace period for one operation", limit: { kind: "loop", value: 2 }, class: null, ladder: null, executions: 0, counterpart: null, assumptions: ["on the way there: if (domain)"] },
  litmus: "",
  counts: { observation: "Undecided", positive: 0, negative: 0 },
};

export function replayOf(...runs: readonly Run[]): Replay {
  return {
    version: 1,
    uri: "file:///drivers/riscv-bond.c",
    function: "rvx_bond_unlink",
    about: runs.length === 0 ? "Nothing to replay: rvx_bond_unlink() neither retires an object that RCU readers can reach, nor reads one" : "what rvx_bond_unlink() takes part in",
    runs: runs.map((run) => ({ run, text: `${run.evidence.verdict.toUpperCase()}: ${run.message}\n` })),
    sources: { "examples/riscv-bond.c": "file:///drivers/riscv-bond.c" },
  };
}

export function stateOf(runs: readonly Run[], at: { readonly run?: number; readonly step?: number } = {}): PanelState {
  return { version: 1, replay: replayOf(...runs), run: at.run ?? 0, step: at.step ?? 0 };
}
