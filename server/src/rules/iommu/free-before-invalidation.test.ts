import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct panel {
	u64 root[512];
	void *shadow;
	size_t len;
	struct mutex lock;
};

struct screen {
	struct panel *panel;
	dma_addr_t at;
};

int screen_make(struct device *dev, struct screen *screen)
{
	screen->panel = dma_alloc_coherent(dev, sizeof(*screen->panel), &screen->at, GFP_KERNEL);
	return screen->panel ? 0 : -ENOMEM;
}
`;

describe("iommu/free-before-invalidation", () => {
  it("a pointer of the driver's own beside what the device reads", () => checkRule("iommu/free-before-invalidation", `${common}
void screen_unmap(struct screen *screen)
{
	struct panel *panel = screen->panel;
	void *shadow = panel->shadow;
	size_t len = panel->len;

	mutex_lock(&panel->lock);
	panel->shadow = NULL;
	panel->len = 0;
	mutex_unlock(&panel->lock);
	if (shadow)
		free_pages_exact(shadow, len);
}
`));

  it("the entry of a table there", () => checkRule("iommu/free-before-invalidation", `${common}
void screen_drop(struct screen *screen, unsigned int at)
{
	struct panel *panel = screen->panel;
	u64 *table = phys_to_virt(panel->root[at] & PAGE_MASK);

	panel->root[at] = 0;
	free_page((unsigned long)table);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed: nothing was invalidated since its entry was cleared
}
`));
});
