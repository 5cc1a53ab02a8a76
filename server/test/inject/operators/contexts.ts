/** Waits, sleeps and barriers in the wrong place. */

import { walkExprs } from "../../../src/model/ast-walk.ts";
import { callersHold, holdsAt } from "../context.ts";
import { atCalls, type Injection, type Operator, without } from "../operator.ts";
import type { FunctionView } from "../view.ts";

const registerWrite = /\b(?:writel|writeq|writew|iowrite32)\s*\(/;

/** A register is written next, by the code itself or by the function of this file that it calls, and no memory before that. */
function writesRegisterNext(view: FunctionView, after: string): boolean {
  const until = (code: string): string | undefined => { const found = registerWrite.exec(code); return found === null ? undefined : code.slice(0, found.index); };
  const storesNothing = (code: string): boolean => !/(?:->\w+|\]|\.\w+|\*\w+)\s*(?:[|&+^-]|<<|>>)?=(?!=)|\breturn\b|\bgoto\b|\bmem(?:cpy|set)\b/.test(code);
  const own = until(after);
  if (own !== undefined && storesNothing(own) && !/[{}]/.test(own)) return true;
  const called = /^\s*(\w+)\s*\(/.exec(after)?.[1];
  const callee = called === undefined ? undefined : view.file.functions.find(({ name }) => name === called);
  const inside = callee === undefined ? undefined : until(callee.text);
  return inside !== undefined && storesNothing(inside);
}

export const operators: readonly Operator[] = [
  {
    name: "synchronize_rcu-in-section",
    rules: ["rcu/grace-period-in-reader", "context/sleep-in-atomic", "rcu/sleep-in-reader"],
    sites: atCalls(/^rcu_read_lock(?:_bh)?$/, (site) => {
      const { stmt } = site.placed;
      return site.isWhole ? { edits: [{ start: stmt.end, end: stmt.end, newText: " synchronize_rcu();" }], neutral: "" } : undefined;
    }),
  },
  {
    name: "synchronize_rcu-in-loop",
    rules: ["rcu/grace-period-in-loop", "rcu/redundant-grace-period", "context/sleep-in-atomic", "rcu/grace-period-in-reader"],
    sites: atCalls(/^(?:kfree_rcu|call_rcu)$/, (site, view) => {
      const { stmt, loops, block } = site.placed;
      if (!site.isWhole || loops === 0) return undefined;
      const isLastRound = ["break", "return", "goto"].includes(block.at(-1)?.kind ?? "");
      return { edits: [{ start: stmt.start, end: stmt.start, newText: "synchronize_rcu(); " }], neutral: isLastRound ? "the loop ends with it" : callersHold(view, "rcu") === "yes" ? "?" : "" };
    }),
  },
  {
    name: "GFP_ATOMIC-to-GFP_KERNEL",
    rules: ["context/sleep-in-atomic", "rcu/sleep-in-reader", "rcu/sleep-in-callback"],
    sites: (view) =>
      view.calls.flatMap((site): readonly Injection[] => {
        const sites: Injection[] = [];
        for (const arg of site.call.args) {
          if (arg.kind === "call") continue;
          walkExprs(arg, (expr) => {
            if (expr.kind !== "identifier" || expr.name !== "GFP_ATOMIC") return;
            const atomic = holdsAt(view, site, "atomic");
            const srcu = site.placed.held.some(({ key }) => /srcu/.test(key));
            sites.push({ at: expr.start, edits: [{ start: expr.start, end: expr.end, newText: "GFP_KERNEL" }], neutral: srcu ? "?" : atomic === "yes" ? "" : atomic === "no" ? "no caller is atomic" : "?" });
          });
        }
        return sites;
      }),
  },
  {
    name: "drop-barrier",
    rules: ["ordering/doorbell-without-wmb", "ordering/ready-without-rmb", "ordering/store-buffering", "iommu/valid-before-contents", "iommu/missed-invalidation", "iommu/incomplete-invalidation", "iommu/missing-cache-clean", "rcu/publish-before-init"],
    sites: atCalls(/^(?:smp_mb|smp_wmb|dma_wmb|dma_rmb)$/, (site, view) => {
      if (!site.isWhole) return undefined;
      const { block, index, stmt } = site.placed;
      const next = block[index + 1];
      const follows = next === undefined ? "" : view.file.code.slice(next.start, next.end);
      const after = view.file.code.slice(stmt.end, block.at(-1)?.end ?? stmt.end);
      const isLastRead = site.callee === "dma_rmb" && site.placed.loops === 0 && !/->|\[|\*/.test(view.file.code.slice(stmt.end, view.def.body.end).replace(/[\w>-]+->\w+\s*=(?!=)/g, ""));
      const neutral = isLastRead ? "nothing is read behind it" : site.callee === "dma_wmb" && writesRegisterNext(view, after) ? "writel() orders stores before it" : /^(?:smp_|dma_)?[rw]?mb\s*\(/.test(follows) ? "another barrier follows" : site.callee === "dma_wmb" || site.callee === "dma_rmb" ? "" : "?";
      return { edits: [without(view.file, stmt)], neutral: neutral === "?" && site.callee === "smp_mb" && /\b(?:waitqueue_active|wq_has_sleeper|READ_ONCE|test_bit|atomic_read)\s*\(/.test(follows) ? "" : neutral };
    }),
  },
  {
    name: "drop-unlock-on-one-path",
    rules: ["rcu/unbalanced-reader"],
    sites: atCalls(/^rcu_read_unlock(?:_bh)?$/, (site, view) => {
      const { block, index, stmt } = site.placed;
      const next = block[index + 1];
      const others = view.calls.filter(({ callee }) => callee === site.callee);
      if (!site.isWhole || next?.kind !== "return" || others.length < 2) return undefined;
      return { edits: [without(view.file, stmt)], neutral: "" };
    }),
  },
];
