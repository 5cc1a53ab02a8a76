import { describe, it } from "vitest";
import { checkRule } from "../test-support/check-rule.ts";

describe("functions that the kernel calls under one lock", () => {
  const funcs = (table: string): string => `struct func { u64 cookie; u8 id; };
struct sdata { struct idr funcs; spinlock_t lock; };

static int demo_add_func(struct sdata *sdata, struct func *func)
{
	int ret;

	spin_lock_bh(&sdata->lock);
	ret = idr_alloc(&sdata->funcs, func, 1, 16, GFP_ATOMIC);
	spin_unlock_bh(&sdata->lock);
	if (ret < 0)
		return ret;
	func->id = ret;
	return demo_tell(sdata, ret);
}

static int demo_del_func(struct sdata *sdata, u64 cookie)
{
	struct func *func;
	int id, found = 0;

	spin_lock_bh(&sdata->lock);
	idr_for_each_entry(&sdata->funcs, func, id)
		found += func->id;
	spin_unlock_bh(&sdata->lock);
	return found;
}

static const struct ${table} = { .add = demo_add_func, .del = demo_del_func };
`;

  const marked = (table: string, verdict: string): string => funcs(table).replace("GFP_ATOMIC);\n", (line) => `${line}//            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ${verdict}\n`);

  it("do not meet", () => checkRule("rcu/publish-before-init", marked("cfg80211_ops demo_ops", "undecided: both sides are entered with wiphy->mtx held")));
  it("of a table that is not known, may", () => checkRule("rcu/publish-before-init", marked("demo_ops demo_table", "confirmed")));
});

describe("branches of one function that is told by a key which object is meant", () => {
  const conns = (callback: string): string => `struct conn { struct rhash_head link; unsigned long cookie; int hits; };
struct zone { struct rhashtable conns; };

static int conn_drop(struct zone *zone, unsigned long cookie)
{
	struct conn *conn = rhashtable_lookup_fast(&zone->conns, &cookie, params);

	if (!conn)
		return -ENOENT;
	rhashtable_remove_fast(&zone->conns, &conn->link, params);
	kfree(conn);
	return 0;
}

static int conn_stats(struct zone *zone, unsigned long cookie)
{
	struct conn *conn;
	int hits = 0;

	rcu_read_lock();
	conn = rhashtable_lookup_fast(&zone->conns, &cookie, params);
	if (conn)
		hits = conn->hits;
	rcu_read_unlock();
	return hits;
}
${callback}`;
  const one = `
static int zone_cb(struct zone *zone, int command, unsigned long cookie)
{
	return command ? conn_drop(zone, cookie) : conn_stats(zone, cookie);
}

void zone_open(struct zone *zone)
{
	flow_block_register(zone_cb, zone);
}
`;
  const two = `
int zone_drop(struct zone *zone, unsigned long cookie)
{
	return conn_drop(zone, cookie);
}

int zone_stats(struct zone *zone, unsigned long cookie)
{
	return conn_stats(zone, cookie);
}
`;
  const free = (verdict: string) => (text: string): string => text.replace("kfree(conn);\n", (line) => `${line}//      ^^^^^^^^^^^ ${verdict}\n`);

  it("are told of one object in turn", () => checkRule("rcu/free-before-grace-period", free("undecided: zone_cb() is told which object is meant")(conns(one))));
  it("are two functions that anybody calls", () => checkRule("rcu/free-before-grace-period", free("confirmed")(conns(two))));
});

describe("a counterpart that runs at the end of the module", () => {
  const disks = (end: string): string => `struct disk { int id; struct gendisk *gd; };
static DEFINE_IDR(disks);

int disk_add(int id)
{
	struct disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);

	if (!disk)
		return -ENOMEM;
	disk->id = idr_alloc(&disks, disk, id, id + 1, GFP_KERNEL);
	disk->gd = disk_make(id);
	return 0;
}

static void ${end}(void)
{
	struct disk *disk;
	int id;

	idr_for_each_entry(&disks, disk, id)
		del_gendisk(disk->gd);
}
`;
  const marked = (text: string, verdict: string): string => text.replace("id + 1, GFP_KERNEL);\n", (line) => `${line}//                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ ${verdict}\n`);

  it("may find nobody left", () => checkRule("rcu/publish-before-init", marked(`${disks("__exit disks_exit")}module_exit(disks_exit);\n`, "undecided: disks_exit() runs at teardown")));
});
