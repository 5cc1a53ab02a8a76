import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const check = (code: string): Promise<unknown> => checkRule("rcu/redundant-grace-period", code);

const code = (reader: string, role: string): string => `struct owner {
	int id;
};

struct entry {
	struct owner *owner;
	int n;
	struct rcu_head rcu;
};

static struct entry __rcu *current_entry;

int entry_read(void)
{
	struct entry *e;
	int n = 0;

	rcu_read_lock();
	e = rcu_dereference(current_entry);
	if (e)
		n = ${reader};
	rcu_read_unlock();
	return n;
}

static int entry_clear(struct file *file, int unused)
{
	struct entry *old = rcu_replace_pointer(current_entry, NULL, 1);

	if (old) {
		kfree_rcu(old, rcu);
		synchronize_rcu();
	}
	return 0;
}

${role}
`;

const at = (verdict: string): [RegExp, string] => [/\t\tsynchronize_rcu\(\);\n/, `\t\tsynchronize_rcu();\n//              ^^^^^^^^^^^^^^^^^ ${verdict}\n`];

describe("rcu/redundant-grace-period", () => {
  const fops = "static const struct file_operations fops = { .flush = entry_clear };";

  it("the object alone", () => check(code("e->n", fops).replace(...at("confirmed: can be avoided"))));
  it("readers go on to what it points at", () => check(code("e->owner->id", fops).replace(...at("undecided: readers follow"))));
  it("who calls it may count on the wait", () => check(code("e->n", "int run(void)\n{\n\treturn entry_clear(NULL, 0);\n}").replace(...at("undecided: who calls run()"))));
  it("what its caller frees after it is not visible", () => check(code("e->n", "static const struct foo_ops ops = { .detach = entry_clear };").replace(...at("undecided: caller of this entry"))));
});
