import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = (clean: string): string => `#define WALKS_COHERENTLY(caps) ((caps) & 1)

struct demo_iommu {
	u64 caps;
	int node;
};

struct demo_dir {
	u64 val;
};

struct demo_entry {
	u64 val[8];
};

struct demo_info {
	struct demo_iommu *iommu;
	struct demo_dir *dir;
};

static struct demo_entry *demo_table_of(struct demo_dir *dir)
{
	if (!(READ_ONCE(dir->val) & 1))
		return NULL;
	return phys_to_virt(READ_ONCE(dir->val) & PAGE_MASK);
}

static struct demo_entry *demo_entry_of(struct device *dev, u32 pasid)
{
	struct demo_info *info = dev_iommu_priv_get(dev);
	struct demo_dir *dir = info->dir;
	int at = pasid >> 6;
	struct demo_entry *entries;

retry:
	entries = demo_table_of(&dir[at]);
	if (!entries) {
		u64 none = 0;

		entries = iommu_alloc_page_node(info->iommu->node, GFP_ATOMIC);
		if (!entries)
			return NULL;
${clean}		if (!try_cmpxchg64(&dir[at].val, &none, (u64)virt_to_phys(entries) | 1)) {
			iommu_free_page(entries);
			goto retry;
		}
		if (!WALKS_COHERENTLY(info->iommu->caps))
			clflush_cache_range(&dir[at].val, sizeof(*dir));
	}
	return &entries[pasid & 63];
}

static void demo_clear_entry(struct device *dev, u32 pasid)
{
	struct demo_entry *entry = demo_entry_of(dev, pasid);

	if (entry)
		WRITE_ONCE(entry->val[0], 0);
}

void demo_tear_down(struct device *dev, u32 pasid)
{
	struct demo_entry *entry = demo_entry_of(dev, pasid);

	if (!entry || !(READ_ONCE(entry->val[0]) & 1))
		return;
	demo_clear_entry(dev, pasid);
}
`;

const cleaned = `		if (!WALKS_COHERENTLY(info->iommu->caps))
			clflush_cache_range(entries, 4096);
`;

describe("iommu/missing-cache-clean", () => {
  it("one call whose walker snoops, and another one on the same path whose does not", () => checkRule("iommu/missing-cache-clean", common(cleaned)));

  it("the entry is cleaned, and the table that it makes valid is not", () => checkRule("iommu/missing-cache-clean", common("").replace("(u64)virt_to_phys(entries) | 1)) {\n", `$&//                   ${"^".repeat(78)} confirmed: is not cleaned from the CPU's cache\n`)));
});
