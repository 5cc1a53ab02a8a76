import type { ReaderUse, Retirement } from "../../model/lifetimes.ts";
import type { TraceEvent } from "../../model/trace.ts";
import { containerName, lineOf } from "../../model/words.ts";
import { deferredFreeFixes } from "../fixes/deferred-free.ts";
import type { Candidate, Rule, RuleContext, RuleMeta } from "../rule.ts";
import { earlyFrees } from "../shared/early-frees.ts";

const meta: RuleMeta = {
  id: "rcu/free-before-grace-period",
  title: "Wait for a grace period before freeing what readers may still hold",
  why: "A reader that entered its read-side critical section before the object was unlinked may still use it. Unlinking stops new readers only; the memory may be freed when a grace period has passed after the unlink.",
  fix: "Free the object with kfree_rcu(), or with call_rcu() and a callback, after it was unlinked; on paths that may be slow, synchronize_rcu() between unlink and free does as well.",
  earns: "replay",
  severity: "error",
  seeds: ["000", "001", "002", "003"],
  sources: ["Documentation/RCU/whatisRCU.rst", "Documentation/RCU/listRCU.rst", "Documentation/RCU/checklist.rst"],
  bad: [
    {
      title: "A bond is unlinked and freed at once",
      code: `struct demo_bond {
	struct list_head list;
	int id;
};

struct demo_domain {
	struct list_head bonds;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += bond->id;
	rcu_read_unlock();
	return sum;
}

static void demo_unlink(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	kfree(bond);
}
`,
    },
  ],
  good: [
    {
      title: "The bond is freed after a grace period",
      code: `struct demo_bond {
	struct list_head list;
	int id;
	struct rcu_head rcu;
};

struct demo_domain {
	struct list_head bonds;
	spinlock_t lock;
};

static int demo_flush(struct demo_domain *domain)
{
	struct demo_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += bond->id;
	rcu_read_unlock();
	return sum;
}

static void demo_unlink(struct demo_domain *domain, struct demo_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	kfree_rcu(bond, rcu);
}
`,
    },
  ],
  yieldsTo: ["rcu/wrong-flavour"],
};

function check(context: RuleContext): readonly Candidate[] {
  return earlyFrees(context).map(({ function: fn, at, about, name, sides, first, detach, end, path, related, doubts }) => ({
    rule: meta.id,
    severity: meta.severity,
    at,
    function: fn,
    about,
    ...messagesOf(name, first, detach, end, sides[0]?.readers ?? [], context),
    path,
    related,
    hypothesis: { kind: "use-after-free", sides, doubts },
    fixes: end.what.kind === "free" ? deferredFreeFixes(end, first, context) : [],
  }));
}

function messagesOf(name: string, first: Retirement, detach: TraceEvent, end: TraceEvent, readers: readonly ReaderUse[], { facts }: RuleContext): Pick<Candidate, "message" | "refutedMessage"> {
  const reader = readers[0]?.trace.events[readers[0].obtain];
  const holder = reader === undefined ? "a reader" : `${reader.function} (line ${String(lineOf(facts, reader.at.start))})`;
  const how = end.what.kind === "free" ? "freed" : "queued for freeing";
  const order = first.end < first.detach ? ` before it is taken out of ${containerName(first.container)} (line ${String(lineOf(facts, detach.at.start))})` : "";
  return {
    message: order === "" ? `${name} is ${how} while ${holder} may still hold it` : `${name} is ${how}${order}, and ${holder} may still reach it`,
    refutedMessage: `${name} is freed only when ${holder} can no longer hold it`,
  };
}

export const rule: Rule = { meta, check };
