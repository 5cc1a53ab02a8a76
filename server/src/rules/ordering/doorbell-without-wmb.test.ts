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

  it("a value that the owner bit is taken out of, while others are given whole", () => check(`
void ring_add(struct ring *ring, unsigned int at, u32 addr, u32 flags)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = cpu_to_le32(addr);
	dma_wmb();
	desc->control = cpu_to_le32(flags);
}

void ring_prepare(struct ring *ring, unsigned int at, u32 addr, u32 flags)
{
	struct desc *desc = &ring->descs[at];

	desc->addr = cpu_to_le32(addr);
	desc->control = cpu_to_le32(flags & ~0x80000000);
}
`));

  it("a descriptor that is put away after another one was", () => check(`
#define RING_PUT_AWAY 0x0badbeef

static void ring_forget(struct desc *desc)
{
	desc->control = cpu_to_le32(RING_PUT_AWAY);
	desc->len = 0;
	desc->addr = cpu_to_le32(1);
}

int ring_start(struct ring *ring, u32 addr, unsigned int n)
{
	struct desc *desc = ring->descs;

	desc->addr = cpu_to_le32(addr);
	desc->len = cpu_to_le32(4);
	dma_wmb();
	desc->control = cpu_to_le32(n);
	if (ring_is_up(ring))
		return 0;
	ring_forget(desc);
	ring_forget(desc);
	return -ENOMEM;
}
`));

  it("the device comes here by a link that is set behind a barrier", () => check(`
#define CHAIN_END 0x8000

struct chained {
	__le32 addr;
	__le16 control;
	__le32 next;
};

struct chain {
	struct chained *all;
	struct chained *last;
	void __iomem *regs;
	unsigned int used;
};

int chain_make(struct device *dev, struct chain *chain, dma_addr_t *addr)
{
	chain->all = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return chain->all ? 0 : -ENOMEM;
}

static void chain_link(struct chain *chain, struct chained *one, u32 at)
{
	wmb();
	chain->last->next = cpu_to_le32(at);
	chain->last = one;
	writel(1, chain->regs);
}

void chain_add(struct chain *chain, u32 addr, u32 at)
{
	struct chained *one = chain->all + chain->used;

	one->addr = cpu_to_le32(addr);
	one->control |= cpu_to_le16(CHAIN_END);
	chain_link(chain, one, at);
}

void chain_close(struct chain *chain, u32 addr)
{
	struct chained *one = chain->all + chain->used;

	one->addr = cpu_to_le32(addr);
	one->control |= cpu_to_le16(CHAIN_END);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: chain_len() asks the same word whose it is
}

u32 chain_len(struct chain *chain, unsigned int at)
{
	struct chained *one = chain->all + at;

	if (one->control & cpu_to_le16(CHAIN_END))
		return 0;
	return le32_to_cpu(one->addr);
}
`));

  it("the next descriptor is only filled behind the barrier", () => check(`
void ring_fill(struct desc *desc, struct desc *next, u32 addr, u32 other)
{
	desc->addr = cpu_to_le32(addr);
	desc->control = cpu_to_le32(1);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: as it does in ring_send()
	dma_wmb();
	next->addr = cpu_to_le32(other);
	dma_wmb();
	next->control = cpu_to_le32(1);
}
`));

  it("a register that is told where the ring lies, before the device is started behind a barrier", () => check(`
struct engine {
	__le32 *index;
	dma_addr_t at;
	void __iomem *regs;
};

int engine_make(struct device *dev, struct engine *engine)
{
	engine->index = dma_alloc_coherent(dev, 4096, &engine->at, GFP_KERNEL);
	return engine->index ? 0 : -ENOMEM;
}

void engine_start(struct engine *engine)
{
	engine->index[0] = cpu_to_le32(8);
	__raw_writel((__force u32)(__le32)(cpu_to_le32(engine->at)), engine->regs);
	__raw_readl(engine->regs);
	wmb();
	__raw_writel(1, engine->regs + 4);
}

void engine_start_at_once(struct engine *engine)
{
	engine->index[0] = cpu_to_le32(8);
	__raw_writel((__force u32)cpu_to_le32(engine->at), engine->regs);
	__raw_writel(1, engine->regs + 4);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: nothing orders the two
}

void engine_kick(struct engine *engine, u32 index)
{
	engine->index[0] = cpu_to_le32(index);
	__raw_writel((__force u32)(__le32)(cpu_to_le32(index)), engine->regs);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: nothing orders the two
	__raw_readl(engine->regs);
	wmb();
	__raw_writel(1, engine->regs + 4);
}
`));

  it("a copy in the CPU's own memory that is carried to the device word by word", () => check(`
struct carried {
	__be32 high;
	__be32 low;
	__be32 length;
	__be32 flags;
};

void carried_send(struct carried *one, __be32 __iomem *to, __be32 flags)
{
	one->flags = flags;
	__raw_writel((__force u32)*((__be32 *)one + 3), to + 3);
}
`));

  it("a descriptor that only its type says is the device's", () => check(`
void ring_kick(struct ring *ring, struct desc *desc, u32 addr, u32 at)
{
	desc->addr = cpu_to_le32(addr);
	writel_relaxed(at, ring->regs);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: only its type says that the device reads the descriptor
}
`));

  const asked = (barrier: string, found: string): string => `
struct slot {
	__le32 addr;
	__le32 state;
};

struct slots {
	struct slot *all;
	unsigned int next;
};

int slots_make(struct device *dev, struct slots *slots, dma_addr_t *addr)
{
	slots->all = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return slots->all ? 0 : -ENOMEM;
}

u32 slot_sent(struct slots *slots)
{
	struct slot *slot = &slots->all[0];

	if (!le32_to_cpu(slot->state))
		return 0;
	dma_rmb();
	return le32_to_cpu(slot->addr);
}

static bool slot_is_free(struct slot *slot)
{
	return le32_to_cpu(slot->state) >> 31;
}

int slot_send(struct slots *slots, u32 addr, u32 len)
{
	struct slot *slot = &slots->all[slots->next];

	if (!slot_is_free(slot))
		return -EBUSY;
	slot->addr = cpu_to_le32(addr);
${barrier}	slot->state = cpu_to_le32(len);
${found}	slots->next++;
	return 0;
}
`;

  it("a word that was asked before the descriptor was filled", () => check(asked("", "//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: slot_is_free() asks the same word whose it is\n")));

  it("the same ordered", () => check(asked("	dma_wmb();\n", "")));

  const refill = (loop: string, found: string): string => `
void ring_refill(struct ring *ring, struct device *dev, int n)
{
	unsigned int at = ring->next;
	dma_addr_t addr;
	int i;

	for (i = 0; i < n; i++) {
		struct desc *desc = &ring->descs[${loop}];
		void *buf = dma_alloc_coherent(dev, 2048, &addr, GFP_ATOMIC);

		if (!buf)
			break;
		desc->addr = cpu_to_le32(addr);
		desc->control = cpu_to_le32(1);
${found}		at = (at + 1) & 63;
	}
	ring->next = at;
}
`;

  it("as many as are wanted, from where the last ones ended, with buffers allocated for them", () => check(refill("at", "//              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: as it does in ring_send()\n")));

  it("all of them from the first on, with buffers allocated for them", () => check(refill("i", "")));

  const numbered = (barrier: string, found: string): string => `
struct entry {
	__le64 words[4];
};

struct queue {
	struct entry *entries;
	unsigned int next;
};

void entry_send(struct queue *queue, u64 addr, u64 valid)
{
	__le64 *words = queue->entries[queue->next].words;

	words[0] = cpu_to_le64(addr);
	dma_wmb();
	words[3] = cpu_to_le64(valid);
}

void entry_receive(__le64 *words, u64 addr, u64 valid)
{
	words[0] = cpu_to_le64(addr);
${barrier}	words[3] = cpu_to_le64(valid);
${found}}

void entry_context(__le64 *words, u64 addr, u64 valid)
{
	words[0] = cpu_to_le64(addr);
	words[3] = cpu_to_le64(valid);
	words[2] = cpu_to_le64(addr);
}
`;

  it("the last word of an entry that is known by a pointer alone", () => check(numbered("", "//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: as it does in entry_send()\n")));

  it("the same behind a barrier", () => check(numbered("	dma_wmb();\n", "")));

  const given = (barrier: string, found: string): string => `
#define SLOT_OWN 0x80000000

struct slot {
	__le32 addr;
	__le32 state;
};

struct slots {
	struct slot *all;
	unsigned int seen;
	unsigned int given;
	unsigned int last;
	u32 bytes;
};

int slots_make(struct device *dev, struct slots *slots, dma_addr_t *addr)
{
	slots->all = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return slots->all ? 0 : -ENOMEM;
}

void slots_poll(struct slots *slots, u32 addr)
{
	struct slot *slot;

	for (;;) {
		slot = &slots->all[slots->seen & 63];
		if (le32_to_cpu(slot->state) & SLOT_OWN)
			break;
		dma_rmb();
		slots->bytes += le32_to_cpu(slot->addr);
		slots->seen++;
	}
	for (; slots->given != slots->seen; slots->given++) {
		slot = &slots->all[slots->given & 63];
		slot->addr = cpu_to_le32(addr);
${barrier}		slot->state = cpu_to_le32(SLOT_OWN);
${found}	}
	slots->all[slots->last].state = cpu_to_le32(1);
}
`;

  it("slots are given back where they are asked for, and the last one is closed", () => check(given("", "//              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: slots_poll() asks the same word whose it is\n")));

  it("the same given back behind a barrier", () => check(given("		dma_wmb();\n", "")));

  it("what is asked is whether it is as the driver wants it, or another word is ordered behind it", () => check(`
struct table {
	__le32 addr;
	__le32 mode;
	__le32 valid;
};

struct tables {
	struct table *one;
	u32 mode;
	u32 seen;
};

int tables_make(struct device *dev, struct tables *tables, dma_addr_t *addr)
{
	tables->one = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return tables->one ? 0 : -ENOMEM;
}

u32 tables_seen(struct tables *tables)
{
	if (!le32_to_cpu(tables->one->mode))
		return 0;
	dma_rmb();
	return le32_to_cpu(tables->one->addr);
}

void tables_mode(struct tables *tables, u32 mode)
{
	struct table *table = tables->one;

	if (mode != le32_to_cpu(table->mode)) {
		table->addr = cpu_to_le32(tables->seen);
		table->mode = cpu_to_le32(mode);
	}
}

void tables_add(struct tables *tables, u32 mode, u32 valid)
{
	struct table *table = tables->one;

	if (le32_to_cpu(table->mode) & 1)
		return;
	table->addr = cpu_to_le32(tables->seen);
	table->mode = cpu_to_le32(mode);
	dma_wmb();
	table->valid = cpu_to_le32(valid);
}
`));

  it("the first descriptor keeps the device away until all are filled", () => check(`
#define SLOT_FREE 0x80000000

struct slot {
	__le32 addr;
	__le32 state;
};

struct slots {
	struct slot *all;
	unsigned int next;
};

int slots_make(struct device *dev, struct slots *slots, dma_addr_t *addr)
{
	slots->all = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return slots->all ? 0 : -ENOMEM;
}

u32 slots_seen(struct slots *slots)
{
	if (!le32_to_cpu(slots->all->state))
		return 0;
	dma_rmb();
	return le32_to_cpu(slots->all->addr);
}

static bool slot_is_free(struct slot *slot)
{
	return le32_to_cpu(slot->state) & SLOT_FREE;
}

static int slots_fill(struct slots *slots, u32 addr, u32 len, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		struct slot *slot = &slots->all[(slots->next + i) & 63];

		if (!slot_is_free(slot))
			return -EBUSY;
		slot->addr = cpu_to_le32(addr + i * len);
		slot->state = cpu_to_le32(len);
	}
	return n;
}

int slots_send(struct slots *slots, u32 addr, u32 len)
{
	struct slot *first = &slots->all[slots->next & 63];
	int n = slots_fill(slots, addr, len, 4);

	if (n < 0)
		return n;
	first->state &= ~cpu_to_le32(SLOT_FREE);
	slots->next += n;
	wmb();
	return 0;
}
`));
});
