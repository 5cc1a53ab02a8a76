import type { Hazards } from "./hazards.ts";

export const rule = "rcu/redundant-grace-period";

export const hazardous: Hazards["hazardous"] = [
  { name: "kfree_rcu() and a wait", code: `struct level {
	int value;
	char *label;
	struct rcu_head rcu;
};

static struct level __rcu *active_level;
static DEFINE_MUTEX(level_lock);

int level_read(void)
{
	struct level *l;
	int value = 0;

	rcu_read_lock();
	l = rcu_dereference(active_level);
	if (l)
		value = l->value;
	rcu_read_unlock();
	return value;
}

static ssize_t level_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct level *old;

	mutex_lock(&level_lock);
	old = rcu_replace_pointer(active_level, NULL, lockdep_is_held(&level_lock));
	mutex_unlock(&level_lock);
	if (old) {
		kfree_rcu(old, rcu);
		synchronize_rcu();
	}
	return count;
}

static const struct file_operations level_fops = {
	.write = level_write,
};
` },
  { name: "the wait comes after the mutex", code: `struct level {
	int value;
	char *label;
	struct rcu_head rcu;
};

static struct level __rcu *active_level;
static DEFINE_MUTEX(level_lock);

int level_read(void)
{
	struct level *l;
	int value = 0;

	rcu_read_lock();
	l = rcu_dereference(active_level);
	if (l)
		value = l->value;
	rcu_read_unlock();
	return value;
}

static ssize_t level_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct level *old;

	mutex_lock(&level_lock);
	old = rcu_replace_pointer(active_level, NULL, lockdep_is_held(&level_lock));
	if (old)
		kfree_rcu(old, rcu);
	synchronize_rcu();
	mutex_unlock(&level_lock);
	return count;
}

static const struct file_operations level_fops = {
	.write = level_write,
};
` },
  { name: "call_rcu() and a wait", code: `struct level {
	int value;
	char *label;
	struct rcu_head rcu;
};

static struct level __rcu *active_level;
static DEFINE_MUTEX(level_lock);

int level_read(void)
{
	struct level *l;
	int value = 0;

	rcu_read_lock();
	l = rcu_dereference(active_level);
	if (l)
		value = l->value;
	rcu_read_unlock();
	return value;
}

static void level_free(struct rcu_head *head)
{
	kfree(container_of(head, struct level, rcu));
}

static ssize_t level_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct level *old;

	mutex_lock(&level_lock);
	old = rcu_replace_pointer(active_level, NULL, lockdep_is_held(&level_lock));
	mutex_unlock(&level_lock);
	if (old) {
		call_rcu(&old->rcu, level_free);
		synchronize_rcu();
	}
	return count;
}

static const struct file_operations level_fops = {
	.write = level_write,
};
` },
];

export const twins: Hazards["twins"] = [
  { name: "the free is left to RCU alone", code: `struct level {
	int value;
	char *label;
	struct rcu_head rcu;
};

static struct level __rcu *active_level;
static DEFINE_MUTEX(level_lock);

int level_read(void)
{
	struct level *l;
	int value = 0;

	rcu_read_lock();
	l = rcu_dereference(active_level);
	if (l)
		value = l->value;
	rcu_read_unlock();
	return value;
}

static ssize_t level_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct level *old;

	mutex_lock(&level_lock);
	old = rcu_replace_pointer(active_level, NULL, lockdep_is_held(&level_lock));
	mutex_unlock(&level_lock);
	if (old)
		kfree_rcu(old, rcu);
	return count;
}

static const struct file_operations level_fops = {
	.write = level_write,
};
` },
  { name: "the wait and a plain free", code: `struct level {
	int value;
	char *label;
	struct rcu_head rcu;
};

static struct level __rcu *active_level;
static DEFINE_MUTEX(level_lock);

int level_read(void)
{
	struct level *l;
	int value = 0;

	rcu_read_lock();
	l = rcu_dereference(active_level);
	if (l)
		value = l->value;
	rcu_read_unlock();
	return value;
}

static ssize_t level_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct level *old;

	mutex_lock(&level_lock);
	old = rcu_replace_pointer(active_level, NULL, lockdep_is_held(&level_lock));
	mutex_unlock(&level_lock);
	if (old) {
		synchronize_rcu();
		kfree(old);
	}
	return count;
}

static const struct file_operations level_fops = {
	.write = level_write,
};
` },
  { name: "the wait covers what the object leads to", code: `struct level {
	int value;
	char *label;
	struct rcu_head rcu;
};

static struct level __rcu *active_level;
static DEFINE_MUTEX(level_lock);

int level_read(void)
{
	struct level *l;
	int value = 0;

	rcu_read_lock();
	l = rcu_dereference(active_level);
	if (l)
		value = l->value;
	rcu_read_unlock();
	return value;
}

static ssize_t level_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct level *old;
	char *label;

	mutex_lock(&level_lock);
	old = rcu_replace_pointer(active_level, NULL, lockdep_is_held(&level_lock));
	mutex_unlock(&level_lock);
	if (old) {
		label = old->label;
		kfree_rcu(old, rcu);
		synchronize_rcu();
		kfree(label);
	}
	return count;
}

static const struct file_operations level_fops = {
	.write = level_write,
};
` },
];
