import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct desc {
	__le32 addr;
	__le32 len;
	__le32 control;
};

struct ring {
	struct desc *descs;
	void __iomem *regs;
	unsigned int next;
};

static void ring_send(struct ring *ring, u32 addr, u32 len)
{
	struct desc *desc = &ring->descs[ring->next++];

	desc->addr = cpu_to_le32(addr);
	desc->len = cpu_to_le32(len);
	dma_wmb();
	desc->control = cpu_to_le32(1);
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("ordering/doorbell-without-wmb", common + code);

describe("ordering/doorbell-without-wmb", () => {
  it("an owner word that another function orders", () => check(`
void ring_refill(struct ring *ring, unsigned int at, u32 addr)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = cpu_to_le32(addr);
	desc->control = cpu_to_le32(1);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: as it does in ring_send()
}
`));

  it("the same ordered, cleared, or told by a register that orders", () => check(`
void ring_refill(struct ring *ring, unsigned int at, u32 addr)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = cpu_to_le32(addr);
	dma_wmb();
	desc->control = cpu_to_le32(1);
}

void ring_clear(struct ring *ring, unsigned int at)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = 0;
	desc->control = 0;
}

void ring_take(struct ring *ring, unsigned int at)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = cpu_to_le32(1);
	desc->control &= ~cpu_to_le32(1);
}

void ring_make(struct ring *ring, u32 addr)
{
	int i;

	for (i = 0; i < 64; i++) {
		ring->descs[i].addr = cpu_to_le32(addr);
		ring->descs[i].control = cpu_to_le32(1);
	}
}

void ring_start(struct ring *ring, unsigned int at, u32 addr)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = cpu_to_le32(addr);
	desc->control = cpu_to_le32(1);
	writel(at, ring->regs);
}
`));

  it("a number that hands nothing over", () => check(`
struct slot {
	__le32 addr;
	u8 kind;
};

static void slot_give(struct slot *slot, u32 addr)
{
	slot->addr = cpu_to_le32(addr);
	dma_wmb();
	slot->kind = 1;
}

static void slot_link(struct slot *slot, u32 addr)
{
	slot->addr = cpu_to_le32(addr);
	slot->kind = 2;
}
`));

  it("an owner bit that another function asks for", () => check(`
#define SLOT_OWN 0x80000000

struct slot {
	__le32 addr;
	__le32 status;
};

struct slots {
	struct slot *all;
	void __iomem *regs;
};

int slots_make(struct device *dev, struct slots *slots, dma_addr_t *addr)
{
	slots->all = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return slots->all ? 0 : -ENOMEM;
}

void slot_give(struct slots *slots, unsigned int at, u32 addr)
{
	struct slot *slot = &slots->all[at];

	slot->addr = cpu_to_le32(addr);
	slot->status = cpu_to_le32(SLOT_OWN);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: slot_done() asks the same word whose it is
	writel(at, slots->regs);
}

void slot_prepare(struct slots *slots, unsigned int at, u32 addr)
{
	struct slot *slot = &slots->all[at];

	slot->addr = cpu_to_le32(addr);
	slot->status = cpu_to_le32(1 & ~SLOT_OWN);
}

u32 slot_done(struct slots *slots, unsigned int at)
{
	if (le32_to_cpu(slots->all[at].status) & SLOT_OWN)
		return 0;
	return le32_to_cpu(slots->all[at].addr);
}
`));

  it("words of an array, told apart by their numbers", () => check(`
void slot_send(__le64 *words, u64 addr, u64 valid)
{
	words[0] = cpu_to_le64(addr);
	words[1] = cpu_to_le64(64);
	dma_wmb();
	words[3] = cpu_to_le64(valid);
}

void slot_flush(__le64 *words, u64 addr, u64 valid)
{
	words[0] = cpu_to_le64(addr);
	words[3] = cpu_to_le64(valid);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: as it does in slot_send()
}

void slot_length(__le64 *words, u64 addr)
{
	words[0] = cpu_to_le64(addr);
	words[1] = cpu_to_le64(addr);
}
`));
});
