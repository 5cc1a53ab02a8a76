/** A word that one function hands over twice, once behind a barrier and once without. */

import { expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const file = (second: string): string => `struct desc {
	__le64 addr;
	__le32 ctrl;
};

struct ring {
	struct desc *desc;
	dma_addr_t base;
	void __iomem *regs;
};

int ring_init(struct device *dev, struct ring *r)
{
	r->desc = dma_alloc_coherent(dev, 4096, &r->base, GFP_KERNEL);
	return r->desc ? 0 : -ENOMEM;
}

void ring_send(struct ring *r, unsigned int first, unsigned int more, dma_addr_t a, dma_addr_t b)
{
	struct desc *d;

	d = &r->desc[more];
	d->addr = cpu_to_le64(b);
	dma_wmb();
	d->ctrl = cpu_to_le32(DESC_OWN);
	d = &r->desc[first];
	d->addr = cpu_to_le64(a);
${second}	d->ctrl = cpu_to_le32(DESC_OWN);
}
`;

const found = async (second: string): Promise<readonly string[]> => (await reviewText(file(second), {}, "drivers/net/x.c")).filter(({ rule }) => rule === "ordering/doorbell-without-wmb").map(({ line, message }) => `${String(line)} ${/as it does .*/.exec(message)?.[0] ?? message}`);

it("is told of where the barrier is missing", async () => {
  expect(await found("")).toEqual(["28 as it does elsewhere in ring_send()"]);
});

it("is right where both have it", async () => {
  expect(await found("	dma_wmb();\n")).toEqual([]);
});
