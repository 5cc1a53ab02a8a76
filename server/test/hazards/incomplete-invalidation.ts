import type { Hazards } from "./hazards.ts";

const driver = (unmap: string): string => `struct tx_domain {
	struct iommu_domain domain;
	u64 *root;
	void __iomem *base;
};

#define to_tx_domain(d) container_of(d, struct tx_domain, domain)
#define TX_ADDR 0xffffffffff000ULL

static int tx_alloc_root(struct tx_domain *dom)
{
	dom->root = iommu_alloc_page(GFP_KERNEL);
	return dom->root ? 0 : -ENOMEM;
}

static size_t tx_unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t size,
			     size_t count, struct iommu_iotlb_gather *gather)
{
	struct tx_domain *dom = to_tx_domain(domain);
	u64 *slot = &dom->root[iova >> 21];
	u64 old = READ_ONCE(*slot);
	u32 busy;

	if (!old)
		return 0;
${unmap}	return size * count;
}

static const struct iommu_domain_ops tx_ops = {
	.unmap_pages = tx_unmap_pages,
};
`;

const clear = "	WRITE_ONCE(*slot, 0);\n";
const post = "	writel(iova >> 12, dom->base + 8);\n";
const wait = "	readl_poll_timeout(dom->base + 12, busy, !busy, 1, 1000);\n";
const free = "	iommu_free_page(phys_to_virt(old & TX_ADDR));\n";

export const rule = "iommu/incomplete-invalidation";

export const hazardous: Hazards["hazardous"] = [
  { name: "posted and not waited for", code: driver(clear + post + free) },
  { name: "before the entry is cleared", code: driver(post + wait + clear + free) },
  { name: "waited for after the free", code: driver(clear + post + free + wait) },
];

export const twins: Hazards["twins"] = [
  { name: "after the change, and waited for", code: driver(clear + post + wait + free) },
  { name: "twice", code: driver(post + wait + clear + post + wait + free) },
  { name: "posted, and nothing is freed", code: driver(clear + post) },
];
