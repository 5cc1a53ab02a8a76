import { describe, it } from "vitest";
import { checkRule } from "../../test-support/check-rule.ts";

const rule = "rcu/free-before-grace-period";

const types = `struct route { struct rhash_head hash; u32 id; int hops; struct rcu_head rcu; };
struct router { struct rhashtable routes; struct xarray by_id; struct idr ids; struct mutex lock; };

`;

const reader = (lookup: string): string => `static int route_hops(struct router *r, u32 id)
{
	struct route *route;
	int hops = 0;

	rcu_read_lock();
	route = ${lookup};
	if (route)
		hops = route->hops;
	rcu_read_unlock();
	return hops;
}
`;

const updater = (body: string): string => `void route_drop(struct router *r, struct route *route, u32 id)
{
	mutex_lock(&r->lock);
${body}
	mutex_unlock(&r->lock);
}
`;

const inHash = reader("rhashtable_lookup(&r->routes, &id, route_params)");
const inArray = reader("xa_load(&r->by_id, id)");
const inIdr = reader("idr_find(&r->ids, id)");

describe("what is taken out of a table in which readers look it up", () => {
  it("is freed at once", () => checkRule(rule, types + inHash + updater(`	rhashtable_remove_fast(&r->routes, &route->hash, route_params);
	kfree(route);
//      ^^^^^^^^^^^^ confirmed: route_hops
`)));

  it("is left to RCU", () => checkRule(rule, types + inHash + updater(`	rhashtable_remove_fast(&r->routes, &route->hash, route_params);
	kfree_rcu(route, rcu);
//      ^^^^^^^^^^^^^^^^^^^^^ refuted
`)));

  it("is named by a key that it holds", () => checkRule(rule, types + inArray + updater(`	xa_erase(&r->by_id, route->id);
	kfree(route);
//      ^^^^^^^^^^^^ confirmed: route_hops
`)));

  it("is what the removal returns", () => checkRule(rule, types + inArray + updater(`	route = xa_erase(&r->by_id, id);
	kfree(route);
//      ^^^^^^^^^^^^ confirmed: route_hops
`)));

  it("was found by the key that is removed", () => checkRule(rule, types + inIdr + updater(`	route = idr_find(&r->ids, id);
	if (route) {
		idr_remove(&r->ids, id);
		kfree(route);
//              ^^^^^^^^^^^^ confirmed: route_hops
	}
`)));

  it("is another one than what is freed", () => checkRule(rule, types + inIdr + updater(`	idr_remove(&r->ids, id);
	kfree(route);
`)));

  it("is taken out of a table that nobody is seen to search: its rcu_head says that somebody does", () => checkRule(rule, types + inIdr + updater(`	rhashtable_remove_fast(&r->routes, &route->hash, route_params);
	kfree(route);
//      ^^^^^^^^^^^^ undecided: no function of this file is on the other side
`)));

  it("has no rcu_head, and nobody is seen to search: it is a table like any", () => checkRule(rule, types.replace(" struct rcu_head rcu;", "") + inIdr + updater(`	xa_erase(&r->by_id, route->id);
	kfree(route);
`)));

  it("is looked up in an array with nothing but interrupts off: the lock may be what keeps it", () => checkRule(rule, `${types}${inIdr.replace("route_hops", "route_other")}static int route_hops(struct router *r, u32 id)
{
	struct route *route;
	unsigned long flags;
	int hops = 0;

	local_irq_save(flags);
	route = xa_load(&r->by_id, id);
	if (route)
		hops = route->hops;
	local_irq_restore(flags);
	return hops;
}
${updater(`	xa_erase(&r->by_id, route->id);
	kfree(route);
//      ^^^^^^^^^^^^ undecided: no function of this file is on the other side
`)}`));

  it("was put there on the same path: nobody may know its key yet", () => checkRule(rule, `${types}${inHash}int route_add(struct router *r, u32 id)
{
	struct route *route = kzalloc(sizeof(*route), GFP_KERNEL);

	if (!route)
		return -ENOMEM;
	route->id = id;
	if (rhashtable_insert_fast(&r->routes, &route->hash, route_params))
		goto free;
	if (route_tell(r, id) == 0)
		return 0;
	rhashtable_remove_fast(&r->routes, &route->hash, route_params);
free:
	kfree(route);
//      ^^^^^^^^^^^^ undecided: whether somebody asks for it by its key already
	return -EIO;
}
`));
});
