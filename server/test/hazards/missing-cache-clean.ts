import type { Hazards } from "./hazards.ts";

const driver = (map: string): string => `struct tx_domain {
	struct iommu_domain domain;
	struct device *dev;
	u64 *root;
};

#define to_tx_domain(d) container_of(d, struct tx_domain, domain)

static int tx_map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
			size_t size, size_t count, int prot, gfp_t gfp, size_t *mapped)
{
	struct tx_domain *dom = to_tx_domain(domain);
	u64 *slot = &dom->root[iova >> 21];
	u64 *table;

	table = iommu_alloc_page(gfp);
	if (!table)
		return -ENOMEM;
	table[(iova >> 12) & 511] = paddr | prot;
${map}	*mapped = size;
	return 0;
}

static const struct iommu_domain_ops tx_ops = {
	.map_pages = tx_map_pages,
};
`;

const clean = (what: string): string => `	dma_sync_single_for_device(dom->dev, virt_to_phys(${what}), 4096, DMA_TO_DEVICE);\n`;
const link = "	dma_wmb();\n	WRITE_ONCE(*slot, virt_to_phys(table) | 3);\n";

export const rule = "iommu/missing-cache-clean";

export const hazardous: Hazards["hazardous"] = [
  { name: "only the entry is cleaned", code: driver(link + clean("slot")) },
  { name: "the table is cleaned after its entry is valid", code: driver(link + clean("slot") + clean("table")) },
  { name: "the table is cleaned behind the entry", code: driver(link + clean("table") + clean("slot")) },
];

export const twins: Hazards["twins"] = [
  { name: "the table is cleaned, then the entry", code: driver(clean("table") + link + clean("slot")) },
  { name: "the walker snoops: nothing is cleaned", code: driver(link) },
  { name: "the table is cleaned twice", code: driver(clean("table") + link + clean("slot") + clean("table")) },
];
