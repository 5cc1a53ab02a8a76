import { describe, expect, it } from "vitest";
import { reviewInFolder, reviewText } from "../test-support/review.ts";

const include = `#include "demo.h"\n`;

const header = `struct super_block { void *s_fs_info; int s_flags; };
struct inode { struct super_block *i_sb; char *i_link; int i_mode; };
struct qstr { int hash; int len; };
struct dentry { struct super_block *d_sb; };
struct demo_info { unsigned int *upcase; int flags; struct rcu_head rcu; };
static inline struct demo_info *DEMO_SB(struct super_block *sb)
{
	return sb->s_fs_info;
}
int demo_d_hash(const struct dentry *dentry, struct qstr *name);
`;

const shutdown = (free: string): string => `${include}
static void demo_release(struct demo_info *info)
{
	${free}
}

static void demo_kill_sb(struct super_block *sb)
{
	struct demo_info *info = DEMO_SB(sb);

	kill_block_super(sb);
	demo_release(info);
}

static struct file_system_type demo_type = {
	.name = "demo",
	.kill_sb = demo_kill_sb,
};
`;

const table = `${include}
const struct dentry_operations demo_dops = {
	.d_hash = demo_d_hash,
};
`;

const hash = (body: string): string => `${include}
int demo_d_hash(const struct dentry *dentry, struct qstr *name)
{
	struct demo_info *info = DEMO_SB(dentry->d_sb);

	${body}
	return 0;
}
`;

const found = async (free: string, body: string, others = true): Promise<readonly string[]> => {
  const texts = { "demo.h": header, "super.c": shutdown(free), ...(others ? { "table.c": table, "hash.c": hash(body) } : {}) };
  return (await reviewInFolder(texts, "super.c", "fs/demo")).map(({ rule, line, function: name, evidence }) => `${rule} ${String(line)} ${name}: ${evidence?.verdict ?? ""} with ${evidence?.counterpart?.function ?? ""}`);
};

const permission = (body: string): string => `${include}
static int demo_permission(struct inode *inode, int mask)
{
	struct demo_info *info = DEMO_SB(inode->i_sb);

	${body}
}

static const struct inode_operations demo_iops = {
	.permission = demo_permission,
};
`;

const foundBeside = async (body: string): Promise<readonly string[]> =>
  (await reviewInFolder({ "demo.h": header, "super.c": shutdown("kfree(info);"), "perm.c": permission(body) }, "super.c", "fs/demo")).map(({ line, evidence }) => `${String(line)} with ${evidence?.counterpart?.function ?? ""}`);

describe("what a path walk under RCU, and one outside of it, read", () => {
  it("is read under RCU before the function asks, and where it was told so", async () => {
    expect(await foundBeside("return info->flags;")).toEqual(["13 with demo_permission"]);
    expect(await foundBeside("if (mask & MAY_NOT_BLOCK)\n\t\treturn info->flags;\n\treturn 0;")).toEqual(["13 with demo_permission"]);
    expect(await foundBeside("if (!(mask & MAY_NOT_BLOCK))\n\t\treturn 0;\n\treturn info->flags;")).toEqual(["13 with demo_permission"]);
  });

  it("is not where the function knows better, or may", async () => {
    expect(await foundBeside("if (mask & MAY_NOT_BLOCK)\n\t\treturn -ECHILD;\n\treturn info->flags;")).toEqual([]);
    expect(await foundBeside("bool rcu = mask & MAY_NOT_BLOCK;\n\n\tif (rcu)\n\t\treturn -ECHILD;\n\treturn info->flags;")).toEqual([]);
    expect(await foundBeside("if (inode->i_mode && (mask & MAY_NOT_BLOCK))\n\t\treturn -ECHILD;\n\treturn info->flags;")).toEqual([]);
  });
});

describe("what hangs off a super block and a path walk under RCU reads", () => {
  it("is not freed while the super block is shut down", async () => {
    expect(await found("kfree(info);", "name->hash = info->flags;")).toEqual(["rcu/free-before-grace-period 13 demo_kill_sb: undecided with demo_d_hash"]);
    expect(await found("kfree(info->upcase);\n\tkfree_rcu(info, rcu);", "name->hash = info->upcase[0];")).toEqual(["rcu/free-before-grace-period 14 demo_kill_sb: undecided with demo_d_hash"]);
  });

  it("may be freed after a grace period, and so may what no path walk reads", async () => {
    expect(await found("kfree_rcu(info, rcu);", "name->hash = info->flags;")).toEqual([]);
    expect(await found("synchronize_rcu();\n\tkfree(info);", "name->hash = info->flags;")).toEqual([]);
    expect(await found("kfree(info->upcase);\n\tkfree_rcu(info, rcu);", "name->hash = info->flags;")).toEqual([]);
    expect(await found("kfree(info);", "name->hash = 0;")).toEqual([]);
    expect(await found("kfree(info);", "", false)).toEqual([]);
  });
});

const evict = (table: string, free: string): string => `struct inode { char *i_link; void *i_private; };
static void demo_end(struct inode *inode)
{
	${free}
}
static const struct super_operations demo_ops = { .${table} = demo_end };
`;

describe("the target of a symlink", () => {
  it("is read by the kernel, and goes with the inode after a grace period", async () => {
    const of = async (table: string, free: string): Promise<readonly (string | undefined)[]> => (await reviewText(evict(table, free))).map(({ evidence }) => evidence?.verdict);
    expect(await of("evict_inode", "kfree(inode->i_link);")).toEqual(["undecided"]);
    expect(await of("free_inode", "kfree(inode->i_link);")).toEqual([]);
    expect(await of("evict_inode", "kfree(inode->i_private);")).toEqual([]);
  });
});
