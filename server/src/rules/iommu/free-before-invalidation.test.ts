import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct panel {
	u64 root[512];
	void *shadow;
	size_t len;
	struct mutex lock;
};

struct screen {
	struct panel *panel;
	dma_addr_t at;
};

int screen_make(struct device *dev, struct screen *screen)
{
	screen->panel = dma_alloc_coherent(dev, sizeof(*screen->panel), &screen->at, GFP_KERNEL);
	return screen->panel ? 0 : -ENOMEM;
}
`;

describe("iommu/free-before-invalidation", () => {
  it("a pointer of the driver's own beside what the device reads", () => checkRule("iommu/free-before-invalidation", `${common}
void screen_unmap(struct screen *screen)
{
	struct panel *panel = screen->panel;
	void *shadow = panel->shadow;
	size_t len = panel->len;

	mutex_lock(&panel->lock);
	panel->shadow = NULL;
	panel->len = 0;
	mutex_unlock(&panel->lock);
	if (shadow)
		free_pages_exact(shadow, len);
}
`));

  it("the entry of a table there", () => checkRule("iommu/free-before-invalidation", `${common}
void screen_drop(struct screen *screen, unsigned int at)
{
	struct panel *panel = screen->panel;
	u64 *table = phys_to_virt(panel->root[at] & PAGE_MASK);

	panel->root[at] = 0;
	free_page((unsigned long)table);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: nothing was invalidated since its entry was cleared
}
`));

  it("no entry where the type is not known, or the number is known to be 0", () => checkRule("iommu/free-before-invalidation", `struct set_table {
	int length;
	struct set_options *to;
	struct set * __rcu *sets;
};

struct set {
	struct rcu_head rcu;
	u32 features;
};

#define set_at(table, id) (rcu_dereference_raw((table)->sets)[id])

static struct set *set_find(struct set_table *table, u32 id, u32 features)
{
	struct set *set = set_at(table, id);

	return set == NULL || set->features != features ? NULL : set;
}

int set_destroy(struct set_table *table, u32 id, u32 features)
{
	struct set *set = set_find(table, id, features);

	if (!set)
		return -ENOENT;
	set_at(table, id) = NULL;
	kfree(set);
	return 0;
}

static struct set_options *set_copy(struct set_options *from)
{
	return from ? kmemdup(from, 64, GFP_KERNEL) : NULL;
}

void set_cork(struct set_table *table, struct set_options *from, int more)
{
	struct set_options *copy = set_copy(from);

	if (table->length == 0)
		table->length += more;
	kfree(copy);
}
`));
});
