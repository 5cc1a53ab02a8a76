/** Small files in kernel style, enough to make the command line do something. Hazards of the rules themselves are tested beside the rules. */

/** An object readers can still reach is freed at once: the reader and the updater are in the same file. */
export const hazardousDriver = `#include <linux/rcupdate.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct sample_bond {
	struct list_head list;
	struct rcu_head rcu;
	int id;
};

struct sample_domain {
	struct list_head bonds;
	spinlock_t lock;
};

int sample_flush(struct sample_domain *domain)
{
	struct sample_bond *bond;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(bond, &domain->bonds, list)
		sum += READ_ONCE(bond->id);
	rcu_read_unlock();
	return sum;
}

void sample_detach(struct sample_domain *domain, struct sample_bond *bond)
{
	spin_lock(&domain->lock);
	list_del_rcu(&bond->list);
	spin_unlock(&domain->lock);
	kfree(bond);
}

void sample_attach(struct sample_domain *domain, struct sample_bond *bond)
{
	WRITE_ONCE(bond->id, 1);
	spin_lock(&domain->lock);
	list_add_rcu(&bond->list, &domain->bonds);
	spin_unlock(&domain->lock);
}
`;

export const harmlessDriver = `static int sample_add(int a, int b)
{
	return a + b;
}
`;

/** Store buffering without barriers: both loads may miss both stores. */
export const storeBuffering = (expected: string): string => `C SB+sample

(*
 * Result: ${expected}
 *)

{}

P0(int *x, int *y)
{
	int r0;

	WRITE_ONCE(*x, 1);
	r0 = READ_ONCE(*y);
}

P1(int *x, int *y)
{
	int r0;

	WRITE_ONCE(*y, 1);
	r0 = READ_ONCE(*x);
}

exists (0:r0=0 /\\ 1:r0=0)
`;
