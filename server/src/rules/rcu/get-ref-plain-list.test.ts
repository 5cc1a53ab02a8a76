/** A reference of what a plain list under a lock leads to. */

import { describe, expect, it } from "vitest";
import { reviewText } from "../../test-support/review.ts";

const bonds = `struct bond {
	struct kref ref;
	int id;
	bool dying;
	struct list_head node;
};

static LIST_HEAD(bonds);
static DEFINE_SPINLOCK(bonds_lock);

static void bond_release(struct kref *ref)
{
	struct bond *b = container_of(ref, struct bond, ref);

	spin_lock(&bonds_lock);
	list_del(&b->node);
	spin_unlock(&bonds_lock);
	kfree(b);
}

static void bond_close(struct bond *b)
{
	kref_put(&b->ref, bond_release);
}

static long bond_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	bond_close(file->private_data);
	return 0;
}

static const struct file_operations bond_fops = {
	.unlocked_ioctl = bond_ioctl,
};
`;

const find = (take: string, after = "", test = "b->id == id"): string => `
struct bond *bond_find(int id)
{
	struct bond *b, *found = NULL;

	spin_lock(&bonds_lock);
	list_for_each_entry(b, &bonds, node) {
		if (${test}) {
${take}
			found = b;
			break;
		}
	}
	spin_unlock(&bonds_lock);
${after}
	return found;
}
`;

const found = async (text: string): Promise<readonly string[]> => (await reviewText(text)).filter(({ rule }) => rule === "rcu/get-ref-from-zero").map(({ function: name, evidence }) => `${name} ${evidence?.verdict ?? ""}`);
const get = "			kref_get(&b->ref);";

describe("the count of what is found on a plain list", () => {
  it("may be zero where the last put takes the lock only then", async () => {
    expect(await found(bonds + find(get))).toEqual(["bond_find confirmed"]);
    expect(await found(bonds + find("			if (!kref_get_unless_zero(&b->ref))\n				continue;"))).toEqual([]);
  });

  it("may be zero where the reference is taken when the lock is given back", async () => {
    const closing = bonds.replace("	kref_put(&b->ref, bond_release);", "	spin_lock(&bonds_lock);\n	kref_put(&b->ref, bond_release);\n	spin_unlock(&bonds_lock);").replace("	spin_lock(&bonds_lock);\n	list_del(&b->node);\n	spin_unlock(&bonds_lock);", "	list_del(&b->node);");
    expect(await found(closing + find("", "	if (found)\n		kref_get(&found->ref);"))).toEqual(["bond_find confirmed"]);
    expect(await found(closing + find(get))).toEqual([]);
  });

  it("is kept where the release function gives the lock back that the last put was called with", async () => {
    const releasing = bonds.replace("	spin_lock(&bonds_lock);\n	list_del", "	list_del").replace("	kref_put(&b->ref, bond_release);", "	spin_lock(&bonds_lock);\n	if (!kref_put(&b->ref, bond_release))\n		spin_unlock(&bonds_lock);");
    expect(await found(releasing + find(get))).toEqual([]);
  });

  it("is not asked of the elements of a list that nobody else searches", async () => {
    const drained = `${bonds.replace(/static void bond_release[\s\S]*/, "")}
static void bond_free(struct kref *ref)
{
	kfree(container_of(ref, struct bond, ref));
}

static long bonds_drain(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct bond *b, *next;
	LIST_HEAD(old);

	spin_lock(&bonds_lock);
	list_splice_init(&bonds, &old);
	spin_unlock(&bonds_lock);
	list_for_each_entry_safe(b, next, &old, node) {
		list_del(&b->node);
		kref_put(&b->ref, bond_free);
	}
	return 0;
}

static const struct file_operations bond_fops = {
	.unlocked_ioctl = bonds_drain,
};
`;
    expect(await found(drained + find(get))).toEqual([]);
  });

  it("is the list's, for who takes it out of a list that keeps one", async () => {
    const kept = bonds.replace("	spin_lock(&bonds_lock);\n	list_del(&b->node);\n	spin_unlock(&bonds_lock);\n	kfree(b);", "	kfree(b);").replace("	kref_put(&b->ref, bond_release);", "	spin_lock(&bonds_lock);\n	list_del(&b->node);\n	spin_unlock(&bonds_lock);\n	kref_put(&b->ref, bond_release);");
    expect(await found(kept + find("			list_del(&b->node);", "	if (found)\n		kref_get(&found->ref);"))).toEqual([]);
  });

  it("may be told by a field that somebody changes", async () => {
    const dying = bonds.replace("	bond_close(file->private_data);", "	struct bond *b = file->private_data;\n\n	b->dying = true;\n	bond_close(b);");
    expect(await found(dying + find(get, "", "b->id == id && !b->dying"))).toEqual(["bond_find undecided"]);
  });

  it("may be kept by a lock that callers hold, on either side", async () => {
    const given = bonds.replace("static void bond_close(struct bond *b)", "void bond_close(struct bond *b)").replace(/static long bond_ioctl[\s\S]*/, "");
    const locked = given.replace("	spin_lock(&bonds_lock);\n	list_del(&b->node);\n	spin_unlock(&bonds_lock);", "	list_del(&b->node);");
    expect(await found(given + find(get))).toEqual(["bond_find confirmed"]);
    expect(await found(locked + find(get))).toEqual(["bond_find undecided"]);
    const other = locked.replace("	kref_put(&b->ref, bond_release);", "	mutex_lock(&all_lock);\n	kref_put(&b->ref, bond_release);\n	mutex_unlock(&all_lock);").replace("static DEFINE_SPINLOCK", "static DEFINE_MUTEX(all_lock);\nstatic DEFINE_SPINLOCK");
    expect(await found(other + find(get))).toEqual(["bond_find undecided"]);
  });

  it("may be kept by a lock that only some paths to the put take", async () => {
    const sometimes = bonds.replace("	spin_lock(&bonds_lock);\n	list_del(&b->node);\n	spin_unlock(&bonds_lock);", "	list_del(&b->node);").replace("	kref_put(&b->ref, bond_release);", "	bool locked = b->id > 0;\n\n	if (locked)\n		spin_lock(&bonds_lock);\n	kref_put(&b->ref, bond_release);\n	if (locked)\n		spin_unlock(&bonds_lock);");
    expect(await found(sometimes + find(get))).toEqual(["bond_find undecided"]);
  });

  it("is another count than the one whose last put takes the object out", async () => {
    const two = bonds.replace("	struct kref ref;", "	struct kref ref;\n	struct kref pins;").replace("	kref_put(&b->ref, bond_release);", "	kref_put(&b->pins, bond_unpin);\n	kref_put(&b->ref, bond_release);").replace("static void bond_close", "static void bond_unpin(struct kref *ref)\n{\n}\n\nstatic void bond_close");
    expect(await found(two + find("			kref_get(&b->pins);"))).toEqual([]);
  });

  it("is shown where a helper is given it that others call with references of their own", async () => {
    const helper = "\nvoid bond_hold(struct bond *b)\n{\n	kref_get(&b->ref);\n}\n\nvoid bond_dup(struct bond *b)\n{\n	bond_hold(b);\n}\n";
    expect(await found(bonds + helper + find("			bond_hold(b);"))).toEqual(["bond_find confirmed"]);
  });
});
