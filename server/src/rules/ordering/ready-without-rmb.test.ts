import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `#define DESC_OWN 0x80000000

struct rx_desc {
	u32 status;
	u32 addr;
	u32 len;
};

struct rx_ring {
	struct rx_desc *descs;
	void **bufs;
	unsigned int at;
	unsigned int bytes;
	unsigned int full;
};

int rx_make(struct device *dev, struct rx_ring *ring, dma_addr_t *addr)
{
	ring->descs = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return ring->descs ? 0 : -ENOMEM;
}

unsigned int rx_peek(struct rx_ring *ring)
{
	struct rx_desc *desc = &ring->descs[0];

	if (desc->status & DESC_OWN)
		return 0;
	dma_rmb();
	return desc->len;
}
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("ordering/ready-without-rmb", common + code);

describe("ordering/ready-without-rmb", () => {
  it("a loop over descriptors that are done", () => check(`
void rx_poll(struct rx_ring *ring)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	while (!(desc->status & DESC_OWN)) {
		ring->bytes += desc->len;
//                             ^^^^^^^^^ confirmed: may be loaded before desc->status
		desc = &ring->descs[++ring->at];
	}
}
`));

  it("by way of local variables and a helper", () => check(`
static unsigned int rx_bytes(struct rx_desc *desc)
{
	return desc->len & 0xffff;
//             ^^^^^^^^^ confirmed: may be loaded before desc->status
}

void rx_one(struct rx_ring *ring)
{
	struct rx_desc *desc = &ring->descs[ring->at];
	u32 status = desc->status;
	bool done = !(status & DESC_OWN);

	if (!done)
		goto out;
	ring->bytes += rx_bytes(desc);
out:
	ring->at++;
}
`));

  it("what CPUs write as well", () => check(`
void rx_give(struct rx_ring *ring, u32 addr)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	desc->len = 2048;
	dma_wmb();
	desc->status = DESC_OWN;
}

void rx_poll(struct rx_ring *ring)
{
	int i;

	for (i = 0; i < 64; i++) {
		struct rx_desc *desc = &ring->descs[i];

		if (desc->status & DESC_OWN)
			break;
		ring->bytes += desc->len;
//                             ^^^^^^^^^ undecided: CPUs write this word too
	}
}
`));

  it("the same ordered, not decided by the test, or read back to unmap it", () => check(`
void rx_poll(struct rx_ring *ring)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	while (!(desc->status & DESC_OWN)) {
		dma_rmb();
		ring->bytes += desc->len;
		desc = &ring->descs[++ring->at];
	}
}

void rx_count(struct rx_ring *ring)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	if (desc->status & DESC_OWN)
		ring->full++;
	ring->bytes += desc->len;
}

void rx_map(struct device *dev, struct rx_ring *ring, dma_addr_t addr)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	desc->addr = addr;
	dma_wmb();
	desc->status = DESC_OWN;
}

void rx_clean(struct device *dev, struct rx_ring *ring)
{
	int i;

	for (i = 0; i < 64; i++) {
		struct rx_desc *desc = &ring->descs[i];

		if (desc->status & DESC_OWN)
			break;
		dma_unmap_single(dev, desc->addr, 2048, DMA_FROM_DEVICE);
	}
}
`));

  it("what the driver keeps beside what is mapped", () => check(`
struct request {
	u32 kind;
	u32 done;
	u32 size;
	u8 table[64];
	dma_addr_t addr;
};

int request_map(struct device *dev, struct request *request)
{
	request->addr = dma_map_single(dev, &request->table[0], 64, DMA_TO_DEVICE);
	return dma_mapping_error(dev, request->addr) ? -ENOMEM : 0;
}

u32 request_size(struct rx_ring *ring, struct request *request)
{
	if (request->kind & DESC_OWN)
		return 0;
	return request->size;
}
`));

  it("a part of the word that was tested, and a word beside it", () => check(`
struct tx_desc {
	union {
		struct {
			__be16 status;
			__be16 length;
		};
		__be32 both;
	};
	__be32 stamp;
};

struct tx_ring {
	struct tx_desc *descs;
	unsigned int at;
	unsigned int bytes;
	void __iomem *regs;
};

int tx_make(struct device *dev, struct tx_ring *ring, dma_addr_t *addr)
{
	ring->descs = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return ring->descs ? 0 : -ENOMEM;
}

void tx_length(struct tx_ring *ring)
{
	struct tx_desc *desc = &ring->descs[ring->at];

	if (be32_to_cpu(desc->both) & DESC_OWN)
		return;
	ring->bytes += be16_to_cpu(desc->length);
	writel(ring->at, ring->regs);
}

void tx_stamp(struct tx_ring *ring)
{
	struct tx_desc *desc = &ring->descs[ring->at];

	if (be32_to_cpu(desc->both) & DESC_OWN)
		return;
	ring->bytes += be32_to_cpu(desc->stamp);
//                                 ^^^^^^^^^^^ undecided: may be loaded before desc->both
	writel(ring->at, ring->regs);
}
`));

  it("a buffer that a call has filled", () => check(`
struct request {
	u32 kind;
	u32 len;
};

struct requests {
	void *buf;
	u32 len;
	void __iomem *regs;
};

int requests_make(struct device *dev, struct requests *requests, dma_addr_t *addr)
{
	requests->buf = dma_alloc_coherent(dev, 4096, addr, GFP_KERNEL);
	return requests->buf ? 0 : -ENOMEM;
}

void requests_copy(struct requests *requests, struct scatterlist *from)
{
	struct request *request;

	fill_from(from, requests->buf, sizeof(*request));
	request = requests->buf;
	if (request->kind != 1)
		return;
	requests->len = request->len;
	writel(1, requests->regs);
}

void requests_next(struct requests *requests)
{
	struct request *request = requests->buf;

	if (request->kind != 1)
		return;
	requests->len = request->len;
//                      ^^^^^^^^^^^^ undecided: may be loaded before request->kind
	writel(1, requests->regs);
}
`));

  const deep = (ordered: string, found = ""): string => `
static void deep_read(struct rx_ring *ring, struct rx_desc *desc)
{
	switch (desc->status) {
	case 1:
		ring->bytes += desc->len;
${found}		break;
	}
}

static void deep_four(struct rx_ring *ring, struct rx_desc *desc)
{
	deep_read(ring, desc);
}

static void deep_three(struct rx_ring *ring, struct rx_desc *desc)
{
	deep_four(ring, desc);
}

static void deep_two(struct rx_ring *ring, struct rx_desc *desc)
{
	deep_three(ring, desc);
}

static void deep_one(struct rx_ring *ring, struct rx_desc *desc)
{
	deep_two(ring, desc);
}

static void deep_zero(struct rx_ring *ring, struct rx_desc *desc)
{
	deep_one(ring, desc);
}

void deep_poll(struct rx_ring *ring)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	if (!desc->addr)
		return;
${ordered}	deep_zero(ring, desc);
}
`;

  it("a handler too deep to follow, whose caller orders loads", () => check(deep("	dma_rmb();\n")));

  it("the same where no caller does", () => check(deep("", "//                             ^^^^^^^^^ confirmed: may be loaded before desc->status\n")));

  const layout = `
struct wb_desc {
	union {
		struct {
			__le32 addr_lo;
			__le32 addr_hi;
		} give;
		struct {
			__le16 len;
			u8 reserved;
			u8 done;
			__le32 flags;
		} take;
		__le32 raw[2];
	};
};

struct wb_ring {
	struct wb_desc *descs;
	unsigned int at;
};

int wb_first(struct wb_ring *ring)
{
	struct wb_desc *desc = &ring->descs[0];

	if (!(desc->take.done & 0x80))
		return 0;
	dma_rmb();
	return le16_to_cpu(desc->take.len);
}
`;
  it("a byte of a layout that is written out in a union", () => check(`${layout}
int wb_next(struct wb_ring *ring)
{
	struct wb_desc *desc = &ring->descs[ring->at];

	if (!(desc->take.done & 0x80))
		return 0;
	return le16_to_cpu(desc->take.len);
//                         ^^^^^^^^^^^^^^ confirmed: may be loaded before desc->take.done
}
`));
  it("no layout where one word of the union is the CPU's", () => check(`${layout.replace("__le32 raw[2];", "void *own;")}
int wb_next(struct wb_ring *ring)
{
	struct wb_desc *desc = &ring->descs[ring->at];

	if (!(desc->take.done & 0x80))
		return 0;
	return le16_to_cpu(desc->take.len);
}
`));

  const numbered = `
static inline void word_get(__le64 *words, u32 byte, u64 *val)
{
	*val = le64_to_cpu(words[byte >> 3]);
}

struct cq {
	__le64 *buf;
	u8 polarity;
};
#define NEXT(cq) ((cq)->buf)
`;
  const poll = (name: string, before: string): string => `
int ${name}(struct cq *cq)
{
	u64 state, what;
	__le64 *cqe = NEXT(cq);

	word_get(cqe, 24, &state);
	if ((state >> 63) != cq->polarity)
		return 0;
${before}	word_get(cqe, 8, &what);
	return what & 0xff;
}
`;
  const polls = (cq: string, verdict: string): ReturnType<typeof checkRule> => checkRule("ordering/ready-without-rmb", `#include "words.h"\n${common}${cq}${poll("cq_peek", "	dma_rmb();\n")}${poll("cq_poll", "	print_hex_dump_debug(\"cqe\", DUMP_PREFIX_OFFSET, 16, 8, cqe, 32, false);\n").replace("	return what &", `//      ^^^^^^^^^^^^^^^^^^^^^^^^ ${verdict}: may be loaded before word_get(cqe, 24, &state)
	return what &`)}`, { "words.h": numbered.slice(0, numbered.indexOf("struct cq")) });
  it("words of one descriptor that are told apart by numbers", () => polls("struct cqe {\n\t__le64 words[4];\n};\n\nstruct cq {\n\tstruct cqe *ring;\n\tunsigned int head;\n\tu8 polarity;\n};\n#define NEXT(cq) ((cq)->ring[(cq)->head].words)\n", "confirmed"));
  it("the same by a pointer that could lead to words of any kind", () => polls(numbered.slice(numbered.indexOf("struct cq")), "undecided"));
  it("a field that may be the tested word itself", () => check(`${numbered}${poll("cq_peek", "	dma_rmb();\n")}
struct answer {
	__le16 verb;
	__le16 result;
};

int cq_answer(struct cq *cq)
{
	__le64 *words = cq->buf;
	struct answer *answer;

	if (!words[0])
		return 0;
	answer = (struct answer *)words;
	return le16_to_cpu(answer->verb);
}
`));
  it("a table with one word for each, the number not constant", () => check(`${numbered}${poll("cq_peek", "	dma_rmb();\n")}
int cq_each(struct cq *cq, int n)
{
	u64 state = le64_to_cpu(cq->buf[n]);

	if ((state >> 63) != cq->polarity)
		return 0;
	return le64_to_cpu(cq->buf[n + 1]);
}
`));

  const asked = (look: string): string => `
struct answer {
	__le32 state;
	__le32 value;
};

int answer_of(struct device *dev, void __iomem *regs)
{
	dma_addr_t at;
	struct answer *answer = dma_alloc_coherent(dev, sizeof(*answer), &at, GFP_KERNEL);

	if (!answer)
		return -ENOMEM;
	ask_device(dev, at);
${look}	dma_free_coherent(dev, sizeof(*answer), answer, at);
	return 0;
}
`;

  it("a buffer of this call's own, which is looked at once", () => check(asked(`	if (answer->state == cpu_to_le32(1))
		writel(le32_to_cpu(answer->value), regs);
`)));

  it("a buffer of this call's own, whose first word says where a loop begins", () => check(asked(`	for (u32 i = le32_to_cpu(answer->state); i < 8; i++)
		writel(le32_to_cpu(answer->value), regs);
`)));

  it("a buffer of this call's own, which is looked at until the device has answered", () => check(asked(`	for (;;) {
		if (answer->state != cpu_to_le32(1))
			continue;
		writel(le32_to_cpu(answer->value), regs);
//                                 ^^^^^^^^^^^^^ undecided: may be loaded before answer->state
		break;
	}
`)));

  const interrupt = (counts: string, loop: string): string => `
struct rx_dev {
	void __iomem *regs;
	struct rx_ring ring;
};

void rx_irq(struct rx_dev *dev)
{
	struct rx_ring *ring = &dev->ring;
	struct rx_desc *desc = &ring->descs[ring->at];
	u32 ${counts} = readl(dev->regs);

	if (!${counts})
		return;
	${loop}
}
`;

  it("a register with the interrupt's cause says nothing of each descriptor", () => check(interrupt("cause", `while (!(desc->status & DESC_OWN)) {
		ring->bytes += desc->len;
//                             ^^^^^^^^^ confirmed: may be loaded before desc->status
		desc = &ring->descs[++ring->at];
	}`)));

  it("a register that says how many there are orders what is read of them", () => check(interrupt("count", `while (count--) {
		if (desc->status & 0x100)
			break;
		ring->bytes += desc->len;
		desc = &ring->descs[++ring->at];
	}`)));

  const polls_both = (rx: string): string => `
struct both {
	struct rx_ring tx;
	struct rx_ring rx;
	__le32 *filled;
};

static void both_clean(struct rx_ring *tx)
{
	struct rx_desc *desc = &tx->descs[tx->at];

	while (!(desc->status & DESC_OWN)) {
		dma_rmb();
		tx->bytes += desc->len;
		desc = &tx->descs[++tx->at];
	}
}
${rx}
int both_poll(struct both *both, int budget)
{
	both_clean(&both->tx);
	return both_receive(both, budget);
}
`;

  it("the barrier of the loop before orders nothing in this one", () => check(polls_both(`
static int both_receive(struct both *both, int budget)
{
	struct rx_ring *rx = &both->rx;
	int done;

	for (done = 0; done < budget; done++) {
		struct rx_desc *desc = &rx->descs[rx->at];

		if (desc->status & DESC_OWN)
			break;
		rx->bytes += desc->len;
//                           ^^^^^^^^^ confirmed: may be loaded before desc->status
		rx->at++;
	}
	return done;
}
`)));

  it("a barrier behind the index that says how many there are", () => check(polls_both(`
static int both_receive(struct both *both, int budget)
{
	struct rx_ring *rx = &both->rx;
	u32 filled = le32_to_cpu(READ_ONCE(*both->filled));
	int done = 0;

	dma_rmb();
	while (rx->at != filled) {
		struct rx_desc *desc = &rx->descs[rx->at];

		if (desc->status & 0x100)
			break;
		rx->bytes += desc->len;
		rx->at++;
		done++;
	}
	return done;
}
`)));

  const unmapped = (barrier: string, found: string): string => `
void rx_unmap(struct device *dev, struct rx_ring *ring, dma_addr_t *maps)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	if (desc->status & DESC_OWN)
		return;
${barrier}	dma_unmap_single(dev, maps[ring->at], 2048, DMA_FROM_DEVICE);
	ring->bytes += desc->len;
${found}}
`;

  it("a buffer that is unmapped in between", () => check(unmapped("", "//                     ^^^^^^^^^ undecided: unless dma_unmap_single() orders the two\n")));

  it("the same behind a barrier", () => check(unmapped("	dma_rmb();\n", "")));

  it("of two words the one is told that no barrier for CPUs stands before, though CPUs write it too", () => check(`
void rx_two(struct rx_ring *ring, unsigned long *seen)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	while (!(desc->status & DESC_OWN)) {
		ring->full += desc->addr;
//                            ^^^^^^^^^^ undecided: CPUs write this word too
		smp_mb();
		ring->bytes += desc->len;
		desc = &ring->descs[++ring->at];
	}
}

void rx_set(struct rx_ring *ring, u32 addr)
{
	struct rx_desc *desc = &ring->descs[ring->at];

	desc->addr = addr;
	dma_wmb();
	desc->status = DESC_OWN;
}
`));

  const mail = `
struct mail {
	u16 len;
	u16 serial;
};

struct box {
	struct mail *answer;
	struct mail *request;
	u16 expected;
};

int box_open(struct dma_pool *pool, struct box *box, dma_addr_t *addr)
{
	u8 *memory = dma_pool_alloc(pool, GFP_KERNEL | __GFP_ZERO, addr);

	if (!memory)
		return -ENOMEM;
	box->request = (struct mail *)memory;
	box->request->len = 4;
	box->request->serial = box->expected;
	return 0;
}

static u16 box_size(struct box *box)
{
	u16 len = box->answer->len;

	dma_rmb();
	return len + box->answer->serial;
}
`;

  it("a word that a polling loop looks at again in each round", () => check(`${mail.replace(/\nint box_open[^}]*}\n/, "").replace("struct mail {\n\tu16 len;\n\tu16 serial;", "struct mail {\n\t__le16 len;\n\t__le16 serial;")}
int box_wait(struct box *box, int rounds)
{
	while (rounds--) {
		if (READ_ONCE(box->answer->len)) {
			if (READ_ONCE(box->answer->serial) == box->expected)
//                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ undecided: the loop looks at it again in each round until it is what it waits for
				return 0;
		}
		udelay(1);
	}
	return -ETIMEDOUT;
}
`));

  it("words of a request that the driver fills in where it is made, before their type is known", () => check(`${mail}
int box_send(struct box *box)
{
	if (box->request->len == 4) {
		if (box->request->serial == 0)
			return -EINVAL;
	}
	return 0;
}
`));
});
