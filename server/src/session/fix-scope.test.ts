import { describe, expect, it } from "vitest";
import { runRules } from "../rules/run-rules.ts";
import { types, walker } from "../test-support/bonds.ts";
import { factsOfText } from "../test-support/review.ts";
import { besideFix } from "./fix-scope.ts";

const text = `${types}${walker}
static void drop(struct domain *d, struct bond *b)
{
	list_del_rcu(&b->list);
	kfree(b);
}

void domain_drop(struct domain *d, struct bond *b)
{
	spin_lock(&d->lock);
	drop(d, b);
	spin_unlock(&d->lock);
}

void domain_reset(struct domain *d, struct bond *b)
{
	mutex_lock(&d->mutex);
	domain_drop(d, b);
	mutex_unlock(&d->mutex);
}

void domain_name(struct domain *d)
{
	mutex_lock(&d->mutex);
	rename(d);
	mutex_unlock(&d->mutex);
}

void bond_first(struct domain *d)
{
	show(&d->bonds);
}
`;

describe("what a fix leaves as it was", () => {
  it("is what neither the edit, nor the finding with its callers and readers, nor the list leads to", async () => {
    const facts = await factsOfText(text);
    const { candidates } = runRules(facts, ["rcu/free-before-grace-period"]);
    expect(candidates.map(({ function: name }) => name)).toEqual(["drop"]);
    const found = [...besideFix(facts, candidates[0]!, candidates[0]!.fixes[0]!.edits)];
    expect(found).toContain("domain_name");
    for (const name of ["drop", "domain_drop", "domain_reset", "flush"]) expect(found).not.toContain(name);
  });
});
