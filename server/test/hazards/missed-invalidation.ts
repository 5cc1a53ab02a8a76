import type { Hazards } from "./hazards.ts";

type Shape = { readonly unmap?: string; readonly lockWalk?: boolean; readonly between?: string; readonly liveFirst?: boolean; readonly walked?: string; readonly store?: string };

/** A driver whose unmap walks its masters, and whose attach adds one. */
const driver = ({ unmap = "", lockWalk = false, between = "", liveFirst = false, walked = "masters", store = "WRITE_ONCE(dom->root[iova >> 12], 0);" }: Shape): string => `struct tx_domain {
	struct iommu_domain domain;
	struct list_head masters;
	struct list_head clients;
	spinlock_t lock;
	u64 *root;
};

struct tx_master {
	struct list_head node;
	void __iomem *base;
	u64 *entry;
};

#define to_tx_domain(d) container_of(d, struct tx_domain, domain)

static int tx_setup(struct device *dev, struct tx_master *master, dma_addr_t *addr)
{
	master->entry = dma_alloc_coherent(dev, 64, addr, GFP_KERNEL);
	return master->entry ? 0 : -ENOMEM;
}

static void tx_inval(struct tx_master *master, unsigned long iova)
{
	writel(iova >> 12, master->base + 8);
	while (readl(master->base + 12))
		cpu_relax();
}

static size_t tx_unmap_pages(struct iommu_domain *domain, unsigned long iova, size_t size,
			     size_t count, struct iommu_iotlb_gather *gather)
{
	struct tx_domain *dom = to_tx_domain(domain);
	struct tx_master *master;

	${store}
${unmap}	${lockWalk ? "spin_lock(&dom->lock);" : "rcu_read_lock();"}
	list_for_each_entry_rcu(master, &dom->${walked}, node)
		tx_inval(master, iova);
	${lockWalk ? "spin_unlock(&dom->lock);" : "rcu_read_unlock();"}
	return size * count;
}

static int tx_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct tx_domain *dom = to_tx_domain(domain);
	struct tx_master *master = dev_iommu_priv_get(dev);

${liveFirst ? "	WRITE_ONCE(*master->entry, virt_to_phys(dom->root) | 1);\n" : ""}	spin_lock(&dom->lock);
	list_add_rcu(&master->node, &dom->masters);
	spin_unlock(&dom->lock);
${between}${liveFirst ? "" : "	WRITE_ONCE(*master->entry, virt_to_phys(dom->root) | 1);\n"}	return 0;
}

static const struct iommu_domain_ops tx_ops = {
	.attach_dev = tx_attach_dev,
	.unmap_pages = tx_unmap_pages,
};
`;

/** The same driver as it lets a device go; \n behind each of the three steps. */
const leaving = (steps: string): string => driver({ unmap: "	smp_mb();\n", between: "	smp_mb();\n" }).replace("static const struct iommu_domain_ops tx_ops = {", `static void tx_detach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct tx_domain *dom = to_tx_domain(domain);
	struct tx_master *master = dev_iommu_priv_get(dev);

${steps}}

static const struct iommu_domain_ops tx_ops = {
	.detach_dev = tx_detach_dev,`);

const off = "	spin_lock(&dom->lock);\n	list_del_rcu(&master->node);\n	spin_unlock(&dom->lock);\n";
const clear = "	WRITE_ONCE(*master->entry, 0);\n";
const fence = "	tx_inval(master, 0);\n";

/** A function of PCI on s390, whose tables are given to the hardware by a call. */
const ioat = (attach: string): string => `struct tx_domain {
	struct iommu_domain domain;
	struct list_head devices;
	spinlock_t lock;
	unsigned long *table;
};

struct tx_dev {
	struct list_head node;
	u32 fh;
};

static void tx_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	struct tx_domain *dom = container_of(domain, struct tx_domain, domain);
	struct tx_dev *zdev;

	smp_mb();
	rcu_read_lock();
	list_for_each_entry_rcu(zdev, &dom->devices, node)
		zpci_refresh_trans((u64)zdev->fh << 32, gather->start, 4096);
	rcu_read_unlock();
}

static int tx_attach(struct iommu_domain *domain, struct device *dev)
{
	struct tx_domain *dom = container_of(domain, struct tx_domain, domain);
	struct tx_dev *zdev = dev_iommu_priv_get(dev);
	u8 status;

${attach}	return 0;
}

static const struct iommu_domain_ops tx_ops = {
	.attach_dev = tx_attach,
	.iotlb_sync = tx_sync,
};
`;
const ioatOn = "	zpci_register_ioat(zdev, 0, 0, -1UL, virt_to_phys(dom->table), &status);\n";
const listed = "	spin_lock(&dom->lock);\n	list_add_rcu(&zdev->node, &dom->devices);\n	spin_unlock(&dom->lock);\n";


const mb = "	smp_mb();\n";

export const rule = "iommu/missed-invalidation";

export const hazardous: Hazards["hazardous"] = [
  { name: "no barrier on either side", code: driver({}) },
  { name: "a full barrier in attach only", code: driver({ between: mb }) },
  { name: "smp_wmb() on both sides", code: driver({ unmap: "	smp_wmb();\n", between: "	smp_wmb();\n" }) },
  { name: "the device is live before it is on the list", code: driver({ unmap: mb, liveFirst: true }) },
  { name: "the table is registered before the device is on the list", code: ioat(ioatOn + listed) },
  { name: "off the list before the entry is cleared", code: leaving(off + clear + fence) },
  { name: "off the list before the cleared entry is out of the caches", code: leaving(clear + off + fence) },
];

export const twins: Hazards["twins"] = [
  { name: "full barriers on both sides", code: driver({ unmap: mb, between: mb }) },
  { name: "both sides under the domain's lock", code: driver({ lockWalk: true }) },
  { name: "on the list, with a barrier, before the table is registered", code: ioat(`${listed}	smp_mb();\n${ioatOn}`) },
  { name: "off the list after the hardware has let go", code: leaving(clear + fence + off) },
  { name: "cleared again after it was off the list", code: leaving(clear + fence + off + clear) },
  { name: "the walk is of another list", code: driver({ walked: "clients" }) },
];
