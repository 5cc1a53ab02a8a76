import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const common = `struct walk_config {
	u32 levels;
	u64 ttbr[4];
};

struct walk_tables {
	u64 *root;
	u64 *pgd[4];
};
`;

const check = (code: string): ReturnType<typeof checkRule> => checkRule("iommu/valid-before-contents", common + code);

describe("iommu/valid-before-contents", () => {
  it("an entry of a table that a pointer leads to", () => check(`
static int walk_install(struct walk_tables *tables, unsigned int index)
{
	void *table = (void *)get_zeroed_page(GFP_KERNEL);

	if (!table)
		return -ENOMEM;
	tables->root[index] = virt_to_phys(table);
//      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ confirmed
	return 0;
}
`));

  it("an address in a configuration that the driver itself goes by", () => check(`
static int walk_configure(struct walk_tables *tables, struct walk_config *cfg)
{
	unsigned int i;

	for (i = 0; i < cfg->levels; i++) {
		tables->pgd[i] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!tables->pgd[i])
			return -ENOMEM;
		cfg->ttbr[i] = virt_to_phys(tables->pgd[i]);
	}
	return 0;
}
`));
});
