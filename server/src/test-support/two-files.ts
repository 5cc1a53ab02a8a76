/** A driver in two files, which share dom.h: one takes bonds out and frees them at once, the other walks them. */

export const include = `#include <linux/rculist.h>
#include "dom.h"
`;

export const updater = `${include}
void dom_remove(struct dom *d, struct bond *b)
{
	spin_lock(&d->lock);
	list_del_rcu(&b->list);
	spin_unlock(&d->lock);
	kfree(b);
}
`;

export const reader = `${include}
int dom_sum(struct dom *d)
{
	struct bond *b;
	int sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(b, &d->bonds, list)
		sum += b->id;
	rcu_read_unlock();
	return sum;
}
`;
