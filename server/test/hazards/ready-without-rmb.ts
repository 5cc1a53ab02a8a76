import type { Hazards } from "./hazards.ts";

const driver = (poll: string): string => `struct tx_cqe {
	__le32 owner;
	__le32 len;
	__le32 status;
	__le32 cookie;
};

struct tx_cq {
	struct tx_cqe *cqe;
	unsigned int head;
};

static int tx_cq_init(struct device *dev, struct tx_cq *cq, dma_addr_t *addr)
{
	cq->cqe = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return cq->cqe ? 0 : -ENOMEM;
}

static int tx_poll(struct tx_cq *cq)
{
	struct tx_cqe *cqe = &cq->cqe[cq->head];

${poll}}
`;

const test = "	if (!READ_ONCE(cqe->owner))\n		return 0;\n";
const use = "	return le32_to_cpu(READ_ONCE(cqe->len));\n";

export const rule = "ordering/ready-without-rmb";

export const hazardous: Hazards["hazardous"] = [
  { name: "nothing between the test and the load", code: driver(test + use) },
  { name: "a barrier for stores", code: driver(`${test}	dma_wmb();\n${use}`) },
  { name: "smp_rmb() is for CPUs", code: driver(`${test}	smp_rmb();\n${use}`) },
];

export const twins: Hazards["twins"] = [
  { name: "dma_rmb() between", code: driver(`${test}	dma_rmb();\n${use}`) },
  { name: "rmb() between", code: driver(`${test}	rmb();\n${use}`) },
  { name: "only the word itself is used", code: driver(`${test}	return 1;\n`) },
  { name: "a status that is looked at once the descriptor is known to be there", code: driver(`	if (!READ_ONCE(cqe->owner))\n		return 0;\n	dma_rmb();\n	if (READ_ONCE(cqe->status))\n		return -EIO;\n${use}`) },
  { name: "a status behind another word of a descriptor that the caller knows to be there", code: driver(`	void *cookie = tx_cookie(le32_to_cpu(cqe->cookie));\n\n	if (READ_ONCE(cqe->status))\n		return tx_fail(cookie);\n${use}`) },
];
