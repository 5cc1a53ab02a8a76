import type { Hazards } from "./hazards.ts";

const driver = (remove: string, reports = true): string => `struct tx_bond {
	struct device *dev;
	u32 pasid;
};

${reports ? `static int tx_report(struct device *dev, struct iopf_fault *fault)
{
	iommu_report_device_fault(dev, fault);
	return 0;
}

` : ""}static void tx_remove_dev_pasid(struct device *dev, ioasid_t pasid, struct iommu_domain *domain)
{
	struct tx_bond *bond = dev_iommu_priv_get(dev);

${remove}	kfree(bond);
}

static const struct iommu_ops tx_ops = {
	.remove_dev_pasid = tx_remove_dev_pasid,
};
`;

const release = "	iommu_free_global_pasid(bond->pasid);\n";

export const rule = "iommu/pasid-freed-with-faults-pending";

export const hazardous: Hazards["hazardous"] = [
  { name: "given back at once", code: driver(release) },
  { name: "a grace period drains nothing", code: driver(`	synchronize_rcu();\n${release}`) },
  { name: "drained after it was given back", code: driver(`${release}	iopf_queue_flush_dev(dev);\n`) },
];

export const twins: Hazards["twins"] = [
  { name: "drained first", code: driver(`	iopf_queue_flush_dev(dev);\n${release}`) },
  { name: "a driver without page requests", code: driver(release, false) },
  { name: "the PASID is the caller's", code: driver("	iopf_queue_flush_dev(dev);\n") },
];
