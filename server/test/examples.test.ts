/**
 * What examples/README.md promises, file by file: every situation of the threads gives its rule and verdict, as one
 * finding for one race; what is fixed gives nothing, or a refuted one; and names and the order of functions are nothing.
 */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Finding } from "../src/protocol/index.ts";
import { editedText } from "../src/session/edits.ts";
import { factsOfText, reviewText, testReviewer } from "../src/test-support/review.ts";
import { otherName, ownNamesOf, renamed, reversed } from "../src/test-support/same-code.ts";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const example = (name: string): string => readFileSync(`${folder}${name}.c`, "utf8");

const review = async (name: string, text = example(name)): Promise<readonly Finding[]> => reviewText(text, {}, `examples/${name}.c`);
const outlineOf = (findings: readonly Finding[]): readonly string[] => findings.map((one) => `${one.function} ${one.rule} ${one.evidence?.verdict ?? ""}`);

/** The columns of the replay of what is wrong. */
async function rolesIn(name: string, fn: string): Promise<readonly string[]> {
  const replay = await (await testReviewer()).emulate({ file: `examples/${name}.c`, text: example(name) }, fn, { model: "lkmm" });
  return replay.kind === "replayed" ? replay.runs.flatMap((run) => run.roles.map((role) => role.name)) : [];
}

const free = "rcu/free-before-grace-period";
const wait = "rcu/grace-period-on-attach-path";
const missed = "iommu/missed-invalidation";
const incomplete = "iommu/incomplete-invalidation";

/** `said`: "function rule verdict". What is refuted may stand beside. */
type Expected = { readonly said: readonly string[]; readonly roles?: readonly string[]; readonly needs?: string };

const hazardous: Readonly<Record<string, Expected>> = {
  "riscv-bond": { said: [`rvx_bond_unlink ${free} confirmed`], needs: "interleaving" },
  "riscv-bond-posted": { said: [`rvx_bond_unlink ${wait} confirmed`] },
  "wait-in-reader": { said: ["wrx_bond_drop rcu/grace-period-in-reader confirmed"] },
  "attach-race": { said: [`atx_attach_dev ${missed} confirmed`], roles: ["Inv CPU", "Attach CPU"], needs: "tso" },
  "attach-race-attach-only": { said: [`atx_attach_dev ${missed} confirmed`], roles: ["Inv CPU", "Attach CPU"], needs: "tso" },
  "attach-race-inval-only": { said: [`atx_attach_dev ${missed} confirmed`], roles: ["Inv CPU", "Attach CPU"], needs: "mca" },
  "detach-order": { said: [`dtx_detach_dev ${missed} confirmed`], roles: ["Inv CPU", "Detach CPU"], needs: "interleaving" },
  "detach-order-between": { said: [`dtx_detach_dev ${missed} confirmed`], roles: ["Inv CPU", "Detach CPU"], needs: "interleaving" },
  "command-queue": { said: ["cqx_queue_send ordering/doorbell-without-wmb confirmed"], needs: "mca" },
  "queue-poll": { said: ["cpx_next_fault ordering/ready-without-rmb confirmed"], needs: "mca" },
  "device-context": { said: ["dcx_attach_dev iommu/valid-before-contents confirmed"], needs: "mca" },
  "pscid-reuse": { said: ["psx_domain_free iommu/tag-reuse-without-flush confirmed"] },
  "s390-domain": { said: [`zpx_detach_dev ${free} confirmed`, `zpx_attach_blocked ${wait} confirmed`] },
  "s390-queued-first": { said: [`zfx_domain_free ${free} confirmed`], needs: "interleaving" },
  "s390-relink": { said: ["zlx_attach_dev rcu/node-reused-before-grace-period confirmed"], needs: "interleaving" },
  "s390-register-first": { said: [`zrx_attach_dev ${missed} confirmed`], roles: ["Inv CPU", "Attach CPU"], needs: "interleaving" },
  "s390-domain-ref": { said: ["zkx_domain_find rcu/get-ref-from-zero confirmed"] },
  "module-exit": { said: ["mex_exit rcu/missing-barrier-on-exit confirmed"] },
  "page-table": { said: [`ptx_unmap_pages ${free} confirmed`], needs: "interleaving" },
  "page-table-hardware": { said: ["phx_unmap_pages iommu/free-before-invalidation confirmed"] },
  "page-table-leaf": { said: [`plx_unmap_pages ${incomplete} confirmed`] },
  "page-table-union": { said: ["pux_free_tables rcu/head-overlaps-list confirmed"] },
  "page-table-flag": { said: [`pfx_unmap_pages ${free} confirmed`], needs: "tso" },
  "non-coherent-walk": { said: ["ncx_set iommu/missing-cache-clean confirmed"] },
  "device-tlb-order": { said: [`dix_unmap_page ${incomplete} confirmed`] },
  "device-tlb-missing": { said: [`dix_unmap_page ${incomplete} confirmed`] },
  "caching-mode": { said: [`cmx_map_pages ${incomplete} confirmed`] },
  "ioasid-allocator": { said: [`idx_unregister ${free} undecided`] },
  "ioasid-switch": { said: [`isx_unregister ${free} confirmed`], needs: "interleaving" },
  "ioasid-switch-late": { said: [`isx_unregister ${free} confirmed`], needs: "interleaving" },
  "ioasid-publish": { said: ["ipx_register rcu/missing-assign-pointer confirmed"], needs: "mca" },
  "ioasid-unregister-twice": { said: ["iux_unregister rcu/update-without-lock confirmed"], needs: "interleaving" },
  "sva-publish": { said: ["spx_attach rcu/publish-before-init confirmed"] },
  "sva-bind": { said: ["svx_invalidate rcu/missing-dereference confirmed", "svx_attach rcu/publish-before-init confirmed"] },
  "sva-plain-list": { said: ["spx_attach rcu/plain-list-operation confirmed"], needs: "mca" },
};

const all = readdirSync(folder).filter((name) => name.endsWith(".c")).map((name) => name.slice(0, -2)).sort();
const fixed = all.filter((name) => name.endsWith("-fixed"));

describe("examples", () => {
  it("are all known here", () => { expect(all.filter((name) => !fixed.includes(name))).toEqual(Object.keys(hazardous).sort()); });

  for (const [name, { said, roles, needs }] of Object.entries(hazardous)) {
    it(`${name} says what is wrong, once`, async () => {
      const findings = await review(name);
      const open = findings.filter((one) => one.evidence?.verdict !== "refuted");
      expect(outlineOf(open).toSorted()).toEqual(said.toSorted());
      const first = open[0]?.evidence;
      if (needs !== undefined) expect(first?.class).toBe(needs);
      if (roles !== undefined) expect(await rolesIn(name, open[0]?.function ?? "")).toEqual(expect.arrayContaining([...roles]));
    });
  }

  for (const name of fixed) {
    it(`${name} is silent or refuted`, async () => {
      expect(outlineOf((await review(name)).filter((one) => one.evidence?.verdict !== "refuted"))).toEqual([]);
    });
  }
});

describe("an offered fix", () => {
  for (const name of Object.keys(hazardous)) {
    it(`of ${name} was verified, and applied it leaves nothing of its finding`, async () => {
      const confirmed = (await review(name)).filter((one) => one.evidence?.verdict === "confirmed");
      for (const one of confirmed) {
        for (const fix of one.fixes) {
          expect(fix.verified, fix.title).toBe(true);
          const text = editedText(example(name), fix.edits);
          expect(text).toBeDefined();
          const left = (await review(name, text)).filter((other) => other.evidence?.verdict !== "refuted");
          expect(left.map(({ function: fn, rule }) => `${fn} ${rule}`)).not.toContain(`${one.function} ${one.rule}`);
          expect(left.length).toBeLessThan(confirmed.length);
        }
      }
    });
  }
});

describe("names and order", () => {
  for (const name of all) {
    it(`are nothing to ${name}`, async () => {
      const text = example(name);
      const facts = await factsOfText(text);
      const names = ownNamesOf(facts);
      const kinds = async (code: string): Promise<readonly string[]> => outlineOf(await review(name, code)).toSorted();
      const outline = await kinds(text);
      const back = new Map([...facts.functions.keys()].map((one) => [otherName(one), one]));
      const other = renamed(text, names);
      expect(other).not.toBe(text);
      expect((await kinds(other)).map((line) => line.replace(/^\w+/, (fn) => back.get(fn) ?? fn)).toSorted()).toEqual(outline);
      expect(await kinds(reversed(text, facts))).toEqual(outline);
    });
  }
});
