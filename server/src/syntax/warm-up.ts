import type { CParser } from "./parser.ts";

const sample = `struct item { struct list_head node; int __rcu *value; };
static DEFINE_SPINLOCK(lock);
int find(struct item *head, int key)
{
	struct item *item;
	rcu_read_lock();
	list_for_each_entry_rcu(item, &head->node, node)
		if (item->value && *rcu_dereference(item->value) == key)
			return key;
	rcu_read_unlock();
	return -ENOENT;
}
`;

/** Reads a small text and types a key in it: the first real one then meets code that has run before. */
export function warmUp(parser: CParser): void {
  const document = parser.openDocument();
  for (const text of [sample, sample.replace("key)", "keys)"), sample]) document.update(text);
  document.dispose();
}
