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

/** Driver whose devices may have ATS; `unmap` is behind the cleared entry. */
const ats = (unmap: string, probe = "pci_enable_ats(to_pci_dev(dev), 12)"): string => `struct tx_domain {
	struct iommu_domain domain;
	struct intel_iommu *iommu;
	u64 *root;
	u16 did, sid;
};

static int tx_probe(struct device *dev)
{
	return ${probe};
}

static size_t tx_unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t size,
			     size_t count, struct iommu_iotlb_gather *gather)
{
	struct tx_domain *dom = container_of(domain, struct tx_domain, domain);

	WRITE_ONCE(dom->root[iova >> 12], 0);
${unmap}	return size * count;
}

static const struct iommu_domain_ops tx_ops = {
	.unmap_pages = tx_unmap_pages,
};
`;

const iotlb = "	qi_flush_iotlb(dom->iommu, dom->did, iova, 0, DMA_TLB_PSI_FLUSH);\n";
const deviceTlb = "	qi_flush_dev_iotlb(dom->iommu, dom->sid, 0, 0, iova, 0);\n";
const leaf = (only: string): string => `	arm_smmu_tlb_inv_range_asid(iova, 4096, 1, 4096, ${only}, dom->smmu);\n`;

/** Driver that asks for hardware which keeps what is not present. */
const caching = (map: string, sync = ""): string => `struct tx_domain {
	struct iommu_domain domain;
	struct intel_iommu *iommu;
	u64 *root;
	u16 did;
	bool caching;
};

static void tx_init(struct tx_domain *dom)
{
	dom->caching = cap_caching_mode(dom->iommu->cap);
}

static int tx_map_pages(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
			size_t size, size_t count, int prot, gfp_t gfp, size_t *mapped)
{
	struct tx_domain *dom = container_of(domain, struct tx_domain, domain);

	WRITE_ONCE(dom->root[iova >> 12], paddr | prot);
${map}	return 0;
}

${sync === "" ? "" : `static int tx_sync_map(struct iommu_domain *domain, unsigned long iova, size_t size)
{
	struct tx_domain *dom = container_of(domain, struct tx_domain, domain);

${sync}	return 0;
}

`}static const struct iommu_domain_ops tx_ops = {
	.map_pages = tx_map_pages,
${sync === "" ? "" : "	.iotlb_sync_map = tx_sync_map,\n"}};
`;

export const rule = "iommu/incomplete-invalidation";

export const hazardous: Hazards["hazardous"] = [
  { name: "posted and not waited for", code: driver(clear + post + free) },
  { name: "before the entry is cleared", code: driver(post + wait + clear + free) },
  { name: "waited for after the free", code: driver(clear + post + free + wait) },
  { name: "leaf entries only", code: driver(clear + leaf("true") + free) },
  { name: "the device's own TLB is left", code: ats(iotlb) },
  { name: "the device's TLB is emptied first", code: ats(deviceTlb + iotlb) },
  { name: "a mapping where what is not present is kept", code: caching("") },
];

export const twins: Hazards["twins"] = [
  { name: "after the change, and waited for", code: driver(clear + post + wait + free) },
  { name: "twice", code: driver(post + wait + clear + post + wait + free) },
  { name: "posted, and nothing is freed", code: driver(clear + post) },
  { name: "the walk caches too", code: driver(clear + leaf("false") + free) },
  { name: "whether leaf entries only is for the caller to say", code: driver(clear + leaf("gather->pgsize") + free) },
  { name: "the device's TLB after the IOTLB", code: ats(iotlb + deviceTlb) },
  { name: "no device has a TLB of its own", code: ats(iotlb, "0") },
  { name: "the device's TLB where it has one", code: ats(`${iotlb}	if (dom->sid)\n	${deviceTlb}`) },
  { name: "a call that may reach the device's TLB", code: ats(`${iotlb}	tx_devices(dom, iova);\n`) },
  { name: "the mapping is flushed", code: caching(`	if (dom->caching)\n	${iotlb}`) },
  { name: "the mapping is flushed when all is mapped", code: caching("", iotlb) },
];
