/** Functions that no path of their callers comes to, because those were too much to follow, are looked at by themselves. */

import { describe, expect, it } from "vitest";
import { testReviewer } from "../../test-support/review.ts";

const types = `struct stat {
	struct list_head node;
	int id;
	long n;
	struct rcu_head rcu;
};

static LIST_HEAD(stats);
static DEFINE_SPINLOCK(stats_lock);

long stats_sum(void)
{
	struct stat *s;
	long sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(s, &stats, node)
		sum += s->n;
	rcu_read_unlock();
	return sum;
}

void stats_add(struct stat *s)
{
	spin_lock(&stats_lock);
	list_add_rcu(&s->node, &stats);
	spin_unlock(&stats_lock);
}
`;

/** A function that does much before it calls what is at the end of it. */
const busy = (call: string): string => {
	const step = (k: number): string => `	if (strcmp(words[${String(k)}], "w${String(k)}") && todo->f${String(k)}) {\n		spin_lock(&stats_lock);\n		todo->f${String(k)}--;\n		list_move(&todo->s${String(k)}->node, &todo->done);\n		spin_unlock(&stats_lock);\n	}\n`;
	const steps = Array.from({ length: 60 }, (_, k) => step(k)).join("");
	const fields = Array.from({ length: 60 }, (_, k) => `	int f${String(k)};\n	struct stat *s${String(k)};\n`).join("");
	return `struct todo {\n	struct list_head done;\n${fields}};\n\nstatic void stats_more(struct todo *todo, char **words)\n{\n${steps}}\n\nint stats_message(struct todo *todo, struct stat *s, char **words)\n{\n	stats_more(todo, words);\n	stats_more(todo, words);\n	stats_more(todo, words);\n	stats_more(todo, words);\n	${call}\n	return 0;\n}\n`;
};

const found = async (rule: string, text: string): Promise<readonly string[]> => {
  const { findings } = await (await testReviewer()).review({ file: "drivers/iommu/x.c", text: types + text }, { rules: [rule], emulate: true, kernel: "test" });
  return findings.filter((one) => one.function === "stat_drop").map(({ evidence }) => `${evidence?.verdict ?? ""}: ${evidence?.reason ?? ""}`);
};

const drop = (body: string): string => `static void stat_drop(struct stat *s)\n{\n${body}}\n\n`;

describe("what calls it was too much to follow", () => {
  it("a plain list operation is told, and that callers may hold something", async () => {
    const one = await found("rcu/plain-list-operation", drop("	spin_lock(&stats_lock);\n	list_del(&s->node);\n	spin_unlock(&stats_lock);\n	synchronize_rcu();\n	kfree(s);\n") + busy("stat_drop(s);"));
    expect(one).toEqual([expect.stringMatching(/^undecided: .*stat_drop\(\) were too much to follow/)]);
  });

  it("a use after the object was queued is told", async () => {
    const one = await found("rcu/use-after-queued", drop("	spin_lock(&stats_lock);\n	list_del_rcu(&s->node);\n	spin_unlock(&stats_lock);\n	kfree_rcu(s, rcu);\n	s->n = 0;\n") + busy("stat_drop(s);"));
    expect(one).toEqual([expect.stringMatching(/^undecided: /)]);
  });

  it("a plain walk in a section is told, and that callers may hold something", async () => {
    const walk = drop("	struct stat *one;\n\n	rcu_read_lock();\n	list_for_each_entry(one, &stats, node)\n		s->n += one->n;\n	rcu_read_unlock();\n");
    expect(await found("rcu/plain-list-operation", walk + busy("stat_drop(s);"))).toEqual([expect.stringMatching(/^undecided: .*stat_drop\(\) were too much to follow/)]);
  });

  it("with callers that are followed nothing of it is said", async () => {
    const one = await found("rcu/plain-list-operation", drop("	spin_lock(&stats_lock);\n	list_del(&s->node);\n	spin_unlock(&stats_lock);\n	synchronize_rcu();\n	kfree(s);\n") + "int stats_message(struct stat *s)\n{\n	stat_drop(s);\n	return 0;\n}\n");
    expect(one).toEqual([expect.stringMatching(/^confirmed/)]);
  });
});
