import type { Hazards } from "./hazards.ts";

const driver = (free: string, use = "writel(dom->asid, dom->base + 8);"): string => `struct tx_domain {
	struct iommu_domain domain;
	void __iomem *base;
	int asid;
};

static DEFINE_IDA(tx_asids);

#define to_tx_domain(d) container_of(d, struct tx_domain, domain)

static void tx_flush(struct tx_domain *dom)
{
	u32 busy;

	${use}
	readl_poll_timeout(dom->base + 12, busy, !busy, 1, 1000);
}

static void tx_flush_iotlb_all(struct iommu_domain *domain)
{
	tx_flush(to_tx_domain(domain));
}

static void tx_domain_free(struct iommu_domain *domain)
{
	struct tx_domain *dom = to_tx_domain(domain);

${free}	kfree(dom);
}

static const struct iommu_domain_ops tx_ops = {
	.flush_iotlb_all = tx_flush_iotlb_all,
	.free = tx_domain_free,
};
`;

const release = "	ida_free(&tx_asids, dom->asid);\n";

export const rule = "iommu/tag-reuse-without-flush";

export const hazardous: Hazards["hazardous"] = [
  { name: "given back with nothing flushed", code: driver(release) },
  { name: "a barrier is no flush", code: driver(`	mb();\n${release}`) },
  { name: "flushed after it was given back", code: driver(`${release}	tx_flush(dom);\n`) },
];

export const twins: Hazards["twins"] = [
  { name: "flushed first", code: driver(`	tx_flush(dom);\n${release}`) },
  { name: "the number is no tag of the hardware", code: driver(release, "writel(1, dom->base + 8);") },
  { name: "it is kept", code: driver("	tx_flush(dom);\n") },
];
