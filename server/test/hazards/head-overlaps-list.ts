/** rcu_heads that share their storage with links in use, and near twins that are right. */

const types = `struct hz_block {
	union {
		struct list_head link;
		struct rcu_head rcu;
	};
	struct list_head all;
	u64 words[4];
};

struct hz_pool {
	struct list_head blocks;
	spinlock_t lock;
};

static void hz_block_free(struct rcu_head *head)
{
	kfree(container_of(head, struct hz_block, rcu));
}

`;
const reader = `static u64 hz_sum(struct hz_pool *pool)
{
	struct hz_block *block;
	u64 sum = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(block, &pool->blocks, link)
		sum += block->words[0];
	rcu_read_unlock();
	return sum;
}

`;

export const rule = "rcu/head-overlaps-list";

export const hazardous = [
  { name: "unlinked after it was queued", code: `${types}static void hz_drop(struct hz_pool *pool, struct hz_block *block)
{
	call_rcu(&block->rcu, hz_block_free);
	spin_lock(&pool->lock);
	list_del(&block->link);
	spin_unlock(&pool->lock);
}
` },
  { name: "the walk goes on through what it has queued", code: `${types}static void hz_drain(struct hz_pool *pool)
{
	struct hz_block *block;

	list_for_each_entry(block, &pool->blocks, link)
		call_rcu(&block->rcu, hz_block_free);
}
` },
  { name: "readers stand on the links that queueing overwrites", code: `${types}${reader}static void hz_drop(struct hz_pool *pool, struct hz_block *block)
{
	spin_lock(&pool->lock);
	list_del_rcu(&block->link);
	spin_unlock(&pool->lock);
	call_rcu(&block->rcu, hz_block_free);
}
` },
  { name: "a page is queued while it is walked by its lru", code: `static void hz_page_free(struct rcu_head *head)
{
	__free_page(container_of(head, struct page, rcu_head));
}

static void hz_pages(struct list_head *pages)
{
	struct page *page;

	list_for_each_entry(page, pages, lru)
		call_rcu(&page->rcu_head, hz_page_free);
}
` },
];

export const twins = [
  { name: "unlinked before", code: `${types}static void hz_drop(struct hz_pool *pool, struct hz_block *block)
{
	spin_lock(&pool->lock);
	list_del(&block->link);
	spin_unlock(&pool->lock);
	call_rcu(&block->rcu, hz_block_free);
}
` },
  { name: "a safe walk", code: `${types}static void hz_drain(struct hz_pool *pool)
{
	struct hz_block *block, *next;

	list_for_each_entry_safe(block, next, &pool->blocks, link) {
		list_del(&block->link);
		call_rcu(&block->rcu, hz_block_free);
	}
}
` },
  { name: "other links", code: `${types}static void hz_drop(struct hz_pool *pool, struct hz_block *block)
{
	call_rcu(&block->rcu, hz_block_free);
	spin_lock(&pool->lock);
	list_del_rcu(&block->all);
	spin_unlock(&pool->lock);
}
` },
  { name: "readers are waited for before it is queued", code: `${types}${reader}static void hz_drop(struct hz_pool *pool, struct hz_block *block)
{
	spin_lock(&pool->lock);
	list_del_rcu(&block->link);
	spin_unlock(&pool->lock);
	synchronize_rcu();
	call_rcu(&block->rcu, hz_block_free);
}
` },
];
