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

/** A structure of the device with a word that says whether the others count. */
const context = (set: string, block = "	WRITE_ONCE(table->ctl, 0);\n"): string => `struct tx_ctx {
	u64 root;
	u64 tag;
	u64 ctl;
};

struct tx_master {
	struct tx_ctx *table;
	dma_addr_t bus;
};

static int tx_probe(struct device *dev, struct tx_master *master)
{
	master->table = dma_alloc_coherent(dev, sizeof(*master->table), &master->bus, GFP_KERNEL);
	return master->table ? 0 : -ENOMEM;
}

static int tx_attach(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct tx_master *master = dev_iommu_priv_get(dev);
	struct tx_ctx *table = master->table;

${set}	return 0;
}

static int tx_block(struct iommu_domain *iommu_domain, struct device *dev)
{
	struct tx_master *master = dev_iommu_priv_get(dev);
	struct tx_ctx *table = master->table;

${block}	return 0;
}

static const struct iommu_domain_ops tx_paging = { .attach_dev = tx_attach };
static const struct iommu_domain_ops tx_blocked = { .attach_dev = tx_block };
`;

const root = "	WRITE_ONCE(table->root, virt_to_phys(iommu_domain) >> 12);\n	WRITE_ONCE(table->tag, 7);\n";
const live = "	WRITE_ONCE(table->ctl, 1);\n";

export const rule = "iommu/valid-before-contents";

export const hazardous: Hazards["hazardous"] = [
  { name: "nothing between the contents and the entry", code: driver(fill + link) },
  { name: "smp_wmb() orders for CPUs only", code: driver(`${fill}	smp_wmb();\n${link}`) },
  { name: "the contents come after the entry", code: driver(`	dma_wmb();\n${link}${fill}`, "__get_free_page") },
  { name: "the word that makes a context count right after its root", code: context(root + live) },
  { name: "the word that makes a context count after a barrier for CPUs", code: context(`${root}	smp_wmb();\n${live}`) },
];

export const twins: Hazards["twins"] = [
  { name: "dma_wmb() between", code: driver(`${fill}	dma_wmb();\n${link}`) },
  { name: "an empty table is filled while it is walked", code: driver(`	dma_wmb();\n${link}${fill}`) },
  { name: "wmb() between", code: driver(`${fill}	wmb();\n${link}`) },
  { name: "a release store", code: driver(`${fill}	smp_store_release(slot, virt_to_phys(table) | 3);\n`) },
  { name: "dma_wmb() before the word that makes a context count", code: context(`${root}	dma_wmb();\n${live}`) },
  { name: "a word that is never cleared by itself says nothing", code: context(root + live, "	WRITE_ONCE(table->root, 0);\n	WRITE_ONCE(table->tag, 0);\n	WRITE_ONCE(table->ctl, 0);\n") },
  { name: "the word is cleared with the tables changed after it", code: context("	WRITE_ONCE(table->ctl, 0);\n	WRITE_ONCE(table->root, 0);\n") },
];
