import type { Hazards } from "./hazards.ts";

const driver = (map: string, alloc = "get_zeroed_page"): string => `struct tx_domain {
	struct iommu_domain domain;
	u64 *root;
};

#define to_tx_domain(d) container_of(d, struct tx_domain, domain)

static int tx_map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
			size_t size, size_t count, int prot, gfp_t gfp, size_t *mapped)
{
	struct tx_domain *dom = to_tx_domain(domain);
	u64 *slot = &dom->root[iova >> 21];
	u64 *table;

	table = (u64 *)${alloc}(gfp);
	if (!table)
		return -ENOMEM;
${map}	*mapped = size;
	return 0;
}

static const struct iommu_domain_ops tx_ops = {
	.map_pages = tx_map_pages,
};
`;

const fill = "	table[(iova >> 12) & 511] = paddr | prot;\n";
const link = "	WRITE_ONCE(*slot, virt_to_phys(table) | 3);\n";

export const rule = "iommu/valid-before-contents";

export const hazardous: Hazards["hazardous"] = [
  { name: "nothing between the contents and the entry", code: driver(fill + link) },
  { name: "smp_wmb() orders for CPUs only", code: driver(`${fill}	smp_wmb();\n${link}`) },
  { name: "the contents come after the entry", code: driver(`	dma_wmb();\n${link}${fill}`, "__get_free_page") },
];

export const twins: Hazards["twins"] = [
  { name: "dma_wmb() between", code: driver(`${fill}	dma_wmb();\n${link}`) },
  { name: "an empty table is filled while it is walked", code: driver(`	dma_wmb();\n${link}${fill}`) },
  { name: "wmb() between", code: driver(`${fill}	wmb();\n${link}`) },
  { name: "a release store", code: driver(`${fill}	smp_store_release(slot, virt_to_phys(table) | 3);\n`) },
];
