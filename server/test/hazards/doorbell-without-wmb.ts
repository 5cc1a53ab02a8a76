import type { Hazards } from "./hazards.ts";

const driver = (post: string): string => `struct tx_desc {
	__le64 addr;
	__le32 len;
};

struct tx_ring {
	struct tx_desc *desc;
	void __iomem *db;
	unsigned int tail;
};

static int tx_ring_init(struct device *dev, struct tx_ring *ring, dma_addr_t *addr)
{
	ring->desc = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return ring->desc ? 0 : -ENOMEM;
}

static void tx_post(struct tx_ring *ring, dma_addr_t addr, u32 len)
{
	struct tx_desc *desc = &ring->desc[ring->tail];

	desc->addr = cpu_to_le64(addr);
	desc->len = cpu_to_le32(len);
	ring->tail++;
${post}}
`;

const relaxed = "	writel_relaxed(ring->tail, ring->db);\n";

export const rule = "ordering/doorbell-without-wmb";

export const hazardous: Hazards["hazardous"] = [
  { name: "a relaxed doorbell", code: driver(relaxed) },
  { name: "smp_wmb() is for CPUs", code: driver(`	smp_wmb();\n${relaxed}`) },
  { name: "a raw doorbell", code: driver("	__raw_writel(ring->tail, ring->db);\n") },
  { name: "the barrier comes after the doorbell", code: driver(`${relaxed}	wmb();\n`) },
];

export const twins: Hazards["twins"] = [
  { name: "wmb() before a relaxed doorbell", code: driver(`	wmb();\n${relaxed}`) },
  { name: "writel() orders by itself", code: driver("	writel(ring->tail, ring->db);\n") },
  { name: "nobody is told", code: driver("") },
  { name: "a buffer that is mapped for some transfers is filled by hand for this one", code: `struct rx_transfer {
	u8 *buf;
	dma_addr_t dma;
	unsigned int left;
};

struct rx_port {
	void __iomem *regs;
	struct device *dev;
};

static void rx_start(struct rx_port *port, struct rx_transfer *transfer)
{
	transfer->dma = dma_map_single(port->dev, transfer->buf, transfer->left, DMA_FROM_DEVICE);
	writel(transfer->dma, port->regs + 4);
}

static void rx_by_hand(struct rx_port *port, struct rx_transfer *transfer)
{
	transfer->buf[transfer->left - 1] = readl_relaxed(port->regs);
	if (--transfer->left == 0)
		writel_relaxed(1, port->regs + 8);
}
` },
];
