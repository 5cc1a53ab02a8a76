/** A driver of thousands of lines, each part with an RCU list of its own that is freed too early: work for the reviewer. */

const part = (name: string): string => `
struct ${name}_entry {
	struct list_head node;
	struct device *dev;
	u32 index;
};

struct ${name}_table {
	struct list_head entries;
	spinlock_t lock;
	void __iomem *base;
};

static void ${name}_sync(struct ${name}_table *table)
{
	struct ${name}_entry *entry;

	rcu_read_lock();
	list_for_each_entry_rcu(entry, &table->entries, node)
		writel(entry->index, table->base);
	rcu_read_unlock();
}

static int ${name}_insert(struct ${name}_table *table, struct device *dev)
{
	struct ${name}_entry *entry;

	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	entry->dev = dev;

	spin_lock(&table->lock);
	list_add_rcu(&entry->node, &table->entries);
	spin_unlock(&table->lock);
	return 0;
}

static void ${name}_erase(struct ${name}_table *table, struct device *dev)
{
	struct ${name}_entry *entry, *found = NULL;

	spin_lock(&table->lock);
	list_for_each_entry(entry, &table->entries, node) {
		if (entry->dev == dev) {
			list_del_rcu(&entry->node);
			found = entry;
			break;
		}
	}
	spin_unlock(&table->lock);

	kfree(found);
}

int ${name}_probe(struct ${name}_table *table, struct device *dev)
{
	int ret;

	ret = ${name}_insert(table, dev);
	if (ret)
		return ret;
	${name}_sync(table);
	return 0;
}

void ${name}_remove(struct ${name}_table *table, struct device *dev)
{
	${name}_erase(table, dev);
	${name}_sync(table);
}
`;

const head = `// SPDX-License-Identifier: MIT
#include <linux/device.h>
#include <linux/io.h>
#include <linux/rculist.h>
#include <linux/slab.h>
`;

/** At least so many lines. */
export function longDriver(lines: number): string {
  let text = head;
  for (let index = 0; text.split("\n").length < lines; index += 1) text += part(`lng${index}`);
  return text;
}
